import { ListChecks } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { WithDrawer } from '../../components/Drawer.tsx';
import { Page } from '../../components/layout.tsx';
import { usePageCommands } from '../../lib/commands.ts';
import { counted, formatCount } from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { type Shortcut, useShortcuts } from '../../lib/shortcuts.ts';
import { setQuery, useAddress } from '../../lib/use-address.ts';
import { reloadQueries, useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { AlertList } from './AlertList.tsx';
import { AllowList } from './AllowList.tsx';
import { MOST_COUNTED } from './alert-feed.ts';
import { BulkBar } from './BulkBar.tsx';
import { DismissDialog } from './DismissDialog.tsx';
import { AlertFilters, SourceLine } from './Filters.tsx';
import { filterKey, filterOf, groupingOf } from './filters.ts';
import { exportAlerts, reviewAlerts } from './review.ts';
import { type AlertRow, rowOf } from './rows.ts';
import { Story } from './story/Story.tsx';
import { useAlertFeed } from './use-alert-feed.ts';

const words = strings.alerts;
const NOTHING: ReadonlySet<string> = new Set();

/** The alerts of this computer or of a capture, and one of them as a story. */
export default function AlertsPage() {
  const { item, query } = useAddress();
  const key = filterKey(query);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what is read of the query
  const filter = useMemo(() => filterOf(query, Date.now()), [key]);
  const grouping = groupingOf(query);
  const mayReview = useMay('operate');
  const [isScrolled, setScrolled] = useState(false);
  const [selection, setSelection] = useSelection(key);
  const [activeId, setActiveId] = useState<string | null>(null);
  const [dismissing, setDismissing] = useState<readonly AlertRow[]>([]);

  const reloadStory = useThrottled(() => reloadQueries('alerts.story'));
  const feed = useAlertFeed(filter, {
    isHeld: isScrolled || item !== null || selection.size > 0,
    isWhole: grouping !== null,
    onChange: (id) => {
      if (id === item) reloadStory();
    },
  });
  const story = useQuery('alerts.story', { id: item ?? '' }, { isEnabled: item !== null });
  const opened = item === null ? undefined : story.data?.alert;

  const selected = useMemo(
    () => (selection.size === 0 ? [] : feed.rows.filter(({ id }) => selection.has(id))),
    [feed.rows, selection],
  );
  /** What a key is meant for: the selection, else what is open, else where the keyboard is in the list. */
  const targets = (): readonly AlertRow[] => {
    if (selected.length > 0) return selected;
    if (opened !== undefined) return [rowOf(opened)];
    return feed.rows.filter(({ id }) => id === activeId);
  };
  const review = async (alerts: readonly AlertRow[], state: 'acknowledged' | 'open'): Promise<void> => {
    if (alerts.length > 0 && (await reviewAlerts(alerts, { state }))) setSelection(NOTHING);
  };
  const actions = {
    acknowledge: (alerts: readonly AlertRow[]) => void review(alerts, 'acknowledged'),
    dismiss: setDismissing,
    reopen: (alerts: readonly AlertRow[]) => void review(alerts, 'open'),
    export: (alerts: readonly AlertRow[], format: 'json' | 'html') => {
      if (alerts.length > 0)
        void exportAlerts(
          alerts.map(({ id }) => id),
          format,
        );
    },
  };
  const toggleActive = (): void => {
    if (activeId === null || !feed.rows.some(({ id }) => id === activeId)) return;
    const next = new Set(selection);
    if (!next.delete(activeId)) next.add(activeId);
    setSelection(next);
  };
  const keys: readonly Omit<Shortcut, 'group'>[] = [
    ...(mayReview
      ? [
          { keys: 'a', title: words.keys.acknowledge, run: () => actions.acknowledge(targets()) },
          { keys: 'd', title: words.keys.dismiss, run: () => actions.dismiss(targets()) },
          { keys: 'u', title: words.keys.reopen, run: () => actions.reopen(targets()) },
        ]
      : []),
    { keys: 'e', title: words.keys.export, run: () => actions.export(targets(), 'html') },
    { keys: 'x', title: words.keys.select, run: toggleActive },
    ...(selection.size > 0 ? [{ keys: 'Escape', title: words.clearSelection, run: () => setSelection(NOTHING) }] : []),
  ];
  useShortcuts(keys.map((shortcut) => ({ ...shortcut, group: strings.frame.shortcuts.groups.page })));
  usePageCommands([
    { id: 'alerts-allowed', title: words.allowed, run: () => setQuery({ allowed: '1' }, { replace: false }) },
  ]);

  return (
    <WithDrawer drawer={item !== null && <Story key={item} story={story} actions={actions} />}>
      <Page
        title={words.title}
        isFilling
        staleSinceMs={feed.isStale ? feed.answeredMs : null}
        summary={feed.total === null ? undefined : totalText(feed.total)}
        actions={
          <Button icon={ListChecks} kind="quiet" onClick={() => setQuery({ allowed: '1' }, { replace: false })}>
            {words.allowed}
          </Button>
        }
        toolbar={<AlertFilters filter={filter} grouping={grouping} />}
      >
        <SourceLine source={filter.source} />
        {!mayReview && <p className="pb-2 text-12 text-ink-quiet">{words.mayNotReview}</p>}
        <AlertList
          feed={feed}
          filter={filter}
          grouping={grouping}
          openId={item}
          selection={selection}
          onSelectionChange={setSelection}
          onActiveChange={setActiveId}
          onScrolledChange={setScrolled}
        />
        {selected.length > 0 && (
          <BulkBar alerts={selected} actions={actions} onClear={() => setSelection(NOTHING)} mayReview={mayReview} />
        )}
      </Page>
      {dismissing.length > 0 && (
        <DismissDialog
          alerts={dismissing}
          onClose={() => setDismissing([])}
          onDone={() => {
            setDismissing([]);
            setSelection(NOTHING);
          }}
        />
      )}
      {query.allowed === '1' && <AllowList onClose={() => setQuery({ allowed: undefined })} />}
    </WithDrawer>
  );
}

function totalText(total: number): string {
  return total >= MOST_COUNTED ? words.atLeast(formatCount(total)) : counted(total, words.alert);
}

/** The selection of one list: another list begins without one. */
function useSelection(key: string): [ReadonlySet<string>, (selection: ReadonlySet<string>) => void] {
  const [held, setHeld] = useState({ key, selection: NOTHING });
  const selection = held.key === key ? held.selection : NOTHING;
  return [selection, (next) => setHeld({ key, selection: next })];
}

/** A story asks for much: while its alert keeps changing it is read again so often. */
const STORY_MS = 1_000;

function useThrottled(run: () => void): () => void {
  const latest = useRef(run);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, STORY_MS);
  };
}
