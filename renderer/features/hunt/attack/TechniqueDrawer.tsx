import { Search } from 'lucide-react';
import { SEVERITIES, type Severity } from '../../../../contract/domain.ts';
import { Button } from '../../../components/Button.tsx';
import { Drawer } from '../../../components/Drawer.tsx';
import { KeyValue, Section } from '../../../components/layout.tsx';
import { Badge, SeverityMark } from '../../../components/marks.tsx';
import { Count, RelativeTime } from '../../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../../components/states.tsx';
import { TechniqueLink } from '../../../components/TechniqueLink.tsx';
import { Text } from '../../../components/Text.tsx';
import { linkTo } from '../../../lib/address.ts';
import { counted } from '../../../lib/format.ts';
import { navigate, setQuery } from '../../../lib/use-address.ts';
import { useQuery } from '../../../lib/use-query.ts';
import { strings } from '../../../strings/index.ts';
import { LIVE } from '../source.ts';
import { useMatrix } from './AttackTab.tsx';
import type { Technique } from './matrix.ts';

const words = strings.hunt.attack.drawer;
const SHOWN_ALERTS = 20;

/** One technique: what it means, who can see it, and which alerts named it. */
export function TechniqueDrawer({ id }: { readonly id: string }) {
  const { data, days, source, failure, isLoading, reload } = useMatrix();
  const found = data?.tactics.flatMap(({ techniques }) => techniques).find((technique) => technique.id === id);
  const tactics = data?.tactics.filter(({ techniques }) => techniques.some((technique) => technique.id === id)) ?? [];
  const close = (): void => setQuery({ technique: undefined }, { replace: false });
  return (
    <Drawer
      title={found === undefined ? words.unknown : <Text>{found.name}</Text>}
      eyebrow={<Text isMono>{id}</Text>}
      onClose={close}
    >
      {isLoading ? (
        <LoadingState rows={8} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : found === undefined ? (
        <EmptyState title={words.unknown} />
      ) : (
        <>
          <Text className="text-15">{found.meaning}</Text>
          <KeyValue
            rows={[
              {
                name: words.tactic,
                value: tactics.map(({ id: tactic, name, meaning }) => (
                  <p key={tactic}>
                    <Text className="font-medium">{name}</Text> <span className="text-ink-quiet">{meaning}</span>
                  </p>
                )),
              },
              ...seenRows(found),
            ]}
          />
          <Section title={words.detectors}>
            {found.detectors.length === 0 && found.rules === 0 ? (
              <p className="text-ink-muted">{words.noDetector}</p>
            ) : (
              <p className="flex flex-wrap gap-2">
                {found.detectors.map((detector) => (
                  <Badge key={detector}>{detector}</Badge>
                ))}
                {found.rules > 0 && (
                  <a href={linkTo('rules', null, { q: id, state: 'on' })}>{counted(found.rules, words.rules)}</a>
                )}
              </p>
            )}
          </Section>
          {found.alerts > 0 && <Alerts id={id} days={days} source={source} />}
          <TechniqueLink id={id}>{words.reference}</TechniqueLink>
        </>
      )}
    </Drawer>
  );
}

function seenRows({ alerts, worst, lastSeenMs }: Technique) {
  if (alerts === 0) return [{ name: words.seen, value: words.never }];
  return [
    { name: words.seen, value: <Count value={alerts} /> },
    ...(worst === null ? [] : [{ name: words.worst, value: <SeverityMark severity={worst} /> }]),
    ...(lastSeenMs === null ? [] : [{ name: words.last, value: <RelativeTime timeMs={lastSeenMs} /> }]),
  ];
}

const isSeverity = (text: unknown): text is Severity => SEVERITIES.some((severity) => severity === text);

interface AlertsProps {
  readonly id: string;
  readonly days: string;
  readonly source: string;
}

/** Found by Hunt, which knows alerts by technique. */
function Alerts({ id, days, source }: AlertsProps) {
  const query = `alerts where technique = ${id}${source === LIVE ? ` since ${days}d` : ''}`;
  const { data, failure, isLoading, reload } = useQuery('hunt.run', { query, source, limit: SHOWN_ALERTS });
  const at = (name: string): number => data?.columns.findIndex((column) => column.name === name) ?? -1;
  const [idAt, titleAt, severityAt, timeAt] = ['id', 'title', 'severity', 'time'].map(at);
  return (
    <Section
      title={words.alerts}
      actions={
        <Button
          kind="link"
          icon={Search}
          onClick={() =>
            navigate({ page: 'hunt', item: null, query: { q: query, ...(source === LIVE ? {} : { source }) } })
          }
        >
          {words.all}
        </Button>
      }
    >
      {isLoading ? (
        <LoadingState rows={3} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : (
        <ul className="flex flex-col">
          {data.rows.map((row) => {
            const severity = row[severityAt];
            return (
              <li key={String(row[idAt])} className="border-t border-line first:border-0">
                <a href={linkTo('alerts', String(row[idAt]))} className="flex items-start gap-3 py-2 text-ink">
                  <span className="w-20 shrink-0">
                    <SeverityMark severity={isSeverity(severity) ? severity : 'info'} />
                  </span>
                  <Text className="min-w-0 flex-1">{String(row[titleAt] ?? '')}</Text>
                  <span className="shrink-0 text-ink-quiet">
                    <RelativeTime timeMs={Number(row[timeAt])} />
                  </span>
                </a>
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}
