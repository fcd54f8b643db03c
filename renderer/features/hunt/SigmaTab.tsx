/** A Sigma rule, run over what is stored. */
import { Play, SearchX, Square } from 'lucide-react';
import { useState } from 'react';
import type { EventMatch } from '../../../contract/api-events.ts';
import { EVENT_TITLES, eventProgram, eventWords } from '../../../contract/event-words.ts';
import { Button } from '../../components/Button.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Select, TextArea } from '../../components/fields.tsx';
import { Progress } from '../../components/Progress.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { counted, formatCount, formatDay, formatExact, formatTime } from '../../lib/format.ts';
import { useAddress } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { type Matching, useMatches } from './use-matches.ts';

const words = strings.hunt.sigma;
const DAY_MS = 86_400_000;
/** How far back: most is kept for a week. */
const SPANS = [
  { value: '1', label: words.day },
  { value: '7', label: words.week },
  { value: '3650', label: words.all },
];
const RULE_ROWS = 12;

/** With `?rule=<id>` in the address it begins with the text of that rule. */
export function SigmaTab() {
  const { query } = useAddress();
  const id = query.rule ?? '';
  const { data, failure, isLoading, reload } = useQuery(
    'rules.text',
    { engine: 'sigma', id: id.slice(0, LONGEST_ID) || NO_RULE },
    { isEnabled: id !== '' },
  );
  if (id === '') return <RuleOverHistory key="" start="" />;
  if (isLoading) return <LoadingState rows={RULE_ROWS} />;
  if (data === undefined) return failure && <FailureState failure={failure} onRetry={reload} />;
  return <RuleOverHistory key={id} start={data.text} />;
}

/** As the call takes ids. */
const LONGEST_ID = 300;
/** The call is not asked with it. */
const NO_RULE = '-';

/** @param start the rule that is there at first */
function RuleOverHistory({ start: first }: { readonly start: string }) {
  const [rule, setRule] = useState(first);
  const [days, setDays] = useState('7');
  const run = useMatches();
  const isRunning = run.state === 'running';
  const start = (): void => {
    const nowMs = Date.now();
    run.start(rule, nowMs - Number(days) * DAY_MS, nowMs);
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3">
      <TextArea
        label={words.rule}
        hint={words.hint}
        value={rule}
        onChange={setRule}
        rows={RULE_ROWS}
        spellCheck={false}
        placeholder={words.placeholder}
        className="font-mono"
      />
      <div className="flex shrink-0 flex-wrap items-center gap-2">
        {isRunning ? (
          <Button icon={Square} onClick={run.stop}>
            {words.stop}
          </Button>
        ) : (
          <Button kind="primary" icon={Play} onClick={start} disabled={rule.trim() === ''}>
            {words.run}
          </Button>
        )}
        <div className="w-56 max-w-full">
          <Select label={words.span} isLabelHidden value={days} options={SPANS} onChange={setDays} />
        </div>
      </div>
      <Found run={run} onRetry={start} />
    </div>
  );
}

function Found({ run, onRetry }: { readonly run: Matching; readonly onRetry: () => void }) {
  const { state, failure, matches, total, scanned, progress } = run;
  if (state === 'idle') return null;
  if (failure !== null) return <FailureState failure={failure} onRetry={onRetry} />;
  const said = [
    counted(total, words.matches),
    words.looked(formatCount(scanned)),
    ...(total > matches.length ? [words.first(formatCount(matches.length))] : []),
    ...(state === 'stopped' ? [words.stopped] : []),
  ];
  return (
    <>
      <div className="flex min-h-8 items-center gap-3">
        <p className="text-ink-muted" role="status">
          {said.join(' · ')}
        </p>
        {state === 'running' && (
          <span className="w-48">
            <Progress value={progress} label={words.progress} />
          </span>
        )}
      </div>
      <div className="flex min-h-64 flex-1 flex-col">
        <DataTable
          label={words.label}
          columns={COLUMNS}
          rows={matches}
          rowKey={keyOf}
          empty={state === 'running' ? null : <EmptyState icon={SearchX} title={words.none} />}
        />
      </div>
    </>
  );
}

const keyOf = ({ id, rule }: EventMatch): string => `${id} ${rule}`;

const COLUMNS: readonly Column<EventMatch>[] = [
  {
    id: 'time',
    header: words.columns.time,
    width: '192px',
    cell: ({ event }) => (
      <time title={formatExact(event.timeMs)} className="font-mono whitespace-nowrap">
        <span className="text-ink-quiet">{formatDay(event.timeMs)}</span> {formatTime(event.timeMs)}
      </time>
    ),
  },
  {
    id: 'event',
    header: words.columns.event,
    width: '128px',
    fromWidth: 620,
    cell: ({ event }) => EVENT_TITLES[event.type],
  },
  {
    id: 'program',
    header: words.columns.program,
    width: 'minmax(128px, 1fr)',
    cell: ({ event }) => <Text isOneLine>{eventProgram(event)}</Text>,
  },
  {
    id: 'what',
    header: words.columns.what,
    width: 'minmax(240px, 3fr)',
    cell: ({ event }) => (
      <Text isOneLine isMono>
        {eventWords(event)}
      </Text>
    ),
  },
  {
    id: 'rule',
    header: words.columns.rule,
    width: 'minmax(160px, 1.6fr)',
    fromWidth: 820,
    cell: ({ rule, reason }) => (
      <span title={reason}>
        <Text isOneLine>{rule}</Text>
      </span>
    ),
  },
];
