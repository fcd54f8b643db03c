/** One process in full, at the item `PID-STARTED` or `PID` of the address. */
import type { ReactNode } from 'react';
import type { ProcessDetail } from '../../../contract/api-processes.ts';
import { plainText } from '../../../contract/text.ts';
import { CopyButton } from '../../components/Address.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { KeyValue, type KeyValueRow, Section } from '../../components/layout.tsx';
import { Badge, SeverityMark } from '../../components/marks.tsx';
import { Bytes, Percent, RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { linkTo } from '../../lib/address.ts';
import { formatDuration, formatExact } from '../../lib/format.ts';
import { type ProcessName, parseProcessItem } from '../../lib/process-link.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { EventsMenu } from './EventsMenu.tsx';
import { Children, Lineage } from './Family.tsx';
import { ProgramName } from './ProgramName.tsx';
import { Sockets } from './Sockets.tsx';
import { TouchedFiles } from './TouchedFiles.tsx';

const words = strings.processes.drawer;
const REFETCH_MS = 3_000;
/** The engine gives no longer one. */
const MAX_COMMAND = 20_000;
const MAX_PATH = 4_096;

export function ProcessDrawer({ item }: { readonly item: string }) {
  const name = parseProcessItem(item);
  if (name !== null) return <Known name={name} />;
  return (
    <Drawer title={words.eyebrow}>
      <EmptyState title={words.badAddress}>{words.badAddressHint}</EmptyState>
    </Drawer>
  );
}

function Known({ name }: { readonly name: ProcessName }) {
  const { data, failure, isLoading, reload } = useQuery('processes.show', name, { refetchMs: REFETCH_MS });
  if (data !== undefined) return <Detail detail={data} />;
  return (
    <Drawer eyebrow={words.eyebrow} title={<span className="font-mono">{name.pid}</span>}>
      {isLoading ? (
        <LoadingState rows={10} />
      ) : failure?.code === 'no-such-process' ? (
        <EmptyState title={words.gone}>{words.goneHint}</EmptyState>
      ) : (
        failure && <FailureState failure={failure} onRetry={reload} />
      )}
    </Drawer>
  );
}

/** Who runs has memory. */
export function isRunning({ endedMs, process }: Pick<ProcessDetail, 'endedMs' | 'process'>): boolean {
  return endedMs === null && process.memoryBytes !== null;
}

function Detail({ detail }: { readonly detail: ProcessDetail }) {
  const { process, alerts, unknown } = detail;
  return (
    <Drawer
      eyebrow={
        <>
          <span className="text-ink-quiet">{process.isKernelThread ? words.kernelThread : words.eyebrow}</span>
          <Badge>{isRunning(detail) ? words.running : words.ended}</Badge>
          {process.risk !== null && <SeverityMark severity={process.risk} />}
        </>
      }
      title={
        <>
          <ProgramName process={process} isWhole />{' '}
          <span className="font-mono font-normal text-ink-quiet">{process.pid}</span>
        </>
      }
      actions={<EventsMenu detail={detail} />}
    >
      <div className="flex flex-col gap-6">
        <KeyValue rows={factsOf(detail)} />
        {alerts.length > 0 && <Alerts alerts={alerts} />}
        <Lineage detail={detail} />
        <Children detail={detail} />
        <Sockets detail={detail} />
        <TouchedFiles detail={detail} />
        {unknown.length > 0 && <Unknown sentences={unknown} />}
      </div>
    </Drawer>
  );
}

function factsOf(detail: ProcessDetail): readonly KeyValueRow[] {
  const { process, commandLine, workingDirectory, terminal, session, sha256 } = detail;
  const row = (name: string, isThere: boolean, value: ReactNode): readonly KeyValueRow[] =>
    isThere ? [{ name, value }] : [];
  const text = (name: string, value: string): readonly KeyValueRow[] =>
    row(name, value !== '', <Text maxLength={MAX_PATH}>{value}</Text>);
  return [
    {
      name: words.command,
      value:
        commandLine === '' ? (
          <span className="text-ink-quiet">{words.noCommand}</span>
        ) : (
          <Copyable text={commandLine} maxLength={MAX_COMMAND} />
        ),
    },
    ...row(words.path, process.image !== '', <Copyable text={process.image} maxLength={MAX_PATH} />),
    ...row(words.directory, workingDirectory !== '', <Mono>{workingDirectory}</Mono>),
    {
      name: strings.processes.columns.user,
      value: (
        <>
          <Text>{process.user}</Text>{' '}
          {process.user !== String(process.uid) && (
            <span className="text-ink-quiet">{words.userId(String(process.uid))}</span>
          )}
        </>
      ),
    },
    ...text(strings.processes.columns.package, process.package),
    ...text(words.unit, process.unit),
    ...text(words.container, process.container),
    ...text(words.terminal, terminal),
    ...row(words.session, session !== null && session > 0, <span className="font-mono">{session}</span>),
    ...row(
      words.hash,
      process.image !== '',
      sha256 === '' ? (
        <span className="text-ink-quiet">{words.hashUnknown}</span>
      ) : (
        <Copyable text={sha256} maxLength={sha256.length} />
      ),
    ),
    { name: words.started, value: <StartOf startedMs={process.startedMs} /> },
    ...row(words.endedAt, !isRunning(detail), <EndOf detail={detail} />),
    ...row(words.uses, isRunning(detail), <UseOf process={process} />),
  ];
}

function StartOf({ startedMs }: { readonly startedMs: number }) {
  return (
    <>
      {formatExact(startedMs)}{' '}
      <span className="text-ink-quiet">
        (<RelativeTime timeMs={startedMs} />)
      </span>
    </>
  );
}

function EndOf({ detail: { endedMs, exitCode, process } }: { readonly detail: ProcessDetail }) {
  if (endedMs === null) return <span className="text-ink-quiet">{words.endUnknown}</span>;
  const said = [
    words.ranFor(formatDuration(Math.max(0, endedMs - process.startedMs))),
    ...(exitCode === null ? [] : [words.exitCode(String(exitCode))]),
  ].join(', ');
  return (
    <>
      {formatExact(endedMs)} <span className="text-ink-quiet">{said}</span>
    </>
  );
}

function UseOf({ process: { cpu, memoryBytes } }: Pick<ProcessDetail, 'process'>) {
  return (
    <span className="flex flex-wrap gap-x-4">
      {cpu !== null && (
        <span>
          <Percent value={cpu * 100} /> <span className="text-ink-quiet">{words.cpu}</span>
        </span>
      )}
      {memoryBytes !== null && <Bytes value={memoryBytes} />}
    </span>
  );
}

function Mono({ children }: { readonly children: string }) {
  return (
    <span className="font-mono break-all">
      <Text maxLength={MAX_PATH}>{children}</Text>
    </span>
  );
}

function Copyable({ text, maxLength }: { readonly text: string; readonly maxLength: number }) {
  const shown = plainText(text, maxLength);
  return (
    <span className="group/address flex items-start gap-1">
      <span className="min-w-0 font-mono break-all">{shown}</span>
      <CopyButton text={shown} />
    </span>
  );
}

function Alerts({ alerts }: Pick<ProcessDetail, 'alerts'>) {
  return (
    <Section title={words.alerts}>
      <ul className="flex flex-col gap-1">
        {alerts.map(({ id, title, severity, lastSeenMs }) => (
          <li key={id} className="flex items-baseline gap-3">
            <SeverityMark severity={severity} />
            <a href={linkTo('alerts', id)} className="min-w-0 flex-1 text-accent">
              <Text>{title}</Text>
            </a>
            <span className="shrink-0 text-12 text-ink-quiet">
              <RelativeTime timeMs={lastSeenMs} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Unknown({ sentences }: { readonly sentences: readonly string[] }) {
  return (
    <Section title={words.unknown}>
      <ul className="flex flex-col gap-1 text-ink-muted">
        {sentences.map((sentence) => (
          <li key={sentence}>
            <Text>{sentence}</Text>
          </li>
        ))}
      </ul>
    </Section>
  );
}
