import { useMemo } from 'react';
import type { AlertStory } from '../../../../contract/api-alerts.ts';
import { Section } from '../../../components/layout.tsx';
import { type PlotMark, TimePlot } from '../../../components/TimePlot.tsx';
import { counted, formatByteRate } from '../../../lib/format.ts';
import { navigate } from '../../../lib/use-address.ts';
import { strings } from '../../../strings/index.ts';
import { huntBetween } from './hunt-links.ts';
import { trafficLine } from './traffic-buckets.ts';

const words = strings.alerts.story;
const HEIGHT = 140;

const MARK_COLORS = { info: 'low', low: 'low', medium: 'medium', high: 'high', critical: 'critical' } as const;

/** What passed between attackers and victims, with the time of the alert marked. */
export function StoryTraffic({ story: { alert, traffic, huntQuery } }: { readonly story: AlertStory }) {
  const line = useMemo(() => trafficLine(traffic, alert), [traffic, alert]);
  const marks = useMemo<readonly PlotMark[]>(() => {
    const color = MARK_COLORS[alert.severity];
    const start = { timeMs: alert.firstSeenMs, label: words.trafficStart, color };
    if (alert.lastSeenMs - alert.firstSeenMs < traffic.bucketMs) return [start];
    return [start, { timeMs: alert.lastSeenMs, label: words.trafficEnd, color }];
  }, [alert, traffic.bucketMs]);
  return (
    <Section
      title={words.traffic}
      actions={
        traffic.flows > 0 && <span className="text-12 text-ink-quiet">{counted(traffic.flows, words.flowsCount)}</span>
      }
    >
      {line.timesMs.length === 0 ? (
        <p className="text-ink-muted">{words.trafficNone}</p>
      ) : (
        <TimePlot
          label={words.trafficLabel}
          timesMs={line.timesMs}
          series={[{ label: words.trafficSeries, values: line.bytesPerSecond, kind: 'area' }]}
          format={formatByteRate}
          height={HEIGHT}
          marks={marks}
          onZoom={(fromMs, untilMs) =>
            navigate({ page: 'hunt', item: null, query: { q: huntBetween(huntQuery, fromMs, untilMs) } })
          }
        />
      )}
      {traffic.isPartial && <p className="text-12 text-ink-quiet">{words.trafficPartial}</p>}
    </Section>
  );
}
