import { Download, ScrollText, ShieldCheck } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { CallOutput } from '../../../contract/api.ts';
import type { JournalRecord } from '../../../contract/api-control.ts';
import { type CsvColumn, csvText } from '../../../contract/csv.ts';
import { jsonText } from '../../../contract/text.ts';
import { Button } from '../../components/Button.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Drawer, WithDrawer } from '../../components/Drawer.tsx';
import { FilterBar } from '../../components/FilterBar.tsx';
import { KeyValue, Page } from '../../components/layout.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { request } from '../../lib/client.ts';
import { downloadFile } from '../../lib/download.ts';
import { counted, formatCount, formatExact } from '../../lib/format.ts';
import { openItem, useAddress } from '../../lib/use-address.ts';
import { useCommand } from '../../lib/use-command.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';

const words = strings.activity;
const PAGE_SIZE = 200;
/** Often enough to see what one has just done elsewhere. */
const REFETCH_MS = 5_000;

type Verdict = CallOutput<'journal.verify'>;

export default function ActivityPage() {
  const { item, query } = useAddress();
  const search = query.q ?? '';
  const first = useQuery('journal.list', { limit: PAGE_SIZE, search }, { refetchMs: REFETCH_MS, keepPrevious: true });
  const { rows, loadMore } = useOlder(first.data, search);
  const verify = useCommand('journal.verify');
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const open = item === null ? undefined : rows.find(({ id }) => String(id) === item);

  const check = async (): Promise<void> => {
    const answer = await verify.run({});
    if (answer.ok) setVerdict(answer.value);
  };

  return (
    <WithDrawer drawer={open !== undefined && <EntryDrawer entry={open} />}>
      <Page
        title={words.title}
        isFilling
        staleSinceMs={first.isStale ? first.answeredMs : null}
        actions={
          <>
            <Button icon={Download} disabled={rows.length === 0} onClick={() => exportRows(rows)}>
              {words.export}
            </Button>
            <Button icon={ShieldCheck} isBusy={verify.isRunning} title={words.verifyHint} onClick={check}>
              {words.verify}
            </Button>
          </>
        }
        toolbar={<FilterBar label={words.search} filters={[{ kind: 'text', key: 'q', label: words.search }]} />}
      >
        {verdict !== null && <VerdictNotice verdict={verdict} />}
        {first.isLoading ? (
          <LoadingState rows={12} />
        ) : first.data === undefined && first.failure !== null ? (
          <FailureState failure={first.failure} onRetry={first.reload} />
        ) : (
          <DataTable
            label={words.label}
            columns={COLUMNS}
            rows={rows}
            rowKey={({ id }) => String(id)}
            openKey={item}
            onOpen={({ id }) => openItem(String(id))}
            onEnd={loadMore}
            empty={
              search === '' ? (
                <EmptyState icon={ScrollText} title={words.empty}>
                  {words.emptyHint}
                </EmptyState>
              ) : (
                <EmptyState icon={ScrollText} title={words.noMatch} />
              )
            }
          />
        )}
      </Page>
    </WithDrawer>
  );
}

const COLUMNS: readonly Column<JournalRecord>[] = [
  { id: 'time', header: words.columns.time, width: '112px', cell: ({ timeMs }) => <RelativeTime timeMs={timeMs} /> },
  {
    id: 'action',
    header: words.columns.action,
    width: 'minmax(152px, 1fr)',
    cell: ({ action }) => <Text isOneLine>{words.actions[action] ?? action}</Text>,
  },
  {
    id: 'subject',
    header: words.columns.subject,
    width: 'minmax(160px, 2fr)',
    fromWidth: 560,
    cell: ({ subject }) => (
      <Text isOneLine isMono>
        {subject}
      </Text>
    ),
  },
  {
    id: 'actor',
    header: words.columns.actor,
    width: 'minmax(120px, 1fr)',
    cell: ({ actor }) => <Text isOneLine>{actor}</Text>,
  },
];

/** The first page, which is asked for again and again, with the older ones that were loaded behind it. */
function useOlder(first: CallOutput<'journal.list'> | undefined, search: string) {
  const [older, setOlder] = useState<{
    readonly search: string;
    readonly rows: readonly JournalRecord[];
    readonly next: string | null;
  } | null>(null);
  useEffect(() => setOlder((before) => (before?.search === search ? before : null)), [search]);

  const rows = useMemo(() => {
    const latest = first?.entries ?? [];
    if (older === null) return latest;
    const seen = new Set(latest.map(({ id }) => id));
    return [...latest, ...older.rows.filter(({ id }) => !seen.has(id))];
  }, [first, older]);

  const cursor = older === null ? (first?.next ?? null) : older.next;
  const loadMore = useCallback(() => {
    if (cursor === null) return;
    void request('journal.list', { limit: PAGE_SIZE, search, cursor }).then((answer) => {
      if (!answer.ok) return;
      setOlder((before) => ({
        search,
        // The entries of the first page move on as new ones come: those that it had are kept.
        rows: [...(before?.rows ?? first?.entries ?? []), ...answer.value.entries],
        next: answer.value.next,
      }));
    });
  }, [cursor, search, first]);
  return { rows, loadMore };
}

function VerdictNotice({ verdict }: { readonly verdict: Verdict }) {
  return (
    <div className="pb-3">
      {verdict.isIntact ? (
        <Notice kind="info">{words.intact(counted(verdict.entries, words.entry))}</Notice>
      ) : (
        <Notice kind="failure" title={words.broken(verdict.brokenAt === null ? '?' : formatCount(verdict.brokenAt))}>
          <Text>{verdict.reason}</Text>
        </Notice>
      )}
    </div>
  );
}

function EntryDrawer({ entry }: { readonly entry: JournalRecord }) {
  const details = Object.entries(entry.detail);
  return (
    <Drawer title={words.actions[entry.action] ?? <Text>{entry.action}</Text>}>
      <KeyValue
        rows={[
          { name: words.columns.time, value: formatExact(entry.timeMs) },
          { name: words.columns.actor, value: <Text>{entry.actor}</Text> },
          { name: words.columns.subject, value: <Text isMono>{entry.subject}</Text> },
          ...details.map(([name, value]) => ({
            name: <Text>{words.details[name] ?? name}</Text>,
            value: <Text isMono>{detailText(name, value)}</Text>,
          })),
          { name: words.number, value: <span className="font-mono">{formatCount(entry.id)}</span> },
          {
            name: words.hash,
            value: (
              <Text isMono className="text-12 break-all text-ink-quiet">
                {entry.hash}
              </Text>
            ),
          },
        ]}
      />
    </Drawer>
  );
}

/** Names of times end in "Ms". */
function detailText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && name.endsWith('Ms') ? formatExact(value) : jsonText(value);
}

function exportRows(rows: readonly JournalRecord[]): void {
  downloadFile('holdfast-journal.csv', 'text/csv', csvText(EXPORT_COLUMNS, rows));
}

const EXPORT_COLUMNS: readonly CsvColumn<JournalRecord>[] = [
  { header: 'id', value: ({ id }) => id },
  { header: 'time', value: ({ timeMs }) => new Date(timeMs).toISOString() },
  { header: 'actor', value: ({ actor }) => actor },
  { header: 'action', value: ({ action }) => action },
  { header: 'subject', value: ({ subject }) => subject },
  { header: 'detail', value: ({ detail }) => JSON.stringify(detail) },
  { header: 'hash', value: ({ hash }) => hash },
];
