/** One capture: what it is about in a sentence, its alerts, and what its traffic was. */
import { Download, Search, Trash2, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Capture } from '../../../contract/api-captures.ts';
import { Address } from '../../components/Address.tsx';
import { Button, IconButton } from '../../components/Button.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { KeyValue, Section } from '../../components/layout.tsx';
import { Menu } from '../../components/Menu.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { Bytes, Count } from '../../components/numbers.tsx';
import { Progress } from '../../components/Progress.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { TimePlot } from '../../components/TimePlot.tsx';
import { linkTo } from '../../lib/address.ts';
import {
  counted,
  formatBytes,
  formatCount,
  formatDuration,
  formatExact,
  formatPercent,
  formatSpan,
} from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { navigate } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { cancelCapture, exportAlerts, removeCapture, shortName } from './actions.ts';
import { alertCounts, isUnfinished, totalAlerts } from './capture-list.ts';

const words = strings.captures.drawer;
type Result = NonNullable<Capture['result']>;
type Talker = Result['talkers'][number];
type Protocol = Result['protocols'][number];

export interface CaptureDrawerProps {
  readonly id: string;
  /** Undefined where the engine does not know it, or has not answered. */
  readonly capture: Capture | undefined;
  readonly isLoading: boolean;
}

export function CaptureDrawer({ id, capture, isLoading }: CaptureDrawerProps) {
  const mayChange = useMay('operate');
  if (capture === undefined) {
    return (
      <Drawer eyebrow={words.eyebrow} title={<Text>{id}</Text>} width="large">
        {isLoading ? <LoadingState rows={8} /> : <EmptyState title={words.gone}>{words.goneHint}</EmptyState>}
      </Drawer>
    );
  }
  return (
    <Drawer
      eyebrow={words.eyebrow}
      title={<Text>{capture.name}</Text>}
      width="large"
      actions={
        mayChange && (
          <IconButton icon={Trash2} label={strings.captures.remove} onClick={() => void removeCapture(capture)} />
        )
      }
    >
      {capture.result !== null ? (
        <Summary capture={capture} result={capture.result} />
      ) : (
        <Unfinished capture={capture} />
      )}
    </Drawer>
  );
}

function Unfinished({ capture }: { readonly capture: Capture }) {
  const mayChange = useMay('operate');
  const { state, progress, failure, name } = capture;
  if (state === 'failed' && failure !== null) return <FailureState failure={failure} />;
  if (state === 'cancelled') return <EmptyState title={words.cancelled} />;
  return (
    <div className="flex flex-col gap-3" aria-live="polite">
      <p className="flex items-baseline gap-3">
        <span className="text-15 font-medium">{strings.captures.states[state]}</span>
        {progress !== null && (
          <span className="font-mono text-ink-quiet">{formatPercent(Math.round(progress * 100))}</span>
        )}
      </p>
      {state !== 'waiting' && <Progress value={progress} label={strings.captures.sending.progress(shortName(name))} />}
      <p className="text-ink-muted">
        {state === 'waiting' ? words.waiting : state === 'receiving' ? words.receivingElsewhere : words.analysing}
      </p>
      {mayChange && isUnfinished(capture) && (
        <div>
          <Button icon={X} onClick={() => void cancelCapture(capture)}>
            {strings.captures.cancel}
          </Button>
        </div>
      )}
    </div>
  );
}

function verdictOf({ alerts, packets, hosts }: Result): string {
  const [worst] = alertCounts(alerts);
  if (worst === undefined) return words.verdict.clean(counted(packets, words.packets), counted(hosts, words.hosts));
  return words.verdict.alerts(
    counted(totalAlerts(alerts), strings.common.alert),
    strings.common.severity[worst.severity].toLowerCase(),
  );
}

function Summary({ capture, result }: { readonly capture: Capture; readonly result: Result }) {
  const hunt = (query: string): void => navigate({ page: 'hunt', item: null, query: { q: query, source: capture.id } });
  const total = totalAlerts(result.alerts);
  return (
    <>
      <div className="flex flex-col gap-3">
        <p className="text-15 font-medium">{verdictOf(result)}</p>
        <div className="flex flex-wrap gap-2">
          <Button icon={Search} onClick={() => hunt('flows')}>
            {words.hunt}
          </Button>
          {total > 0 && (
            <Menu
              label={words.exportAlerts}
              trigger={<Button icon={Download}>{words.exportAlerts}</Button>}
              items={[
                { label: words.asHtml, onSelect: () => void exportAlerts(capture, 'html') },
                { label: words.asJson, onSelect: () => void exportAlerts(capture, 'json') },
              ]}
            />
          )}
        </div>
      </div>
      {result.notes.length > 0 && (
        <Notice kind="warning" title={words.notes}>
          <ul className="flex flex-col gap-1">
            {result.notes.map(({ code, message }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: notes do not move, and a code may come twice
              <li key={`${code} ${index}`}>
                <Text maxLength={LONGEST_NOTE}>{message}</Text>
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <Alerts id={capture.id} />
      <Timeline result={result} onHunt={hunt} />
      <div className="grid grid-cols-2 items-start gap-5 max-wide:grid-cols-1">
        <Section title={words.talkers}>
          <DataTable
            label={words.talkers}
            columns={TALKERS}
            rows={result.talkers}
            rowKey={({ address }) => address}
            visibleRows={8}
            onOpen={({ address }) => hunt(`flows where host = ${address}`)}
          />
        </Section>
        <Section title={words.protocols}>
          <DataTable
            label={words.protocols}
            columns={PROTOCOLS}
            rows={result.protocols}
            rowKey={({ name }) => name}
            visibleRows={8}
          />
        </Section>
      </div>
      <Facts capture={capture} result={result} />
    </>
  );
}

/** A note lists places; two lines of a drawer are not enough. */
const LONGEST_NOTE = 600;
const SHOWN_ALERTS = 12;

/** Its alerts, as they stand now: they are reviewed like live ones. */
function Alerts({ id }: { readonly id: string }) {
  const { data, failure, isLoading, reload } = useQuery('alerts.list', {
    source: id,
    states: ['open', 'acknowledged', 'dismissed'],
    limit: SHOWN_ALERTS,
  });
  return (
    <Section
      title={words.alerts}
      actions={
        data !== undefined &&
        data.total > 0 && <a href={linkTo('alerts', null, { source: id, state: 'all' })}>{words.allAlerts}</a>
      }
    >
      {isLoading ? (
        <LoadingState rows={3} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : data.alerts.length === 0 ? (
        <p className="text-ink-muted">{words.noAlerts}</p>
      ) : (
        <>
          <ul className="flex flex-col">
            {data.alerts.map((alert) => (
              <li key={alert.id} className="border-t border-line first:border-0">
                <a
                  href={linkTo('alerts', alert.id, { source: id, state: 'all' })}
                  className="flex items-start gap-3 py-2 text-ink"
                >
                  <span className="w-20 shrink-0">
                    <SeverityMark severity={alert.severity} />
                  </span>
                  <Text className="min-w-0 flex-1">{alert.title}</Text>
                </a>
              </li>
            ))}
          </ul>
          {data.total > data.alerts.length && (
            <p className="text-ink-quiet">{words.moreAlerts(formatCount(data.total - data.alerts.length))}</p>
          )}
        </>
      )}
    </Section>
  );
}

const PLOT_HEIGHT = 120;

function Timeline({ result, onHunt }: { readonly result: Result; readonly onHunt: (query: string) => void }) {
  const { timeline } = result;
  if (timeline.length < 2) return null;
  return (
    <Section title={words.timeline} actions={<span className="text-12 text-ink-quiet">{words.timelineHint}</span>}>
      <TimePlot
        label={words.timeline}
        timesMs={timeline.map(({ timeMs }) => timeMs)}
        series={[{ label: words.timelinePackets, values: timeline.map(({ packets }) => packets), kind: 'area' }]}
        format={formatCount}
        height={PLOT_HEIGHT}
        onZoom={(fromMs, untilMs) => onHunt(`flows since ${iso(fromMs)} until ${iso(untilMs)}`)}
      />
    </Section>
  );
}

const LAST_DATE_MS = 8.64e15;

function iso(timeMs: number): string {
  return new Date(Math.max(0, Math.min(LAST_DATE_MS, timeMs))).toISOString();
}

const TALKERS: readonly Column<Talker>[] = [
  {
    id: 'host',
    header: words.talker,
    width: 'minmax(120px, 1fr)',
    cell: ({ address }) => <Address>{address}</Address>,
  },
  {
    id: 'sent',
    header: words.sent,
    width: '96px',
    isNumeric: true,
    cell: ({ sentBytes }) => <Bytes value={sentBytes} />,
  },
  {
    id: 'received',
    header: words.received,
    width: '96px',
    isNumeric: true,
    cell: ({ receivedBytes }) => <Bytes value={receivedBytes} />,
  },
];

const PROTOCOLS: readonly Column<Protocol>[] = [
  { id: 'name', header: words.protocol, width: 'minmax(96px, 1fr)', cell: ({ name }) => <Text isOneLine>{name}</Text> },
  { id: 'flows', header: words.flows, width: '88px', isNumeric: true, cell: ({ flows }) => <Count value={flows} /> },
  { id: 'bytes', header: words.bytes, width: '96px', isNumeric: true, cell: ({ bytes }) => <Bytes value={bytes} /> },
];

function Facts({ capture, result }: { readonly capture: Capture; readonly result: Result }) {
  const { format, packets, bytes, flows, keptFlows, hosts, malformed, firstSeenMs, lastSeenMs } = result;
  const hasTimes = firstSeenMs !== null && lastSeenMs !== null;
  const rows: readonly (readonly [string, ReactNode])[] = [
    [words.format, <Text key="format">{format}</Text>],
    [words.size, formatBytes(capture.sizeBytes)],
    [words.span, hasTimes ? formatSpan(firstSeenMs, lastSeenMs, Date.now()) : words.noSpan],
    ...(hasTimes ? [[words.duration, formatDuration(lastSeenMs - firstSeenMs)] as const] : []),
    [words.traffic, words.trafficOf(formatCount(packets), formatBytes(bytes))],
    [words.flows, keptFlows < flows ? words.keptFlows(formatCount(keptFlows), formatCount(flows)) : formatCount(flows)],
    [words.hostCount, formatCount(hosts)],
    ...(malformed > 0 ? [[words.malformed, formatCount(malformed)] as const] : []),
    [words.analysed, formatDuration(result.elapsedSeconds * 1_000)],
    [words.added, <Text key="added">{words.addedBy(formatExact(capture.addedMs), capture.addedBy)}</Text>],
  ];
  return (
    <Section title={words.facts}>
      <KeyValue rows={rows.map(([name, value]) => ({ name, value }))} />
    </Section>
  );
}
