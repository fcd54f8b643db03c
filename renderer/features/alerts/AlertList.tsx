import { BellRing } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { DataTable } from '../../components/DataTable.tsx';
import { NewRowsBanner } from '../../components/NewRowsBanner.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { formatCount } from '../../lib/format.ts';
import { openItem, setQuery, useAddress } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { COLUMNS, groupHeading } from './columns.tsx';
import { FILTER_KEYS, type Grouping, isNarrowed, LIVE, type ListFilter } from './filters.ts';
import { groupRows, isGroup, keyOf, type ListRow, selectedIds, shownSelection } from './grouping.ts';
import type { AlertFeedResult } from './use-alert-feed.ts';

const words = strings.alerts;

export interface AlertListProps {
  readonly feed: AlertFeedResult;
  readonly filter: ListFilter;
  readonly grouping: Grouping | null;
  readonly openId: string | null;
  /** Ids of alerts. */
  readonly selection: ReadonlySet<string>;
  readonly onSelectionChange: (selection: ReadonlySet<string>) => void;
  readonly onActiveChange: (key: string) => void;
  readonly onScrolledChange: (isScrolled: boolean) => void;
}

export function AlertList({ feed, filter, grouping, openId, selection, onSelectionChange, ...told }: AlertListProps) {
  const { rows, failure, linkFailure } = feed;
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const list = useMemo<readonly ListRow[]>(
    () => (grouping === null ? rows : groupRows(rows, grouping, folded)),
    [rows, grouping, folded],
  );
  const shown = useMemo(() => shownSelection(selection, list), [selection, list]);
  const press = (row: ListRow): void => {
    if (!isGroup(row)) {
      openItem(row.id);
      return;
    }
    const next = new Set(folded);
    if (!next.delete(row.key)) next.add(row.key);
    setFolded(next);
  };

  if (feed.isLoading || feed.answeredMs === null) {
    const why = failure ?? linkFailure;
    return why === null ? <LoadingState rows={12} /> : <FailureState failure={why} onRetry={feed.reload} />;
  }
  return (
    <>
      {failure !== null && (
        <div className="pb-3">
          <Notice kind="failure" action={<Button onClick={feed.reload}>{strings.common.retry}</Button>}>
            {failure.message} {failure.hint}
          </Notice>
        </div>
      )}
      {grouping !== null && rows.length > 0 && (
        <GroupLine
          feed={feed}
          hasFolded={folded.size > 0}
          onFold={(isFolded) => {
            const keys = groupRows(rows, grouping, new Set()).filter(isGroup).map(keyOf);
            setFolded(new Set(isFolded ? keys : []));
          }}
        />
      )}
      <NewRowsBanner count={feed.waiting} onShow={feed.release} />
      <DataTable
        label={words.label}
        columns={COLUMNS}
        rows={list}
        rowKey={keyOf}
        openKey={openId}
        onOpen={press}
        spanning={groupHeading}
        selection={shown}
        onSelectionChange={(next) => onSelectionChange(selectedIds(selection, shown, next, list))}
        onEnd={feed.loadMore}
        empty={<NoAlerts filter={filter} />}
        {...told}
      />
    </>
  );
}

interface GroupLineProps {
  readonly feed: AlertFeedResult;
  readonly hasFolded: boolean;
  readonly onFold: (isFolded: boolean) => void;
}

function GroupLine({ feed: { rows, total, isComplete }, hasFolded, onFold }: GroupLineProps) {
  return (
    <div className="flex items-center gap-3 pb-2 text-12 text-ink-quiet">
      <Button kind="link" className="-ml-3" onClick={() => onFold(!hasFolded)}>
        {hasFolded ? words.expandAll : words.collapseAll}
      </Button>
      {!isComplete && total !== null && <span>{words.groupedOf(formatCount(rows.length), formatCount(total))}</span>}
    </div>
  );
}

/** Why there is nothing: the filters, or nothing is open, or there never was an alert. */
function NoAlerts({ filter }: { readonly filter: ListFilter }) {
  const { query } = useAddress();
  const { data } = useQuery('alerts.counts', { source: filter.source });
  if (isNarrowed(query)) {
    return (
      <EmptyState
        icon={BellRing}
        title={words.noMatch}
        action={
          <Button onClick={() => setQuery(Object.fromEntries(FILTER_KEYS.map((key) => [key, undefined])))}>
            {words.clear}
          </Button>
        }
      />
    );
  }
  if (data === undefined) return <LoadingState rows={2} />;
  const everSeen = Object.values(data.byState).reduce((sum, count) => sum + count, 0) > 0;
  if (everSeen) {
    return (
      <EmptyState
        icon={BellRing}
        title={words.noneOpen}
        action={<Button onClick={() => setQuery({ state: 'all' })}>{words.showAll}</Button>}
      >
        {words.noneOpenHint}
      </EmptyState>
    );
  }
  if (filter.source !== LIVE) return <EmptyState icon={BellRing} title={words.noneInCapture} />;
  return (
    <EmptyState icon={BellRing} title={words.none}>
      {words.noneHint}
    </EmptyState>
  );
}
