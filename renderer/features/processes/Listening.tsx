import { useMemo, useState } from 'react';
import type { ListenerRow } from '../../../contract/api-processes.ts';
import { type Column, DataTable, type Sort } from '../../components/DataTable.tsx';
import { FilterBar } from '../../components/FilterBar.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { counted, formatCount } from '../../lib/format.ts';
import { processItem } from '../../lib/process-link.ts';
import { sortRows } from '../../lib/sort.ts';
import { openItem, useAddress } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { Limits } from './Limits.tsx';
import { isAnyAddress, listenerKey, matchesListener, ownerOf } from './listener-list.ts';

const words = strings.processes.listening;
const REFETCH_MS = 3_000;
const BY_PORT: Sort = { column: 'port', direction: 'ascending' };

const SORTS: Readonly<Record<string, (row: ListenerRow) => string | number | null>> = {
  port: ({ port }) => port,
  protocol: ({ protocol }) => protocol,
  address: ({ address }) => address,
  reach: ({ isOpenToOthers }) => (isOpenToOthers ? 0 : 1),
  program: ({ process }) => process?.name ?? null,
  user: ({ process }) => process?.user ?? null,
  owner: (row) => ownerOf(row) || null,
  since: ({ sinceMs }) => sinceMs,
};

/** The ports of this computer that programs listen on. */
export function Listening() {
  const { item, query } = useAddress();
  const { data, failure, isLoading, reload } = useQuery('listeners.list', {}, { refetchMs: REFETCH_MS });
  const [sort, setSort] = useState(BY_PORT);
  const listeners = data?.listeners ?? NONE;
  const rows = useMemo(() => {
    const found = listeners.filter(
      (row) =>
        matchesListener(row, query.q ?? '') &&
        (query.reach === undefined || row.isOpenToOthers === (query.reach === 'others')),
    );
    return sortRows(found, SORTS[sort.column] ?? SORTS.port, sort.direction);
  }, [listeners, query.q, query.reach, sort]);
  const open = listeners.filter(({ isOpenToOthers }) => isOpenToOthers).length;

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Limits>{data?.limits ?? ''}</Limits>
      <div className="pb-3">
        <FilterBar
          label={words.search}
          filters={[
            { kind: 'text', key: 'q', label: words.search },
            {
              kind: 'select',
              key: 'reach',
              label: words.reach,
              options: REACHES.map((value) => ({ value, label: words.reaches[value] })),
            },
          ]}
        >
          {`${counted(listeners.length, words.count)} · ${words.open(formatCount(open))}`}
        </FilterBar>
      </div>
      {isLoading ? (
        <LoadingState rows={12} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : (
        <DataTable
          label={words.label}
          columns={COLUMNS}
          rows={rows}
          rowKey={listenerKey}
          sort={sort}
          onSort={setSort}
          openKey={rows.find(({ process }) => process !== null && processItem(process) === item)?.port.toString()}
          onOpen={({ process }) => process !== null && openItem(processItem(process))}
          empty={
            listeners.length > 0 ? (
              <EmptyState title={words.noMatch} />
            ) : (
              <EmptyState title={words.none}>{words.noneHint}</EmptyState>
            )
          }
        />
      )}
    </div>
  );
}

const NONE: readonly ListenerRow[] = [];
const REACHES = ['', 'others', 'own'] as const;

const COLUMNS: readonly Column<ListenerRow>[] = [
  {
    id: 'port',
    header: words.columns.port,
    width: '80px',
    isNumeric: true,
    isSortable: true,
    cell: ({ port }) => <span className="font-mono">{port}</span>,
  },
  {
    id: 'protocol',
    header: words.columns.protocol,
    width: '96px',
    isSortable: true,
    fromWidth: 600,
    cell: ({ protocol }) => protocol,
  },
  {
    id: 'reach',
    header: words.columns.reach,
    width: '144px',
    isSortable: true,
    cell: ({ isOpenToOthers }) =>
      isOpenToOthers ? (
        <span className="font-medium">{words.others}</span>
      ) : (
        <span className="text-ink-quiet">{words.own}</span>
      ),
  },
  {
    id: 'address',
    header: words.columns.address,
    width: 'minmax(136px, 1fr)',
    isSortable: true,
    fromWidth: 720,
    cell: ({ address }) => (
      <span className="flex min-w-0 gap-2">
        <Text isOneLine isMono>
          {address}
        </Text>
        {isAnyAddress(address) && <span className="truncate text-ink-quiet">{words.everyAddress}</span>}
      </span>
    ),
  },
  {
    id: 'program',
    header: words.columns.program,
    width: 'minmax(136px, 1.2fr)',
    isSortable: true,
    cell: ({ process }) =>
      process === null ? (
        <span className="text-ink-quiet">{words.unknown}</span>
      ) : (
        <span className="flex min-w-0 items-center gap-2">
          <Text isOneLine>{process.name}</Text>
          <span className="font-mono text-12 text-ink-quiet">{process.pid}</span>
          {process.risk !== null && <SeverityMark severity={process.risk} isShort />}
        </span>
      ),
  },
  {
    id: 'user',
    header: words.columns.user,
    width: '112px',
    isSortable: true,
    fromWidth: 560,
    cell: ({ process }) => <Text isOneLine>{process?.user ?? ''}</Text>,
  },
  {
    id: 'owner',
    header: words.columns.owner,
    width: 'minmax(144px, 1fr)',
    isSortable: true,
    fromWidth: 900,
    cell: (row) => <Text isOneLine>{ownerOf(row)}</Text>,
  },
  {
    id: 'since',
    header: words.columns.since,
    width: '112px',
    isNumeric: true,
    isSortable: true,
    fromWidth: 480,
    cell: ({ sinceMs }) => <RelativeTime timeMs={sinceMs} />,
  },
];
