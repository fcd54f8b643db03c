import type { CallOutput } from '../../../contract/api.ts';
import { Address } from '../../components/Address.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Card } from '../../components/layout.tsx';
import { Badge } from '../../components/marks.tsx';
import { Bytes, Count, RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { linkTo } from '../../lib/address.ts';
import { navigate } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';

const words = strings.overview;
const SHOWN = 8;
const REFETCH_MS = 30_000;

type Host = CallOutput<'hosts.list'>['hosts'][number];

const COLUMNS: readonly Column<Host>[] = [
  {
    id: 'host',
    header: words.talkerColumns.host,
    width: 'minmax(160px, 1fr)',
    cell: ({ address, isOwn, isNew }) => (
      <span className="flex min-w-0 items-center gap-2">
        <Address>{address}</Address>
        {isOwn && <span className="text-ink-quiet">{words.thisComputer}</span>}
        {isNew && !isOwn && (
          <span title={words.newHostHint}>
            <Badge tone="accent">{words.newHost}</Badge>
          </span>
        )}
      </span>
    ),
  },
  {
    id: 'sent',
    header: words.talkerColumns.sent,
    width: '88px',
    isNumeric: true,
    cell: ({ sentBytes }) => <Bytes value={sentBytes} />,
  },
  {
    id: 'received',
    header: words.talkerColumns.received,
    width: '88px',
    isNumeric: true,
    cell: ({ receivedBytes }) => <Bytes value={receivedBytes} />,
  },
  {
    id: 'flows',
    header: words.talkerColumns.flows,
    width: '72px',
    isNumeric: true,
    fromWidth: 480,
    cell: ({ flows }) => <Count value={flows} />,
  },
  {
    id: 'seen',
    header: words.talkerColumns.seen,
    width: '104px',
    fromWidth: 600,
    cell: ({ lastSeenMs }) => <RelativeTime timeMs={lastSeenMs} />,
  },
];

/** Who moved most bytes in the last day. */
export function TopTalkers() {
  const { data, failure, isLoading, reload } = useQuery('hosts.list', { limit: SHOWN }, { refetchMs: REFETCH_MS });
  return (
    <Card
      title={words.talkers}
      isFlush
      actions={
        <a href={linkTo('network', null, { by: 'host' })} className="text-accent">
          {words.allHosts}
        </a>
      }
    >
      {isLoading ? (
        <LoadingState rows={SHOWN} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : data.hosts.length === 0 ? (
        <EmptyState title={words.noTalkers}>{words.noTalkersHint}</EmptyState>
      ) : (
        <DataTable
          label={words.talkers}
          columns={COLUMNS}
          rows={data.hosts}
          rowKey={({ address }) => address}
          visibleRows={data.hosts.length}
          onOpen={({ address }) => navigate({ page: 'network', item: null, query: { by: 'host', q: address } })}
        />
      )}
    </Card>
  );
}
