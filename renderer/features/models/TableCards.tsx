import type { Learning, Profile } from '../../../contract/api-models.ts';
import { Card } from '../../components/layout.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { Progress } from '../../components/Progress.tsx';
import { StateWord } from '../../components/StateWord.tsx';
import { Text } from '../../components/Text.tsx';
import { useNow } from '../../lib/clock.ts';
import { counted, formatPercent, formatRelative } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import { activeOf, openVersion, versionName } from './actions.ts';

const words = strings.models;
const MINUTE_MS = 60_000;
const LONGEST_DETAIL = 400;

export interface TableCardsProps {
  readonly learning: readonly Learning[];
  readonly profiles: readonly Profile[];
}

/** What is learnt about, and how far each has got. */
export function TableCards({ learning, profiles }: TableCardsProps) {
  return (
    <div className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,240px),1fr))] items-stretch gap-4">
      {learning.map((one) => (
        <Card key={one.table} title={words.tables[one.table]} actions={<StateWord state={one.state} />}>
          <TableCard learning={one} active={activeOf(profiles, one.table)} />
        </Card>
      ))}
    </div>
  );
}

interface TableCardProps {
  readonly learning: Learning;
  readonly active: Profile | undefined;
}

function TableCard({ learning: { table, state, detail, progress, rows, readyMs }, active }: TableCardProps) {
  const now = useNow(MINUTE_MS);
  const isGathering = state === 'learning';
  const forms = words.rows[table];
  const facts = [
    // What is still wanted, the sentence above says.
    ...(isGathering ? [] : [words.rowsKept(counted(rows, forms))]),
    ...(isGathering && readyMs !== null && readyMs > now ? [words.readyAt(formatRelative(readyMs, now))] : []),
  ];
  return (
    <div className="flex flex-1 flex-col gap-2">
      <p>
        <Text maxLength={LONGEST_DETAIL}>{detail}</Text>
      </p>
      {progress !== null && (
        <div className="flex items-center gap-3">
          <Progress value={progress} label={words.learningProgress(words.tables[table])} />
          <span className="w-12 shrink-0 text-right font-mono text-ink-muted">
            {formatPercent(Math.floor(progress * 100))}
          </span>
        </div>
      )}
      {state !== 'off' && facts.length > 0 && <p className="text-12 text-ink-quiet">{facts.join(' · ')}</p>}
      <p className="mt-auto text-ink-muted">
        {active === undefined ? (
          state !== 'off' && words.noVersion
        ) : (
          <>
            {words.inUse}{' '}
            <button type="button" className="text-accent hover:underline" onClick={() => openVersion(active.id)}>
              {versionName(active).toLowerCase()}
            </button>
            {', '}
            {words.trained} <RelativeTime timeMs={active.trainedMs} />
          </>
        )}
      </p>
    </div>
  );
}
