import type { CallOutput } from '../../../contract/api.ts';
import { Address } from '../../components/Address.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { FilterBar } from '../../components/FilterBar.tsx';
import { Badge } from '../../components/marks.tsx';
import { Bytes, Count, RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { useNow } from '../../lib/clock.ts';
import { counted } from '../../lib/format.ts';
import { setQuery, useAddress } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';

const words = strings.network;
const MOST_HOSTS = 1_000;
const REFETCH_MS = 10_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DEFAULT_SPAN = '24';

type Host = CallOutput<'hosts.list'>['hosts'][number];

/** Hosts of a span by bytes, with who is new. */
export function Hosts() {
  const { query } = useAddress();
  const hours = query.span !== undefined && query.span in words.spans ? query.span : DEFAULT_SPAN;
  const sinceMs = Math.floor(useNow() / MINUTE_MS) * MINUTE_MS - Number(hours) * HOUR_MS;
  const { data, failure, isLoading, reload } = useQuery(
    'hosts.list',
    { sinceMs, limit: MOST_HOSTS, search: query.q ?? '' },
    { refetchMs: REFETCH_MS, keepPrevious: true },
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="pb-3">
        <FilterBar
          label={words.search}
          filters={[
            { kind: 'text', key: 'q', label: words.search },
            {
              kind: 'select',
              key: 'span',
              label: words.span,
              options: ['24', '1', '168'].map((value) => ({
                value: value === DEFAULT_SPAN ? '' : value,
                label: words.spans[value],
              })),
            },
          ]}
        >
          {data && counted(data.total, words.hosts)}
        </FilterBar>
      </div>
      {isLoading ? (
        <LoadingState rows={12} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : (
        <DataTable
          label={words.tabs.host}
          columns={COLUMNS}
          rows={data.hosts}
          rowKey={({ address }) => address}
          onOpen={({ address }) => setQuery({ by: undefined, q: address }, { replace: false })}
          empty={
            query.q ? (
              <EmptyState title={words.noHostMatch} />
            ) : (
              <EmptyState title={words.noHosts}>{words.noHostsHint}</EmptyState>
            )
          }
        />
      )}
    </div>
  );
}

const COLUMNS: readonly Column<Host>[] = [
  {
    id: 'host',
    header: words.columns.host,
    width: 'minmax(176px, 1fr)',
    cell: ({ address, isOwn, isNew }) => (
      <span className="flex min-w-0 items-center gap-2">
        <Address>{address}</Address>
        {isOwn && <span className="text-ink-quiet">{words.thisComputer}</span>}
        {isNew && !isOwn && <Badge tone="accent">{words.newHost}</Badge>}
      </span>
    ),
  },
  {
    id: 'sent',
    header: words.columns.sent,
    width: '88px',
    isNumeric: true,
    cell: ({ sentBytes }) => <Bytes value={sentBytes} />,
  },
  {
    id: 'received',
    header: words.columns.received,
    width: '88px',
    isNumeric: true,
    cell: ({ receivedBytes }) => <Bytes value={receivedBytes} />,
  },
  {
    id: 'flows',
    header: words.columns.flows,
    width: '80px',
    isNumeric: true,
    fromWidth: 520,
    cell: ({ flows }) => <Count value={flows} />,
  },
  {
    id: 'services',
    header: words.columns.services,
    width: 'minmax(96px, 1fr)',
    fromWidth: 720,
    cell: ({ services }) => <Text isOneLine>{services.join(', ')}</Text>,
  },
  {
    id: 'first',
    header: words.columns.first,
    width: '104px',
    fromWidth: 860,
    cell: ({ firstSeenMs }) => <RelativeTime timeMs={firstSeenMs} />,
  },
  {
    id: 'seen',
    header: words.columns.seen,
    width: '104px',
    fromWidth: 620,
    cell: ({ lastSeenMs }) => <RelativeTime timeMs={lastSeenMs} />,
  },
];
