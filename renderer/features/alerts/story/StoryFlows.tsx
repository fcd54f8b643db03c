import { Search } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Flow } from '../../../../contract/api-flows.ts';
import type { AlertRecord } from '../../../../contract/api-schemas.ts';
import type { Failure } from '../../../../contract/domain.ts';
import { Address } from '../../../components/Address.tsx';
import { Button } from '../../../components/Button.tsx';
import { type Column, DataTable } from '../../../components/DataTable.tsx';
import { Section } from '../../../components/layout.tsx';
import { Bytes } from '../../../components/numbers.tsx';
import { FailureState, LoadingState } from '../../../components/states.tsx';
import { Text } from '../../../components/Text.tsx';
import { linkTo } from '../../../lib/address.ts';
import { request } from '../../../lib/client.ts';
import { formatExact, formatTime } from '../../../lib/format.ts';
import { navigate } from '../../../lib/use-address.ts';
import { strings } from '../../../strings/index.ts';
import { LIVE } from '../filters.ts';

const words = strings.alerts.story;
const FLOWS_A_PAGE = 50;
const VISIBLE_ROWS = 6;
/** Answers without a flow that are gone through before the person is asked whether to go on. */
const EMPTY_ANSWERS = 4;
/** The flows of an alert are stored within some minutes; until then they are looked for so often. */
const EXPECTED_MS = 600_000;
const RETRY_MS = 5_000;

export interface StoryFlowsProps {
  readonly alert: AlertRecord;
  readonly huntQuery: string;
}

/** The stored flows that belong to it. */
export function StoryFlows({ alert, huntQuery }: StoryFlowsProps) {
  const { flows, next, isLoading, failure, loadMore } = useFlows(alert);
  return (
    <Section
      title={words.flows}
      actions={
        <a
          href={linkTo('hunt', null, { q: huntQuery, ...(alert.source === LIVE ? {} : { source: alert.source }) })}
          className="inline-flex items-center gap-1 text-accent"
        >
          <Search size={14} aria-hidden />
          {words.openHunt}
        </a>
      }
    >
      {failure !== null ? (
        <FailureState failure={failure} onRetry={loadMore} />
      ) : flows.length > 0 ? (
        <div className="rounded-lg border border-line">
          <DataTable
            label={words.flows}
            columns={COLUMNS}
            rows={flows}
            rowKey={idOf}
            visibleRows={Math.min(flows.length, VISIBLE_ROWS)}
            onOpen={({ id }) => navigate({ page: 'network', item: id, query: {} })}
          />
        </div>
      ) : isLoading ? (
        <LoadingState rows={2} />
      ) : (
        <p className="text-ink-muted">
          {words.noFlows}. {next === null && words.noFlowsHint}
        </p>
      )}
      {next !== null && failure === null && (
        <div>
          <Button kind="link" className="-ml-3" isBusy={isLoading} onClick={loadMore}>
            {flows.length === 0 ? words.searching : words.moreFlows}
          </Button>
        </div>
      )}
    </Section>
  );
}

const idOf = ({ id }: Flow): string => id;

interface FlowsState {
  readonly flows: readonly Flow[];
  readonly next: string | null;
  readonly isLoading: boolean;
  readonly failure: Failure | null;
}

const FIRST: FlowsState = { flows: [], next: null, isLoading: true, failure: null };

/** A search looks at so many flows a call: an answer may be empty and still not the last. */
function useFlows({ id, source, lastSeenMs }: AlertRecord): FlowsState & { readonly loadMore: () => void } {
  const [state, setState] = useState(FIRST);
  const run = useRef(0);
  const load = useCallback(
    async (before: readonly Flow[], cursor: string | undefined): Promise<void> => {
      run.current += 1;
      const own = run.current;
      setState((known) => ({ ...known, isLoading: true, failure: null }));
      let from = cursor;
      for (let tries = 0; ; tries += 1) {
        const answer = await request('flows.list', { alertId: id, source, limit: FLOWS_A_PAGE, cursor: from });
        if (own !== run.current) return;
        if (!answer.ok) {
          setState((known) => ({ ...known, isLoading: false, failure: answer.failure }));
          return;
        }
        const { flows, next } = answer.value;
        if (flows.length > 0 || next === null || tries === EMPTY_ANSWERS) {
          setState({ flows: [...before, ...flows], next, isLoading: false, failure: null });
          return;
        }
        from = next;
      }
    },
    [id, source],
  );
  // The alert went on: there are more.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    void load([], undefined);
    return () => {
      run.current += 1;
    };
  }, [load, lastSeenMs]);

  const isExpected = source === LIVE && !state.isLoading && state.failure === null && state.flows.length === 0;
  useEffect(() => {
    // A flow is stored when it has ended: soon after an alert there is none yet.
    if (!isExpected || Date.now() - lastSeenMs > EXPECTED_MS) return;
    const timer = setTimeout(() => void load([], undefined), RETRY_MS);
    return () => clearTimeout(timer);
  }, [isExpected, load, lastSeenMs]);
  return { ...state, loadMore: () => void load(state.flows, state.next ?? undefined) };
}

const COLUMNS: readonly Column<Flow>[] = [
  {
    id: 'time',
    header: words.flowColumns.time,
    width: '92px',
    cell: ({ startMs }) => (
      <span className="font-mono text-ink-muted" title={formatExact(startMs)}>
        {formatTime(startMs)}
      </span>
    ),
  },
  {
    id: 'from',
    header: words.flowColumns.from,
    width: 'minmax(120px, 1fr)',
    cell: ({ initiator, initiatorPort }) => <Address port={initiatorPort}>{initiator}</Address>,
  },
  {
    id: 'to',
    header: words.flowColumns.to,
    width: 'minmax(120px, 1fr)',
    cell: ({ responder, responderPort }) => <Address port={responderPort}>{responder}</Address>,
  },
  {
    id: 'service',
    header: words.flowColumns.service,
    width: '96px',
    fromWidth: 480,
    cell: ({ application, service, transport }) => (
      <Text isOneLine>{application || (service === 'unknown' ? transport : service)}</Text>
    ),
  },
  {
    id: 'name',
    header: words.flowColumns.name,
    width: 'minmax(100px, 1fr)',
    fromWidth: 720,
    cell: ({ name }) => <Text isOneLine>{name}</Text>,
  },
  {
    id: 'bytes',
    header: words.flowColumns.bytes,
    width: '88px',
    isNumeric: true,
    fromWidth: 400,
    cell: ({ initiatorBytes, responderBytes }) => <Bytes value={initiatorBytes + responderBytes} />,
  },
];
