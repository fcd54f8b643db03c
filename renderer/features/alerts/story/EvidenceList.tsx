import type { AlertStory } from '../../../../contract/api-alerts.ts';
import type { Evidence } from '../../../../contract/domain.ts';
import { formatNumber } from '../../../../contract/format.ts';
import { cx } from '../../../components/cx.ts';
import { Section } from '../../../components/layout.tsx';
import { Sparkline } from '../../../components/Sparkline.tsx';
import { Text } from '../../../components/Text.tsx';
import { strings } from '../../../strings/index.ts';
import { type EvidenceLine, evidenceLines, measureOf } from './evidence.ts';
import { UsualPlot } from './UsualPlot.tsx';

const words = strings.alerts.story;

export interface EvidenceListProps {
  readonly evidence: readonly Evidence[];
  readonly series: AlertStory['series'];
  /** What each number is drawn against: an anomaly is about how far it is from what is usual. */
  readonly isAnomaly: boolean;
}

/** Every measured fact beside what is usual, and why it matters. */
export function EvidenceList({ evidence, series, isAnomaly }: EvidenceListProps) {
  if (evidence.length === 0) return null;
  return (
    <Section title={words.evidence}>
      <ul className="flex flex-col divide-y divide-line border-y border-line">
        {evidenceLines(evidence, series, isAnomaly ? 'usual' : 'development').map((line) => (
          <EvidenceRow key={line.key} line={line} />
        ))}
      </ul>
    </Section>
  );
}

/** Numbers stand in a column; words have the room beside their name. */
const NUMBER_COLUMNS =
  'grid-cols-[minmax(0,1fr)_max-content_128px_176px] max-narrow:grid-cols-[minmax(0,1fr)_max-content]';
const TEXT_COLUMNS = 'grid-cols-[176px_minmax(0,1fr)_128px_176px] max-narrow:grid-cols-[minmax(0,112px)_minmax(0,1fr)]';

function EvidenceRow({ line: { evidence, values, usual, plot } }: { readonly line: EvidenceLine }) {
  const { value, unit } = measureOf(evidence);
  const isNumber = typeof evidence.value === 'number';
  return (
    <li className={cx('grid items-baseline gap-x-4 gap-y-1 py-2', isNumber ? NUMBER_COLUMNS : TEXT_COLUMNS)}>
      <span className="font-medium">
        <Text>{evidence.name}</Text>
      </span>
      <span className={isNumber ? 'text-right font-mono' : 'break-words'}>
        <Text>{value}</Text>{' '}
        {unit !== '' && (
          <span className="text-ink-quiet">
            <Text>{unit}</Text>
          </span>
        )}
      </span>
      <span className="text-12 text-ink-quiet max-narrow:col-span-2">
        {evidence.usual !== undefined && <Text>{words.usual(evidence.usual)}</Text>}
      </span>
      <span className={cx('self-center', plot === 'usual' ? 'max-narrow:col-span-2' : 'max-narrow:hidden')}>
        {plot === 'usual' && usual !== undefined && (
          <UsualPlot
            name={evidence.name}
            value={Number(evidence.value)}
            unit={evidence.unit ?? ''}
            usual={{ low: usual[0], high: usual[1] }}
          />
        )}
        {plot === 'development' && (
          <Sparkline
            values={values}
            usual={usual}
            label={words.sparkline(
              evidence.name,
              formatNumber(Math.min(...values)),
              formatNumber(Math.max(...values)),
              formatNumber(values[values.length - 1]),
            )}
          />
        )}
      </span>
      <span className="col-span-full text-12 text-ink-muted">
        <Text>{evidence.meaning}</Text>
      </span>
    </li>
  );
}
