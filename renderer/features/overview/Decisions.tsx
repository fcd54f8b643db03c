import { Card } from '../../components/layout.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { linkTo } from '../../lib/address.ts';
import { formatCount } from '../../lib/format.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';

const words = strings.overview;
const SHOWN = 5;
/** Alerts come at once, by the frame's streams; this is for what happens elsewhere. */
const REFETCH_MS = 10_000;

/** Open alerts that a person has to look at, the latest first. */
export function Decisions() {
  const { data, failure, isLoading, reload } = useQuery(
    'alerts.list',
    { states: ['open'], minimumSeverity: 'medium', limit: SHOWN },
    { refetchMs: REFETCH_MS },
  );
  return (
    <Card
      title={words.decisions}
      actions={
        <a href={linkTo('alerts')} className="text-accent">
          {words.allAlerts}
        </a>
      }
    >
      {isLoading ? (
        <LoadingState rows={2} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : data.alerts.length === 0 ? (
        <LastDecision />
      ) : (
        <ul className="flex flex-col divide-y divide-line">
          {data.alerts.map(({ id, severity, title, lastSeenMs }) => (
            <li key={id}>
              <a
                href={linkTo('alerts', id)}
                className="-mx-2 grid grid-cols-[88px_minmax(0,1fr)_max-content] items-baseline gap-x-4 rounded-md px-2 py-2 text-ink no-underline hover:bg-hover max-narrow:grid-cols-[88px_minmax(0,1fr)]"
              >
                <SeverityMark severity={severity} />
                <span className="font-medium">
                  <Text>{title}</Text>
                </span>
                <span className="text-ink-quiet max-narrow:hidden">
                  <RelativeTime timeMs={lastSeenMs} />
                </span>
              </a>
            </li>
          ))}
          {data.total > data.alerts.length && (
            <li className="pt-2 text-ink-quiet">{words.others(formatCount(data.total - data.alerts.length))}</li>
          )}
        </ul>
      )}
    </Card>
  );
}

function LastDecision() {
  const { data } = useQuery('journal.list', { search: 'alert-dismissed', limit: 1 });
  const last = data?.entries[0];
  return (
    <p className="text-ink-muted">
      {words.nothing}{' '}
      {last === undefined ? (
        words.noDecision
      ) : (
        <>
          {words.lastDecision} <RelativeTime timeMs={last.timeMs} />.
        </>
      )}
    </p>
  );
}
