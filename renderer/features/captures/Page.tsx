import { Ellipsis, FileSearch, Upload } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Capture } from '../../../contract/api-captures.ts';
import { Button, IconButton } from '../../components/Button.tsx';
import { type Column, DataTable, type Sort } from '../../components/DataTable.tsx';
import { WithDrawer } from '../../components/Drawer.tsx';
import { Page } from '../../components/layout.tsx';
import { Menu } from '../../components/Menu.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { Bytes, Count, RelativeTime } from '../../components/numbers.tsx';
import { Progress } from '../../components/Progress.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { usePageCommands } from '../../lib/commands.ts';
import { counted, formatBytes, formatCount, formatPercent } from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { sortRows } from '../../lib/sort.ts';
import { openItem, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { cancelCapture, removeCapture, shortName } from './actions.ts';
import { CaptureDrawer } from './CaptureDrawer.tsx';
import { alertCounts, alertWeight, isUnfinished } from './capture-list.ts';
import { Uploads } from './Uploads.tsx';
import { addFiles, useUploads } from './uploads.ts';
import { useCaptures } from './use-captures.ts';

const words = strings.captures;
const LATEST_FIRST: Sort = { column: 'added', direction: 'descending' };

const SORTS: Readonly<Record<string, (capture: Capture) => string | number | null>> = {
  name: ({ name }) => name,
  state: ({ state }) => state,
  alerts: ({ result }) => alertWeight(result),
  packets: ({ result }) => result?.packets ?? null,
  size: ({ sizeBytes }) => sizeBytes,
  added: ({ addedMs }) => addedMs,
};

/** Captures that were given to the engine, and the way to give it more. */
export default function CapturesPage() {
  const { item } = useAddress();
  const { captures, maximumBytes, failure, isLoading, isStale, answeredMs, reload } = useCaptures();
  const uploads = useUploads((state) => state.uploads);
  const [sort, setSort] = useState<Sort>(LATEST_FIRST);
  const input = useRef<HTMLInputElement>(null);
  const mayAdd = useMay('operate');
  const choose = (): void => input.current?.click();
  useOpenSingle(item);

  const sending = useMemo(() => new Set(uploads.map(({ id }) => id)), [uploads]);
  const rows = useMemo(
    () =>
      sortRows(
        // What this window sends is shown above, with more to say of it.
        (captures ?? []).filter(({ id, state }) => state !== 'receiving' || !sending.has(id)),
        SORTS[sort.column] ?? SORTS.added,
        sort.direction,
      ),
    [captures, sending, sort],
  );
  const columns = useMemo(() => columnsFor(mayAdd), [mayAdd]);
  usePageCommands(
    mayAdd ? [{ id: 'captures.add', title: words.choose, words: 'pcap upload analyse', run: choose }] : [],
  );

  const hint = maximumBytes === null ? '' : words.dropHint(formatBytes(maximumBytes));
  const chooser = (
    <Button kind="primary" icon={Upload} onClick={choose}>
      {words.choose}
    </Button>
  );
  return (
    <WithDrawer
      drawer={
        item !== null && (
          <CaptureDrawer
            key={item}
            id={item}
            capture={captures?.find(({ id }) => id === item)}
            isLoading={captures === undefined && failure === null}
          />
        )
      }
    >
      <Page
        title={words.title}
        isFilling
        staleSinceMs={isStale ? answeredMs : null}
        summary={captures && captures.length > 0 ? counted(captures.length, words.summary) : undefined}
        actions={mayAdd && captures !== undefined && captures.length > 0 ? chooser : undefined}
      >
        <input
          ref={input}
          type="file"
          multiple
          aria-label={words.chooseLabel}
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            addFiles([...(event.target.files ?? [])]);
            // The same file can be chosen again.
            event.target.value = '';
          }}
        />
        <div className="flex min-h-0 flex-1 flex-col gap-4">
          {!mayAdd && <Notice kind="no-privilege">{words.needsOperate}</Notice>}
          <Uploads />
          {isLoading ? (
            <LoadingState rows={10} />
          ) : captures === undefined ? (
            failure && <FailureState failure={failure} onRetry={reload} />
          ) : captures.length === 0 ? (
            <div className="flex flex-1 flex-col rounded-lg border border-dashed border-line-strong">
              <EmptyState icon={FileSearch} title={words.empty} action={mayAdd && chooser}>
                <p>{words.emptyHint}</p>
                {mayAdd && <p className="pt-2 text-ink-quiet">{hint}</p>}
              </EmptyState>
            </div>
          ) : (
            <>
              {mayAdd && <p className="text-ink-quiet">{hint}</p>}
              <div className="flex min-h-48 flex-1 flex-col">
                <DataTable
                  label={words.label}
                  columns={columns}
                  rows={rows}
                  rowKey={({ id }) => id}
                  sort={sort}
                  onSort={setSort}
                  openKey={item}
                  onOpen={({ id }) => openItem(id)}
                />
              </div>
            </>
          )}
        </div>
      </Page>
    </WithDrawer>
  );
}

/** A file that was given alone is opened as soon as it has a name at the engine, where nothing else is looked at. */
function useOpenSingle(item: string | null): void {
  const uploads = useUploads((state) => state.uploads);
  const opened = useRef(new Set<string>());
  const begun = uploads.find(({ isSingle, id }) => isSingle && id !== null)?.id ?? null;
  useEffect(() => {
    if (begun === null || opened.current.has(begun)) return;
    opened.current.add(begun);
    if (item === null) openItem(begun);
  }, [begun, item]);
}

function columnsFor(mayChange: boolean): readonly Column<Capture>[] {
  return [
    {
      id: 'name',
      header: words.columns.name,
      width: 'minmax(160px, 1fr)',
      isSortable: true,
      cell: ({ name }) => <Text isOneLine>{name}</Text>,
    },
    {
      id: 'state',
      header: words.columns.state,
      width: '136px',
      isSortable: true,
      cell: (capture) => <State capture={capture} />,
    },
    {
      id: 'alerts',
      header: words.columns.alerts,
      width: '168px',
      isSortable: true,
      fromWidth: 460,
      cell: ({ result }) => result !== null && <AlertMarks alerts={result.alerts} />,
    },
    {
      id: 'packets',
      header: words.columns.packets,
      width: '112px',
      isNumeric: true,
      isSortable: true,
      fromWidth: 720,
      cell: ({ result }) => result !== null && <Count value={result.packets} />,
    },
    {
      id: 'size',
      header: words.columns.size,
      width: '104px',
      isNumeric: true,
      isSortable: true,
      fromWidth: 560,
      cell: ({ sizeBytes }) => <Bytes value={sizeBytes} />,
    },
    {
      id: 'added',
      header: words.columns.added,
      width: '112px',
      isSortable: true,
      fromWidth: 640,
      cell: ({ addedMs }) => <RelativeTime timeMs={addedMs} />,
    },
    ...(mayChange
      ? [
          {
            id: 'actions',
            header: '',
            width: '56px',
            cell: (capture: Capture) => <RowMenu capture={capture} />,
          },
        ]
      : []),
  ];
}

function RowMenu({ capture }: { readonly capture: Capture }) {
  const name = shortName(capture.name);
  return (
    <Menu
      label={words.actions(name)}
      trigger={<IconButton icon={Ellipsis} label={words.actions(name)} />}
      items={[
        { label: words.open, onSelect: () => openItem(capture.id) },
        ...(isUnfinished(capture)
          ? [{ label: words.cancel, onSelect: () => void cancelCapture(capture), startsGroup: true }]
          : []),
        { label: words.remove, onSelect: () => void removeCapture(capture), isDangerous: true, startsGroup: true },
      ]}
    />
  );
}

function State({ capture: { state, progress, name } }: { readonly capture: Capture }) {
  if (state === 'done') return <span className="text-ink-quiet">{words.states.done}</span>;
  if (state === 'failed') return <span className="font-medium text-critical">{words.states.failed}</span>;
  if (state !== 'receiving' && state !== 'analysing') {
    return <span className="text-ink-muted">{words.states[state]}</span>;
  }
  return (
    <span className="flex items-center gap-2">
      <span className="text-ink-muted">{words.states[state]}</span>
      {progress === null ? (
        <Progress value={null} label={words.sending.progress(shortName(name))} />
      ) : (
        <span className="font-mono text-12 text-ink-quiet">{formatPercent(Math.round(progress * 100))}</span>
      )}
    </span>
  );
}

/** How many of each severity, the worst first. */
export function AlertMarks({ alerts }: { readonly alerts: NonNullable<Capture['result']>['alerts'] }) {
  const counts = alertCounts(alerts);
  if (counts.length === 0) return <span className="text-ink-quiet">{words.noAlerts}</span>;
  return (
    <span className="flex items-center gap-3">
      {counts.map(({ severity, count }) => (
        <span key={severity} className="inline-flex items-center gap-1">
          <SeverityMark severity={severity} isShort />
          <span className="font-mono">{formatCount(count)}</span>
        </span>
      ))}
    </span>
  );
}
