import type { AlertStory } from '../../../../contract/api-alerts.ts';
import { KeyValue, Section } from '../../../components/layout.tsx';
import { RelativeTime } from '../../../components/numbers.tsx';
import { Text } from '../../../components/Text.tsx';
import { formatExact } from '../../../lib/format.ts';
import { strings } from '../../../strings/index.ts';
import { StateBadge } from '../columns.tsx';

const words = strings.alerts.story;

export interface ReviewHistoryProps {
  readonly alert: AlertStory['alert'];
  readonly timeline: AlertStory['timeline'];
}

/** Who brought it into its state, when and why, and every step before. */
export function ReviewHistory({ alert: { state, review }, timeline }: ReviewHistoryProps) {
  const steps = timeline.filter(({ who }) => who === 'person');
  return (
    <Section title={words.review}>
      {review === null ? (
        <p className="text-ink-muted">{words.notReviewed}</p>
      ) : (
        <KeyValue
          rows={[
            { name: strings.alerts.state, value: <StateBadge state={state} /> },
            { name: words.reviewedBy, value: <Text>{review.actor}</Text> },
            { name: words.reviewedAt, value: <RelativeTime timeMs={review.timeMs} /> },
            ...(review.reason === null
              ? []
              : [{ name: words.reviewedWhy, value: strings.alerts.reasons[review.reason] }]),
            ...(review.note === ''
              ? []
              : [{ name: words.reviewedNote, value: <Text maxLength={600}>{review.note}</Text> }]),
          ]}
        />
      )}
      {steps.length > 1 && (
        <details className="text-ink-muted">
          <summary className="cursor-pointer py-1 text-ink-quiet">{words.history}</summary>
          <ol className="flex flex-col gap-1 pt-1">
            {steps.toReversed().map(({ timeMs, text }) => (
              <li key={`${timeMs} ${text}`}>
                <span className="text-12 text-ink-quiet">{formatExact(timeMs)}</span>
                <br />
                <Text maxLength={600}>{text}</Text>
              </li>
            ))}
          </ol>
        </details>
      )}
    </Section>
  );
}
