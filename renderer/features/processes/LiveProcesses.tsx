import { ChevronsDownUp, ChevronsUpDown } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { plainText } from '../../../contract/text.ts';
import { IconButton } from '../../components/Button.tsx';
import { DataTable, type Sort } from '../../components/DataTable.tsx';
import { FilterBar } from '../../components/FilterBar.tsx';
import { NewRowsBanner } from '../../components/NewRowsBanner.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { counted, formatCount } from '../../lib/format.ts';
import { parseProcessItem } from '../../lib/process-link.ts';
import { openItem, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { listColumns } from './columns.tsx';
import { Limits } from './Limits.tsx';
import type { BookProcess } from './process-book.ts';
import { type ListFilter, type ListNode, listNodes } from './process-list.ts';
import { useCollapsed, useCollapseKeys } from './use-collapsed.ts';
import { useHeldNodes, useIsPointedAt } from './use-held-nodes.ts';
import { useProcesses } from './use-processes.ts';

const words = strings.processes;
const keyOf = ({ key }: ListNode): string => key;
const openNode = ({ key }: ListNode): void => openItem(key);

/** Oldest first: who is new comes last among its siblings. */
const BY_START: Sort = { column: 'started', direction: 'ascending' };
const MOST_CPU_FIRST: Sort = { column: 'cpu', direction: 'descending' };

export function LiveProcesses({ isTree }: { readonly isTree: boolean }) {
  const { item, query } = useAddress();
  const { processes, limits, hasItems, isWhole, failure } = useProcesses();
  const [sort, setSort] = useState(isTree ? BY_START : MOST_CPU_FIRST);
  const [isScrolled, setScrolled] = useState(false);
  const [activeKey, setActiveKey] = useState<string | null>(null);
  const element = useRef<HTMLDivElement>(null);
  const isPointedAt = useIsPointedAt(element);

  const filter = useFilter(query);
  const isFiltered = filter.search !== '' || filter.show !== '' || filter.user !== '';
  const live = useMemo(() => listNodes(processes, filter, sort, isTree), [processes, filter, sort, isTree]);
  const isHeld = isWhole && (isScrolled || isPointedAt || item !== null);
  const held = useHeldNodes(live, processes, isHeld, JSON.stringify([filter, sort]));
  const collapsing = useCollapsed(held.nodes, isTree && !isFiltered);
  useCollapseKeys(element, activeKey, collapsing);
  const { nodes, collapsed, toggle } = collapsing;
  const columns = useMemo(
    () => listColumns({ collapsed, toggle: isTree && !isFiltered ? toggle : null }),
    [collapsed, toggle, isTree, isFiltered],
  );

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Limits>{limits}</Limits>
      <div className="pb-3">
        <Filters processes={processes} filter={filter}>
          {isTree && (
            <>
              <IconButton
                icon={ChevronsDownUp}
                label={words.collapseAll}
                disabled={isFiltered}
                onClick={collapsing.collapseAll}
              />
              <IconButton
                icon={ChevronsUpDown}
                label={words.expandAll}
                disabled={collapsed.size === 0}
                onClick={collapsing.expandAll}
              />
            </>
          )}
        </Filters>
      </div>
      <NewRowsBanner count={held.newCount} onShow={held.release} />
      <div ref={element} className="flex min-h-0 flex-1 flex-col">
        {!hasItems && failure !== null ? (
          <FailureState failure={failure} />
        ) : !hasItems ? (
          <LoadingState rows={12} />
        ) : (
          <DataTable
            label={isTree ? words.treeLabel : words.listLabel}
            columns={columns}
            rows={nodes}
            rowKey={keyOf}
            sort={sort}
            onSort={setSort}
            openKey={openKeyOf(item, nodes)}
            onOpen={openNode}
            onActiveChange={setActiveKey}
            onScrolledChange={setScrolled}
            empty={<Nobody filter={filter} hasAny={processes.length > 0} />}
          />
        )}
      </div>
    </div>
  );
}

const SHOWS = ['', 'alerts', 'network', 'listeners'] as const;

function useFilter({ q = '', show = '', user = '', kernel }: Readonly<Record<string, string>>): ListFilter {
  return useMemo(
    () => ({
      search: q,
      show: SHOWS.find((known) => known === show) ?? '',
      user,
      hasKernelThreads: kernel === '1',
    }),
    [q, show, user, kernel],
  );
}

/** A link may name a process by its number alone. */
function openKeyOf(item: string | null, nodes: readonly ListNode[]): string | null {
  const name = item === null ? null : parseProcessItem(item);
  if (name === null || name.startedMs !== undefined) return item;
  return nodes.find(({ process: { pid, isEnded } }) => pid === name.pid && !isEnded)?.key ?? null;
}

interface FiltersProps {
  readonly processes: readonly BookProcess[];
  readonly filter: ListFilter;
  readonly children: React.ReactNode;
}

function Filters({ processes, filter, children }: FiltersProps) {
  const users = useMemo(() => [...new Set(processes.map(({ user }) => user))].sort(), [processes]);
  const running = processes.filter(
    ({ isEnded, isKernelThread }) => !isEnded && (filter.hasKernelThreads || !isKernelThread),
  );
  const risky = running.filter(({ risk }) => risk !== null).length;
  return (
    <FilterBar
      label={words.search}
      filters={[
        { kind: 'text', key: 'q', label: words.search },
        { kind: 'select', key: 'show', label: words.showing, options: options(words.shows, SHOWS) },
        {
          kind: 'select',
          key: 'user',
          label: words.user,
          options: [
            { value: '', label: `${words.user}: ${strings.common.all}` },
            ...users.map((value) => ({ value, label: plainText(value) })),
          ],
        },
        { kind: 'select', key: 'kernel', label: words.kernel, options: options(words.kernels, ['', '1']) },
      ]}
    >
      <span className="whitespace-nowrap">
        {words.summary(counted(running.length, words.running), risky === 0 ? '' : words.risky(formatCount(risky)))}
      </span>
      {children}
    </FilterBar>
  );
}

function options<V extends string>(labels: Readonly<Record<V, string>>, values: readonly V[]) {
  return values.map((value) => ({ value, label: labels[value] }));
}

function Nobody({ filter: { search, user, show }, hasAny }: { readonly filter: ListFilter; readonly hasAny: boolean }) {
  if (!hasAny) return <EmptyState title={words.none}>{words.noneHint}</EmptyState>;
  if (show === 'alerts' && search === '' && user === '') {
    return <EmptyState title={words.noRisk}>{words.noRiskHint}</EmptyState>;
  }
  return <EmptyState title={words.noMatch} />;
}
