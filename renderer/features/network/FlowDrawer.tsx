import { Search } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { CallOutput } from '../../../contract/api.ts';
import type { Flow, FlowFeature } from '../../../contract/api-flows.ts';
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { Address } from '../../components/Address.tsx';
import { Button } from '../../components/Button.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { TextField } from '../../components/fields.tsx';
import { KeyValue, Section } from '../../components/layout.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { Bytes, Count, Rate } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { linkTo } from '../../lib/address.ts';
import { formatDuration, formatExact, formatNumber } from '../../lib/format.ts';
import { linkToProcess } from '../../lib/process-link.ts';
import { navigate } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { spokenIn } from './flow-book.ts';

const words = strings.network;
/** An open flow goes on; an ended one does not change. */
const REFETCH_MS = 3_000;

type Detail = CallOutput<'flows.get'>;

/** One flow in full. */
export function FlowDrawer({ id }: { readonly id: string }) {
  const [hasEnded, setEnded] = useState(false);
  const { data, failure, isLoading, reload } = useQuery('flows.get', { id }, hasEnded ? {} : { refetchMs: REFETCH_MS });
  if (data !== undefined && data.flow.end !== null && !hasEnded) setEnded(true);
  return (
    <Drawer title={words.drawer.title}>
      {isLoading ? (
        <LoadingState rows={10} />
      ) : data === undefined ? (
        failure?.code === 'no-such-flow' ? (
          <EmptyState title={words.drawer.gone}>{words.drawer.goneHint}</EmptyState>
        ) : (
          failure && <FailureState failure={failure} onRetry={reload} />
        )
      ) : (
        <div className="flex flex-col gap-6">
          <Facts detail={data} />
          {data.said.length > 0 && <Said lines={data.said} />}
          {data.alerts.length > 0 && <Alerts alerts={data.alerts} />}
          <Features detail={data} />
        </div>
      )}
    </Drawer>
  );
}

function Facts({ detail: { flow, whyNoProgram } }: { readonly detail: Detail }) {
  const ends = [flow.initiator, flow.responder].map((host) => `host = ${host}`).join(' and ');
  return (
    <div className="flex flex-col gap-3">
      <KeyValue
        rows={[
          {
            name: words.columns.initiator,
            value: (
              <Address port={flow.initiatorPort} canCopy>
                {flow.initiator}
              </Address>
            ),
          },
          {
            name: words.columns.responder,
            value: (
              <Address port={flow.responderPort} canCopy>
                {flow.responder}
              </Address>
            ),
          },
          ...(flow.name === '' ? [] : [{ name: words.columns.name, value: <Text>{flow.name}</Text> }]),
          { name: words.columns.program, value: <Program flow={flow} whyNot={whyNoProgram} /> },
          { name: words.columns.service, value: <Text>{spokenIn(flow) || flow.service}</Text> },
          { name: words.drawer.transport, value: <Text>{flow.transport}</Text> },
          { name: words.drawer.state, value: flow.end === null ? words.drawer.isOpen : words.ends[flow.end] },
          { name: words.drawer.began, value: formatExact(flow.startMs) },
          { name: words.drawer.last, value: formatExact(flow.lastMs) },
          {
            name: words.columns.duration,
            value: <span className="font-mono">{formatDuration(flow.lastMs - flow.startMs)}</span>,
          },
          {
            name: words.drawer.bytes,
            value: (
              <Both sent={<Bytes value={flow.initiatorBytes} />} received={<Bytes value={flow.responderBytes} />} />
            ),
          },
          {
            name: words.drawer.packets,
            value: (
              <Both sent={<Count value={flow.initiatorPackets} />} received={<Count value={flow.responderPackets} />} />
            ),
          },
          ...(flow.end === null
            ? [
                {
                  name: words.drawer.rate,
                  value: (
                    <Both
                      sent={<Rate value={flow.initiatorBytesPerSecond} />}
                      received={<Rate value={flow.responderBytesPerSecond} />}
                    />
                  ),
                },
              ]
            : []),
        ]}
      />
      <div>
        <Button
          icon={Search}
          onClick={() => navigate({ page: 'hunt', item: null, query: { q: `flows where ${ends}` } })}
        >
          {words.drawer.hunt}
        </Button>
      </div>
    </div>
  );
}

function Program({ flow, whyNot }: { readonly flow: Flow; readonly whyNot: string }) {
  const { program } = flow;
  if (program === undefined) {
    return (
      <span className="flex flex-col gap-1">
        <span className="text-ink-quiet">{words.drawer.noProgram}</span>
        <span className="text-12 text-ink-quiet">
          <Text>{whyNot}</Text>
        </span>
      </span>
    );
  }
  return (
    <span className="flex flex-wrap gap-x-3">
      <span className="break-all font-mono">
        <Text>{program.path}</Text>
      </span>
      <span className="text-ink-quiet">
        {flow.end === null ? (
          <a href={linkToProcess({ pid: program.pid })} className="text-accent">
            {words.drawer.process(String(program.pid))}
          </a>
        ) : (
          // Since then the number may have become that of another one.
          words.drawer.process(String(program.pid))
        )}
        {program.user !== undefined && (
          <>
            {' · '}
            <Text>{program.user}</Text>
          </>
        )}
      </span>
    </span>
  );
}

function Said({ lines }: { readonly lines: readonly string[] }) {
  return (
    <Section title={words.drawer.said}>
      <p className="text-ink-quiet">{words.drawer.saidHint}</p>
      <ul className="flex flex-col gap-1">
        {lines.map((line) => (
          <li key={line} className="break-words font-mono text-12">
            <Text>{line}</Text>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Both({ sent, received }: { readonly sent: ReactNode; readonly received: ReactNode }) {
  return (
    <span className="flex flex-wrap gap-x-4">
      <span>
        <span className="text-ink-quiet">→</span> {sent}
      </span>
      <span>
        <span className="text-ink-quiet">←</span> {received}
      </span>
    </span>
  );
}

function Alerts({ alerts }: { readonly alerts: Detail['alerts'] }) {
  return (
    <Section title={words.drawer.alerts}>
      <ul className="flex flex-col gap-1">
        {alerts.map(({ id, title, severity }) => (
          <li key={id}>
            <a href={linkTo('alerts', id)} className="flex items-baseline gap-3 text-ink">
              <SeverityMark severity={SEVERITIES.find((known): known is Severity => known === severity) ?? 'info'} />
              <Text>{title}</Text>
            </a>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Features({ detail: { features, whyNoFeatures } }: { readonly detail: Detail }) {
  const [search, setSearch] = useState('');
  if (features.length === 0) {
    return (
      <Section title={words.drawer.features}>
        <Notice kind="info">{whyNoFeatures}</Notice>
      </Section>
    );
  }
  const shown = features.filter(({ name, meaning }) =>
    `${name} ${meaning}`.toLowerCase().includes(search.toLowerCase()),
  );
  return (
    <Section title={words.drawer.features}>
      <p className="text-ink-quiet">{words.drawer.featuresHint}</p>
      <TextField
        label={words.drawer.filter}
        isLabelHidden
        placeholder={words.drawer.filter}
        value={search}
        onChange={setSearch}
      />
      {shown.length === 0 && <p className="text-ink-muted">{words.drawer.noFeature}</p>}
      <ul className="flex flex-col divide-y divide-line">
        {shown.map((feature) => (
          <FeatureRow key={feature.name} feature={feature} />
        ))}
      </ul>
    </Section>
  );
}

function FeatureRow({ feature: { name, unit, value, meaning } }: { readonly feature: FlowFeature }) {
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_max-content] gap-x-4 py-2">
      <span>{name}</span>
      <span className="text-right font-mono">
        {formatNumber(value, Number.isInteger(value) ? 0 : 3)} <span className="text-ink-quiet">{unit}</span>
      </span>
      <span className="col-span-2 text-12 text-ink-quiet">{meaning}</span>
    </li>
  );
}
