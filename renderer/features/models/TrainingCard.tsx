import { Check, X } from 'lucide-react';
import { useEffect } from 'react';
import type { Training } from '../../../contract/api-models.ts';
import { TRAINING_STEPS } from '../../../contract/models.ts';
import { cx } from '../../components/cx.ts';
import { Card } from '../../components/layout.tsx';
import { NumberPlot } from '../../components/NumberPlot.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { Progress } from '../../components/Progress.tsx';
import { Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { announce } from '../../lib/announce.ts';
import { useNow } from '../../lib/clock.ts';
import { formatCount, formatDuration, formatPercent, formatRelative } from '../../lib/format.ts';
import { measureText } from '../../lib/measure.ts';
import { strings } from '../../strings/index.ts';
import { AdminButton } from './AdminButton.tsx';
import { cancelTraining, fullName } from './actions.ts';

const words = strings.models.training;
const MINUTE_MS = 60_000;
const MS_PER_SECOND = 1_000;
const LOSS_HEIGHT = 160;

/** The training that goes on: where it is, how long it takes, and how the error falls. */
export function TrainingCard({ training }: { readonly training: Training }) {
  const { now } = training;
  return (
    <Card
      title={words.title}
      actions={
        <AdminButton icon={X} onClick={() => void cancelTraining(training)}>
          {words.cancel}
        </AdminButton>
      }
    >
      <div className="flex flex-col gap-3">
        <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
          <p className="text-15">{now === null ? words.preparing : whereIs(now)}</p>
          <p className="ml-auto text-ink-muted">{leftText(now)}</p>
        </div>
        <div className="flex items-center gap-3">
          <Progress value={now?.progress ?? null} label={words.progress} />
          {now !== null && (
            <span className="w-12 shrink-0 text-right font-mono text-ink-muted">
              {formatPercent(Math.floor(now.progress * 100))}
            </span>
          )}
        </div>
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
          {now !== null && <Steps step={now.step} />}
          <p className="text-12 text-ink-quiet">
            {words.began} <RelativeTime timeMs={training.startedMs} /> <Text>{words.by(training.actor)}</Text>
          </p>
        </div>
        {now !== null && now.losses.length > 0 && <Losses now={now} />}
      </div>
    </Card>
  );
}

type Now = NonNullable<Training['now']>;

/** "Network traffic · TCP · Fitting: Autoencoder, pass 12 of 50". */
function whereIs({ table, group, step, model, epoch, epochs }: Now): string {
  const { tables, groups, kinds } = strings.models;
  const hasGroup = group !== '' && group !== 'all';
  const what = [
    ...(model === null ? [] : [kinds[model]]),
    ...(epochs > 0 ? [words.epoch(formatCount(epoch), formatCount(epochs))] : []),
  ].join(', ');
  return [
    tables[table],
    ...(hasGroup ? [groups[group] ?? group] : []),
    what === '' ? words.steps[step] : `${words.steps[step]}: ${what}`,
  ].join(' · ');
}

function leftText(now: Now | null): string {
  if (now === null || now.secondsLeft === null) return words.noLeft;
  return words.left(formatDuration(Math.max(1, Math.round(now.secondsLeft)) * MS_PER_SECOND));
}

function Steps({ step }: { readonly step: Now['step'] }) {
  const at = TRAINING_STEPS.indexOf(step);
  return (
    <ol aria-label={words.stepsLabel} className="flex flex-wrap items-center gap-x-4 gap-y-1 text-12">
      {TRAINING_STEPS.map((one, index) => (
        <li
          key={one}
          aria-current={index === at ? 'step' : undefined}
          className={cx(
            'inline-flex items-center gap-1',
            index === at ? 'font-medium text-accent' : index < at ? 'text-ink-muted' : 'text-ink-quiet',
          )}
        >
          {index < at && <Check size={12} strokeWidth={2} aria-hidden />}
          {words.steps[one]}
        </li>
      ))}
    </ol>
  );
}

function Losses({ now: { losses, epochs } }: { readonly now: Now }) {
  return (
    <div>
      <NumberPlot
        label={words.loss}
        places={losses.map((_, index) => index + 1)}
        placeLabel={words.lossPlace}
        formatPlace={(pass) => words.lossPass(formatCount(pass))}
        formatTick={formatCount}
        tickStep={1}
        span={[1, Math.max(2, epochs, losses.length)]}
        series={[
          { label: words.lossTraining, values: losses.map(({ training }) => training), color: 'plot-1' },
          { label: words.lossHeldBack, values: losses.map(({ heldBack }) => heldBack), color: 'plot-2' },
        ]}
        format={(value) => measureText(value, '')}
        height={LOSS_HEIGHT}
        scale="logarithmic"
      />
      <p className="text-12 text-ink-quiet">{words.lossHint}</p>
    </div>
  );
}

/** How the last training ended, where something is to be said of it. */
export function LastTraining({ training }: { readonly training: Training }) {
  const { id, state, made, failure, endedMs, startedMs } = training;
  const title = words.ended[state];
  const now = useNow(MINUTE_MS);
  useEffect(() => {
    // Only of a training that ended while this was looked at or just before.
    if (endedMs !== null && Date.now() - endedMs < JUST_MS) announce(title);
  }, [endedMs, title]);
  return (
    <Notice
      key={id}
      kind={state === 'failed' ? 'failure' : 'info'}
      title={[
        title,
        ...(endedMs === null
          ? []
          : [formatRelative(endedMs, Math.max(now, endedMs)), words.took(formatDuration(endedMs - startedMs))]),
      ].join(' · ')}
    >
      {failure !== null && <Text maxLength={LONGEST}>{`${failure.message} ${failure.hint}`}</Text>}
      {state === 'done' && made.length === 0 && words.madeNothing}
      {made.length > 0 && (
        <ul>
          {made.map((profile) => (
            <li key={profile.id}>
              <span className="font-medium">{fullName(profile)}</span> ·{' '}
              {strings.models.versionStates[profile.state].toLowerCase()}:{' '}
              <Text maxLength={LONGEST}>{profile.reason}</Text>
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

const JUST_MS = 10_000;
const LONGEST = 600;
