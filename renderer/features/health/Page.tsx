import { useRef } from 'react';
import type { CallOutput } from '../../../contract/api.ts';
import type { InterfaceStatus, Status } from '../../../contract/api-schemas.ts';
import type { HealthEntry } from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Card, KeyValue, Page } from '../../components/layout.tsx';
import { HealthMark } from '../../components/marks.tsx';
import { Bytes, Count, Percent, Rate, RelativeTime } from '../../components/numbers.tsx';
import { Sparkline } from '../../components/Sparkline.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { counted, formatBytes, formatCount, formatDuration, formatPercent } from '../../lib/format.ts';
import { useStatus } from '../../lib/status.ts';
import { useQuery } from '../../lib/use-query.ts';
import { useStream } from '../../lib/use-stream.ts';
import { strings } from '../../strings/index.ts';

const words = strings.health;
const LOG_REFETCH_MS = 5_000;
/** Ten minutes at one status every two seconds. */
const HISTORY_POINTS = 300;

export default function HealthPage() {
  const query = useStatus();
  const live = useStream('status.watch', {});
  const status = live.item ?? query.data;
  return (
    <Page
      title={words.title}
      summary={status && summaryOf(status.health)}
      staleSinceMs={query.isStale ? query.answeredMs : null}
    >
      {query.isLoading && status === undefined ? (
        <LoadingState rows={10} />
      ) : status === undefined ? (
        query.failure && <FailureState failure={query.failure} onRetry={query.reload} />
      ) : (
        <>
          <Parts health={status.health} />
          <Networks interfaces={status.interfaces} />
          <Cost status={status} />
          <RecentLog />
        </>
      )}
    </Page>
  );
}

function summaryOf(health: readonly HealthEntry[]): string {
  const parts = counted(health.length, words.part);
  const bad = health.filter(({ state }) => state === 'degraded' || state === 'failed').length;
  return bad === 0 ? words.allWork(parts) : words.someNot(parts, formatCount(bad));
}

const ORDER = { failed: 0, degraded: 1, ok: 2, off: 3 } as const;

const PLACES = Object.keys(words.names);

/** Where a part stands among those of its state; one network's capture right after the capture. */
function placeOf(part: string): number {
  const [first, ...rest] = part.split('/');
  const place = PLACES.indexOf(first);
  return (place < 0 ? PLACES.length : place) + (rest.length > 0 ? 0.5 : 0);
}

function Parts({ health }: { readonly health: readonly HealthEntry[] }) {
  const worstFirst = [...health].sort((a, b) => ORDER[a.state] - ORDER[b.state] || placeOf(a.part) - placeOf(b.part));
  return (
    <Card title={words.parts}>
      <ul className="flex flex-col divide-y divide-line">
        {worstFirst.map((entry) => (
          <Part key={entry.part} entry={entry} />
        ))}
      </ul>
    </Card>
  );
}

function Part({ entry }: { readonly entry: HealthEntry }) {
  const { part, state, detail, hint, counters } = entry;
  const isWell = state === 'ok' || state === 'off';
  return (
    <li className="grid grid-cols-[104px_minmax(0,1fr)] gap-x-4 gap-y-1 py-3">
      <span className="flex self-start">
        <HealthMark state={state} />
      </span>
      <div className="min-w-0">
        <p>
          <span className="font-medium">
            <Text>{nameOf(part)}</Text>
          </span>{' '}
          <span className="text-ink-muted">
            <Text>{detail}</Text>
          </span>
        </p>
        {!isWell && hint !== undefined && (
          <p>
            <Text>{hint}</Text>
          </p>
        )}
        <Counters counters={counters} />
      </div>
    </li>
  );
}

/** "capture/eth0" is one network's part of the capture. */
function nameOf(part: string): string {
  const [first, ...rest] = part.split('/');
  if (rest.length > 0 && first === 'capture') return words.captureOn(rest.join('/'));
  return words.names[part] ?? part;
}

/** Counters of bytes: "bytes", "fileBytes". */
const BYTES = /bytes$/i;

function Counters({ counters }: { readonly counters: HealthEntry['counters'] }) {
  const rows = Object.entries(counters).filter(([, value]) => value !== 0);
  if (rows.length === 0) return null;
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 pt-1 text-12 text-ink-quiet">
      {rows.map(([name, value]) => (
        <li key={name} className="min-w-0 break-words">
          {words.counters[name] ?? <Text>{name}</Text>}{' '}
          {BYTES.test(name) ? <Bytes value={value} /> : <Count value={value} />}
        </li>
      ))}
    </ul>
  );
}

const NETWORK_COLUMNS: readonly Column<InterfaceStatus>[] = [
  {
    id: 'name',
    header: words.networkColumns.name,
    width: 'minmax(96px, 1fr)',
    cell: ({ name }) => (
      <Text isOneLine isMono>
        {name}
      </Text>
    ),
  },
  {
    id: 'state',
    header: words.networkColumns.state,
    width: 'minmax(96px, 2fr)',
    cell: ({ state, detail }) => (
      <span className="block truncate" title={plainText(detail)}>
        {words.interfaceStates[state]} <span className="text-ink-quiet">{plainText(detail)}</span>
      </span>
    ),
  },
  {
    id: 'rate',
    header: words.networkColumns.rate,
    width: '104px',
    isNumeric: true,
    cell: ({ bytesPerSecond }) => <Rate value={bytesPerSecond} />,
  },
  {
    id: 'packets',
    header: words.networkColumns.packets,
    width: '88px',
    isNumeric: true,
    fromWidth: 640,
    cell: ({ packetsPerSecond }) => <Count value={Math.round(packetsPerSecond)} />,
  },
  {
    id: 'received',
    header: words.networkColumns.received,
    width: '112px',
    isNumeric: true,
    fromWidth: 560,
    cell: ({ received }) => <Count value={received} />,
  },
  {
    id: 'bytes',
    header: words.networkColumns.bytes,
    width: '96px',
    isNumeric: true,
    fromWidth: 720,
    cell: ({ bytes }) => <Bytes value={bytes} />,
  },
  {
    id: 'dropped',
    header: words.networkColumns.dropped,
    width: '80px',
    isNumeric: true,
    cell: ({ dropped }) => (
      <span title={words.lostHint} className={dropped > 0 ? 'font-medium text-high' : undefined}>
        <Count value={dropped} />
      </span>
    ),
  },
];

const MOST_NETWORK_ROWS = 8;

function Networks({ interfaces }: { readonly interfaces: readonly InterfaceStatus[] }) {
  return (
    <Card title={words.networks} isFlush>
      {interfaces.length === 0 ? (
        <EmptyState title={words.noNetworks} />
      ) : (
        <DataTable
          label={words.networks}
          columns={NETWORK_COLUMNS}
          rows={interfaces}
          rowKey={({ name }) => name}
          visibleRows={Math.min(interfaces.length, MOST_NETWORK_ROWS)}
        />
      )}
    </Card>
  );
}

function Cost({ status }: { readonly status: Status }) {
  const { cost, uptimeSeconds, version } = status;
  const cpu = useHistory(cost.cpuPercent, status);
  const memory = useHistory(cost.memoryBytes, status);
  return (
    <Card title={words.cost}>
      <KeyValue
        rows={[
          {
            name: words.cpu,
            value: (
              <span className="flex items-center gap-4">
                <Percent value={cost.cpuPercent} />
                <Sparkline values={cpu} label={`${words.cpu} ${words.costHistory(formatPercent(cost.cpuPercent))}`} />
              </span>
            ),
          },
          {
            name: words.memory,
            value: (
              <span className="flex items-center gap-4">
                <Bytes value={cost.memoryBytes} />
                <Sparkline
                  values={memory}
                  label={`${words.memory} ${words.costHistory(formatBytes(cost.memoryBytes))}`}
                />
              </span>
            ),
          },
          { name: words.uptime, value: <span className="font-mono">{formatDuration(uptimeSeconds * 1000)}</span> },
          { name: words.process, value: <span className="font-mono">{cost.pid}</span> },
          { name: words.version, value: <Text isMono>{version}</Text> },
        ]}
      />
    </Card>
  );
}

/** The values of one measure, one for each status that came while the page was open. */
function useHistory(value: number, status: Status): readonly number[] {
  const kept = useRef<{ status: Status | null; values: number[] }>({ status: null, values: [] });
  if (kept.current.status !== status) {
    kept.current = { status, values: [...kept.current.values, value].slice(-HISTORY_POINTS) };
  }
  return kept.current.values;
}

type LogEntry = CallOutput<'log.recent'>['entries'][number];

const LOG_COLUMNS: readonly Column<LogEntry>[] = [
  { id: 'time', header: words.logColumns.time, width: '112px', cell: ({ timeMs }) => <RelativeTime timeMs={timeMs} /> },
  {
    id: 'level',
    header: words.logColumns.level,
    width: '80px',
    cell: ({ level }) => (
      <span className={level === 'warn' ? 'font-medium text-medium' : 'font-medium text-critical'}>
        {words.levels[level]}
      </span>
    ),
  },
  {
    id: 'message',
    header: words.logColumns.message,
    width: 'minmax(160px, 1fr)',
    cell: ({ message, detail }) => <Text isOneLine>{detail === '' ? message : `${message} · ${detail}`}</Text>,
  },
];

const MOST_LOG_ROWS = 10;

function RecentLog() {
  const { data, failure, isLoading, reload } = useQuery('log.recent', { limit: 200 }, { refetchMs: LOG_REFETCH_MS });
  return (
    <Card title={words.log} isFlush>
      {isLoading ? (
        <LoadingState rows={3} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : data.entries.length === 0 ? (
        <p className="px-4 pb-4 text-ink-muted">{words.noLog}</p>
      ) : (
        <DataTable
          label={words.log}
          columns={LOG_COLUMNS}
          rows={data.entries}
          rowKey={(entry) => `${entry.timeMs} ${entry.message} ${entry.detail}`}
          visibleRows={Math.min(data.entries.length, MOST_LOG_ROWS)}
        />
      )}
    </Card>
  );
}
