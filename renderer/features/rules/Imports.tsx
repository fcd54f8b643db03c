/** The files that this window imports: progress, and what is wrong with them by line. */
import { CircleAlert, X } from 'lucide-react';
import { plainText } from '../../../contract/text.ts';
import { IconButton } from '../../components/Button.tsx';
import { Card } from '../../components/layout.tsx';
import { Progress } from '../../components/Progress.tsx';
import { Text } from '../../components/Text.tsx';
import { counted, formatBytes } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import { cancelImport, type Import, problemCount, useImports, whatOf } from './imports.ts';
import { ProblemLines } from './Problems.tsx';
import type { Taken } from './transfer.ts';

const words = strings.rules.imports;
const SHORT_NAME = 60;

export function Imports() {
  const imports = useImports((state) => state.imports);
  if (imports.length === 0) return null;
  return (
    <Card title={words.title} className="shrink-0">
      <ul className="flex max-h-72 flex-col divide-y divide-line overflow-y-auto">
        {imports.map((one) => (
          <ImportRow key={one.key} one={one} />
        ))}
      </ul>
    </Card>
  );
}

function ImportRow({ one }: { readonly one: Import }) {
  const { key, name, state, sentBytes, sizeBytes, failure, taken } = one;
  const isOver = state === 'failed' || state === 'taken';
  const short = plainText(name, SHORT_NAME);
  return (
    <li className="flex items-start gap-4 py-2">
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline gap-x-4">
          <Text isOneLine className="min-w-0 flex-1 basis-40 font-medium">
            {name}
          </Text>
          <span className="text-12 text-ink-quiet">{isOver ? formatBytes(sizeBytes) : lineOf(one)}</span>
        </div>
        {failure !== null && (
          <p role="alert" className="flex items-start gap-2 pt-1 text-ink-muted">
            <CircleAlert size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 shrink-0 text-critical" />
            <Text maxLength={LONGEST_REASON}>{`${failure.message} ${failure.hint}`}</Text>
          </p>
        )}
        {taken !== null && <TakenWith taken={taken} />}
        {!isOver && (
          <div className="pt-2">
            <Progress value={sizeBytes === 0 ? null : sentBytes / sizeBytes} label={words.progress(short)} />
          </div>
        )}
      </div>
      <IconButton
        icon={X}
        label={isOver ? words.dismiss(short) : words.cancel(short)}
        onClick={() => cancelImport(key)}
      />
    </li>
  );
}

const LONGEST_REASON = 1_000;

function TakenWith({ taken }: { readonly taken: Taken }) {
  const isList = taken.kind === 'indicators';
  const problems = counted(problemCount(taken), isList ? words.invalid : strings.rules.problems.some);
  return (
    <div className="flex flex-col gap-1 pt-1 text-ink-muted" role="status">
      <p>{words.with(whatOf(taken), problems)}</p>
      {isList ? <Text isMono>{taken.list.firstInvalid}</Text> : <ProblemLines problems={taken.problems} />}
    </div>
  );
}

function lineOf({ state, sentBytes, sizeBytes }: Import): string {
  if (state === 'queued') return words.queued;
  if (state === 'no-link') return words.noLink;
  return sentBytes >= sizeBytes ? words.checking : words.sent(formatBytes(sentBytes), formatBytes(sizeBytes));
}
