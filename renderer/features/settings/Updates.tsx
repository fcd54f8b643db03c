import type { UpdateState } from '../../../contract/shell-schemas.ts';
import { Button } from '../../components/Button.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { formatByteRate, formatBytes, formatExact } from '../../lib/format.ts';
import { useCommand } from '../../lib/use-command.ts';
import { useStream } from '../../lib/use-stream.ts';
import { strings } from '../../strings/index.ts';

const words = strings.settings.updates;
const LATER_HOURS = 24;
const MAX_NOTES = 20_000;

/** Updates of the app: what is so, and the one thing that can be done next. */
export function Updates() {
  const { item: update } = useStream('shell.updates.watch', {});
  if (update === undefined) return <LoadingState rows={2} />;
  const { version, failure, lastUpdate, progress, notes, checkedMs, postponedUntilMs, state } = update;
  return (
    <div className="flex flex-col gap-3">
      {lastUpdate !== null && (
        <Notice kind={lastUpdate.isHealthy ? 'info' : 'failure'}>
          <Text>{lastUpdate.message}</Text>
        </Notice>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <p className="mr-auto" role="status">
          {version !== null && `${words.version(version)} `}
          {words.states[state]}
        </p>
        <Buttons update={update} />
      </div>
      {progress !== null && (
        <div className="flex items-center gap-3">
          <progress
            className="h-1 min-w-0 flex-1"
            aria-label={words.states.downloading}
            value={progress.receivedBytes}
            max={Math.max(1, progress.totalBytes)}
          />
          <span className="font-mono text-ink-quiet">
            {formatBytes(progress.receivedBytes)} / {formatBytes(progress.totalBytes)} ·{' '}
            {formatByteRate(progress.bytesPerSecond)}
          </span>
        </div>
      )}
      {failure !== null && (
        <Notice kind={state === 'unsupported' ? 'info' : 'failure'} title={failure.message}>
          <Text>{failure.hint}</Text>
        </Notice>
      )}
      {version !== null && notes !== '' && (
        <details>
          <summary className="cursor-pointer font-medium">{words.notes}</summary>
          {notes.split('\n').map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of one text
            <p key={index} className="min-h-5 text-ink-muted">
              <Text maxLength={MAX_NOTES}>{line}</Text>
            </p>
          ))}
        </details>
      )}
      <p className="text-12 text-ink-quiet">
        {words.version(update.current)}
        {checkedMs !== null && (
          <>
            {' · '}
            {words.checked} <RelativeTime timeMs={checkedMs} />
          </>
        )}
        {postponedUntilMs !== null && ` · ${words.postponed} ${formatExact(postponedUntilMs)}`}
      </p>
    </div>
  );
}

function Buttons({ update: { state, version } }: { readonly update: UpdateState }) {
  const check = useCommand('shell.updates.check');
  const download = useCommand('shell.updates.download');
  const install = useCommand('shell.updates.install');
  const postpone = useCommand('shell.updates.postpone');
  const isOffered = state === 'available' || state === 'ready';
  return (
    <>
      {isOffered && (
        <Button kind="quiet" onClick={() => void postpone.run({ hours: LATER_HOURS })}>
          {words.later}
        </Button>
      )}
      {state === 'available' && (
        <Button kind="primary" onClick={() => void download.run({})}>
          {words.download}
        </Button>
      )}
      {state === 'ready' && (
        <Button kind="primary" onClick={() => void install.run({})}>
          {words.install}
        </Button>
      )}
      {(state === 'idle' || state === 'none' || (state === 'failed' && version !== '')) && (
        <Button isBusy={check.isRunning} onClick={() => void check.run({})}>
          {words.check}
        </Button>
      )}
    </>
  );
}
