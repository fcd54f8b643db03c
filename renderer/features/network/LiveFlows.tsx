import { useMemo, useState } from 'react';
import { plainText } from '../../../contract/text.ts';
import { MAX_LIVE_FLOWS } from '../../../contract/traffic.ts';
import { Address } from '../../components/Address.tsx';
import { cx } from '../../components/cx.ts';
import { type Column, DataTable, type Sort } from '../../components/DataTable.tsx';
import { FilterBar } from '../../components/FilterBar.tsx';
import { NewRowsBanner } from '../../components/NewRowsBanner.tsx';
import { Bytes, Count, Rate } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { formatCount, formatDuration } from '../../lib/format.ts';
import { useFrozenList } from '../../lib/frozen-list.ts';
import { sortRows } from '../../lib/sort.ts';
import { useStatus } from '../../lib/status.ts';
import { openItem, setQuery, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import {
  type BookFlow,
  byDestination,
  type Destination,
  matchesFlow,
  programName,
  rateOf,
  spokenIn,
} from './flow-book.ts';
import { useLiveFlows } from './use-live-flows.ts';

const words = strings.network;
const idOf = ({ id }: BookFlow): string => id;

const SORTS: Readonly<Record<string, (flow: BookFlow) => string | number>> = {
  initiator: ({ initiator }) => initiator,
  responder: ({ responder }) => responder,
  name: ({ name }) => name,
  program: programName,
  service: ({ service }) => service,
  rate: rateOf,
  sent: ({ initiatorBytes }) => initiatorBytes,
  received: ({ responderBytes }) => responderBytes,
  duration: ({ startMs, lastMs }) => lastMs - startMs,
  started: ({ startMs }) => startMs,
};

const LATEST_FIRST: Sort = { column: 'started', direction: 'descending' };

export function LiveFlows() {
  const { item, query } = useAddress();
  const { flows, open, hasItems, failure } = useLiveFlows();
  const [sort, setSort] = useState<Sort>(LATEST_FIRST);
  const [isScrolled, setScrolled] = useState(false);
  const services = useMemo(() => [...new Set(flows.map(({ service }) => service))].sort(), [flows]);
  const wanted = useMemo(() => {
    const found = flows.filter(
      (flow) =>
        matchesFlow(flow, query.q ?? '') &&
        (query.service === undefined || flow.service === query.service) &&
        (query.state !== 'open' || flow.endedMs === null),
    );
    return sortRows(found, SORTS[sort.column] ?? SORTS.started, sort.direction);
  }, [flows, query.q, query.service, query.state, sort]);
  const { rows, newCount, release } = useFrozenList(wanted, isScrolled || item !== null, idOf);

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <FlowFilters services={services}>{words.open(formatCount(open))}</FlowFilters>
      <Truncation shown={flows.filter(({ endedMs }) => endedMs === null).length} open={open} />
      <NewRowsBanner count={newCount} onShow={release} />
      {!hasItems && failure !== null ? (
        <FailureState failure={failure} />
      ) : !hasItems ? (
        <LoadingState rows={12} />
      ) : (
        <DataTable
          label={words.flowsLabel}
          columns={COLUMNS}
          rows={rows}
          rowKey={idOf}
          sort={sort}
          onSort={setSort}
          openKey={item}
          onOpen={({ id }) => openItem(id)}
          onScrolledChange={setScrolled}
          empty={<NoFlows isFiltered={flows.length > 0} />}
        />
      )}
    </div>
  );
}

function FlowFilters({ services, children }: { readonly services: readonly string[]; readonly children: string }) {
  return (
    <div className="pb-3">
      <FilterBar
        label={words.search}
        filters={[
          { kind: 'text', key: 'q', label: words.search },
          {
            kind: 'select',
            key: 'service',
            label: words.service,
            options: [
              { value: '', label: `${words.service}: ${strings.common.all}` },
              ...services.map((value) => ({ value, label: plainText(value) })),
            ],
          },
          {
            kind: 'select',
            key: 'state',
            label: words.showing,
            options: [
              { value: '', label: words.states[''] },
              { value: 'open', label: words.states.open },
            ],
          },
        ]}
      >
        {children}
      </FilterBar>
    </div>
  );
}

function Truncation({ shown, open }: { readonly shown: number; readonly open: number }) {
  // A complete telling comes in pieces: until they are there, less is shown than will be.
  if (open <= MAX_LIVE_FLOWS || open <= shown) return null;
  return (
    <div className="pb-3">
      <Notice kind="info">{words.shownOf(formatCount(shown), formatCount(open))}</Notice>
    </div>
  );
}

function NoFlows({ isFiltered }: { readonly isFiltered: boolean }) {
  const interfaces = useStatus().data?.interfaces ?? [];
  if (isFiltered) return <EmptyState title={words.noMatch} />;
  if (!interfaces.some(({ state }) => state === 'up')) return <EmptyState title={words.notWatched} />;
  return <EmptyState title={words.noFlows}>{words.noFlowsHint}</EmptyState>;
}

/** "tls · tcp"; of ICMP, which is both, only one. */
function serviceText(flow: BookFlow): string {
  const spoken = spokenIn(flow);
  return spoken === '' || flow.transport.startsWith(spoken) ? flow.transport : `${spoken} · ${flow.transport}`;
}

function quietIfEnded(flow: BookFlow): string | undefined {
  return flow.endedMs === null ? undefined : 'text-ink-quiet';
}

const COLUMNS: readonly Column<BookFlow>[] = [
  {
    id: 'initiator',
    header: words.columns.initiator,
    width: 'minmax(140px, 1fr)',
    isSortable: true,
    cell: (flow) => (
      <span className={quietIfEnded(flow)}>
        <Address port={flow.initiatorPort}>{flow.initiator}</Address>
      </span>
    ),
  },
  {
    id: 'responder',
    header: words.columns.responder,
    width: 'minmax(140px, 1fr)',
    isSortable: true,
    cell: (flow) => (
      <span className={quietIfEnded(flow)}>
        <Address port={flow.responderPort}>{flow.responder}</Address>
      </span>
    ),
  },
  {
    id: 'name',
    header: words.columns.name,
    width: 'minmax(120px, 1fr)',
    isSortable: true,
    fromWidth: 1000,
    cell: (flow) => (
      <span className={cx('truncate', quietIfEnded(flow))} title={plainText(flow.name)}>
        {plainText(flow.name)}
      </span>
    ),
  },
  {
    id: 'program',
    header: words.columns.program,
    width: 'minmax(96px, 0.7fr)',
    isSortable: true,
    fromWidth: 900,
    cell: (flow) => (
      <span className={cx('truncate', quietIfEnded(flow))} title={plainText(flow.program?.path ?? '')}>
        {plainText(programName(flow))}
      </span>
    ),
  },
  {
    id: 'service',
    header: words.columns.service,
    width: '132px',
    isSortable: true,
    fromWidth: 500,
    cell: (flow) => <span className={cx('truncate', quietIfEnded(flow))}>{plainText(serviceText(flow))}</span>,
  },
  {
    id: 'rate',
    header: words.columns.rate,
    width: '104px',
    isNumeric: true,
    isSortable: true,
    cell: (flow) =>
      flow.endedMs === null ? <Rate value={rateOf(flow)} /> : <span className="text-ink-quiet">{words.ended}</span>,
  },
  {
    id: 'sent',
    header: words.columns.sent,
    width: '88px',
    isNumeric: true,
    isSortable: true,
    fromWidth: 680,
    cell: ({ initiatorBytes }) => <Bytes value={initiatorBytes} />,
  },
  {
    id: 'received',
    header: words.columns.received,
    width: '88px',
    isNumeric: true,
    isSortable: true,
    fromWidth: 680,
    cell: ({ responderBytes }) => <Bytes value={responderBytes} />,
  },
  {
    id: 'duration',
    header: words.columns.duration,
    width: '96px',
    isNumeric: true,
    isSortable: true,
    fromWidth: 820,
    cell: ({ startMs, lastMs }) => <span className="font-mono">{formatDuration(lastMs - startMs)}</span>,
  },
];

const DESTINATION_SORTS: Readonly<Record<string, (row: Destination) => string | number>> = {
  responder: ({ address }) => address,
  service: ({ service }) => service,
  rate: ({ bytesPerSecond }) => bytesPerSecond,
  bytes: ({ bytes }) => bytes,
  flows: ({ flows }) => flows,
  host: ({ hosts }) => hosts,
};

const MOST_BYTES_FIRST: Sort = { column: 'bytes', direction: 'descending' };

/** Open and just ended flows, gathered by where they go. */
export function LiveDestinations() {
  const { query } = useAddress();
  const { flows, open, hasItems, failure } = useLiveFlows();
  const [sort, setSort] = useState<Sort>(MOST_BYTES_FIRST);
  const services = useMemo(() => [...new Set(flows.map(({ service }) => service))].sort(), [flows]);
  const rows = useMemo(() => {
    const found = flows.filter(
      (flow) =>
        matchesFlow(flow, query.q ?? '') &&
        (query.service === undefined || flow.service === query.service) &&
        (query.state !== 'open' || flow.endedMs === null),
    );
    return sortRows(byDestination(found), DESTINATION_SORTS[sort.column] ?? DESTINATION_SORTS.bytes, sort.direction);
  }, [flows, query.q, query.service, query.state, sort]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <FlowFilters services={services}>{words.open(formatCount(open))}</FlowFilters>
      {!hasItems && failure !== null ? (
        <FailureState failure={failure} />
      ) : !hasItems ? (
        <LoadingState rows={12} />
      ) : (
        <DataTable
          label={words.tabs.destination}
          columns={DESTINATION_COLUMNS}
          rows={rows}
          rowKey={({ key }) => key}
          sort={sort}
          onSort={setSort}
          onOpen={({ address, port }) =>
            setQuery({ by: undefined, q: port === 0 ? address : `${address}:${port}` }, { replace: false })
          }
          empty={<NoFlows isFiltered={flows.length > 0} />}
        />
      )}
    </div>
  );
}

const DESTINATION_COLUMNS: readonly Column<Destination>[] = [
  {
    id: 'responder',
    header: words.columns.responder,
    width: 'minmax(160px, 1fr)',
    isSortable: true,
    cell: ({ address, port }) => <Address port={port}>{address}</Address>,
  },
  {
    id: 'service',
    header: words.columns.service,
    width: '104px',
    isSortable: true,
    fromWidth: 548,
    cell: ({ service }) => <Text isOneLine>{service}</Text>,
  },
  {
    id: 'flows',
    header: words.columns.flows,
    width: '80px',
    fromWidth: 444,
    isNumeric: true,
    isSortable: true,
    cell: ({ flows }) => <Count value={flows} />,
  },
  {
    id: 'host',
    header: words.columns.initiator,
    width: '80px',
    isNumeric: true,
    isSortable: true,
    fromWidth: 628,
    cell: ({ hosts }) => <Count value={hosts} />,
  },
  {
    id: 'rate',
    header: words.columns.rate,
    width: '104px',
    isNumeric: true,
    isSortable: true,
    cell: ({ bytesPerSecond }) => <Rate value={bytesPerSecond} />,
  },
  {
    id: 'bytes',
    header: words.columns.bytes,
    width: '96px',
    isNumeric: true,
    isSortable: true,
    cell: ({ bytes }) => <Bytes value={bytes} />,
  },
];
