import { useMemo } from 'react';
import { SEVERITIES } from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { Card } from '../../components/layout.tsx';
import { FailureState, LoadingState } from '../../components/states.tsx';
import { type PlotMark, TimePlot } from '../../components/TimePlot.tsx';
import { useNow } from '../../lib/clock.ts';
import { formatByteRate } from '../../lib/format.ts';
import { navigate } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';

const words = strings.overview;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Five minutes each. */
const POINTS = 288;
/** The running minute grows; what is before it stays as it is. */
const REFETCH_MS = 5_000;
/** More marks than this cannot be told apart; the list has them all. */
const MOST_MARKS = 200;

const MARK_COLORS = { info: 'low', low: 'low', medium: 'medium', high: 'high', critical: 'critical' } as const;

/** Traffic in and out with the alerts as marks on it. Where nothing was watched there is a gap. */
export function DayTimeline() {
  // The span moves on once a minute, so that the question stays the same in between.
  const untilMs = Math.ceil(useNow() / MINUTE_MS) * MINUTE_MS;
  const sinceMs = untilMs - DAY_MS;
  const history = useQuery(
    'traffic.history',
    { sinceMs, untilMs, points: POINTS },
    { keepPrevious: true, refetchMs: REFETCH_MS },
  );
  const alerts = useQuery(
    'alerts.list',
    { sinceMs, limit: MOST_MARKS, states: ['open', 'acknowledged', 'dismissed'] },
    { keepPrevious: true },
  );

  const series = useMemo(() => {
    const points = history.data?.points ?? [];
    const rate = (bytes: number, seconds: number): number | null => (seconds > 0 ? bytes / seconds : null);
    return {
      timesMs: points.map(({ timeMs }) => timeMs),
      received: points.map((point) => rate(point.receivedBytes, point.watchedSeconds)),
      sent: points.map((point) => rate(point.sentBytes, point.watchedSeconds)),
    };
  }, [history.data]);
  const marks = useMemo(
    () =>
      [...(alerts.data?.alerts ?? [])]
        // The worst last, so that it lies on top.
        .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
        .map(
          ({ firstSeenMs, title, severity }): PlotMark => ({
            timeMs: Math.max(firstSeenMs, sinceMs),
            label: plainText(title),
            color: MARK_COLORS[severity],
          }),
        ),
    [alerts.data, sinceMs],
  );

  return (
    <Card
      title={words.day}
      actions={<span className="text-12 text-ink-quiet max-narrow:hidden">{words.zoomHint}</span>}
    >
      {history.isLoading ? (
        <LoadingState rows={6} />
      ) : history.data === undefined ? (
        history.failure && <FailureState failure={history.failure} onRetry={history.reload} />
      ) : (
        <TimePlot
          label={words.dayLabel}
          timesMs={series.timesMs}
          series={[
            { label: words.received, values: series.received, kind: 'area', color: 'plot-1' },
            { label: words.sent, values: series.sent, kind: 'area', color: 'plot-2' },
          ]}
          marks={marks}
          format={formatByteRate}
          spanMs={[sinceMs, untilMs]}
          onZoom={(fromMs, toMs) => lookInto(fromMs, toMs)}
        />
      )}
    </Card>
  );
}

function lookInto(fromMs: number, untilMs: number): void {
  const query = `flows since ${isoSecond(fromMs)} until ${isoSecond(untilMs)}`;
  navigate({ page: 'hunt', item: null, query: { q: query } });
}

function isoSecond(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
