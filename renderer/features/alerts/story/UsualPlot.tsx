import { formatNumber } from '../../../../contract/format.ts';
import { plainText } from '../../../../contract/text.ts';
import { cx } from '../../../components/cx.ts';
import { measureText } from '../../../lib/measure.ts';
import { strings } from '../../../strings/index.ts';
import { type UsualScale, usualScale } from './usual-scale.ts';

const words = strings.alerts.story.usualPlot;

const HEIGHT = 24;
const MIDDLE = HEIGHT / 2;
const BAND_HEIGHT = 12;
/** What is always the same is a line, which must be seen. */
const LEAST_BAND_PERCENT = 1.5;
const MARK = 4.5;

export interface UsualPlotProps {
  /** What was measured. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly usual: { readonly low: number; readonly high: number };
  readonly className?: string;
}

/**
 * One value as a mark on a line, before the range that is usual as a band. What is unusual is a diamond, what is
 * usual a dot; a line of tens has a mark at each of them.
 */
export function UsualPlot({ name, value, unit, usual, className }: UsualPlotProps) {
  const scale = usualScale(value, usual);
  if (scale === undefined) return null;
  const said = words.said(plainText(name), measureText(value, unit), words.sides[scale.side], rangeText(usual, unit));
  return (
    <span className={cx('flex min-w-0 flex-col', className)}>
      <svg role="img" aria-label={`${said}${timesText(scale)}`} width="100%" height={HEIGHT} className="block">
        <line x1="0" x2="100%" y1={MIDDLE} y2={MIDDLE} className="stroke-line-strong" strokeWidth="1" />
        {scale.ticks.map((tick) => (
          <line
            key={tick}
            x1={percent(tick)}
            x2={percent(tick)}
            y1={MIDDLE - 3}
            y2={MIDDLE + 3}
            className="stroke-line-strong"
            strokeWidth="1"
          />
        ))}
        <Band scale={scale} />
        <Mark scale={scale} />
      </svg>
      <span aria-hidden className="flex justify-between gap-2 text-12 text-ink-quiet">
        <span>
          {words.short[scale.side]}
          {scale.isLogarithmic && words.shortLogarithmic}
        </span>
        {scale.times !== null && (
          <span className="font-mono">{words.factor[scale.side](formatNumber(rounded(scale.times)))}</span>
        )}
      </span>
    </span>
  );
}

function Band({ scale: { low, high } }: { readonly scale: UsualScale }) {
  const width = Math.max((high - low) * 100, LEAST_BAND_PERCENT);
  const left = Math.min(low * 100, 100 - width);
  return (
    <rect
      x={`${left}%`}
      width={`${width}%`}
      y={MIDDLE - BAND_HEIGHT / 2}
      height={BAND_HEIGHT}
      rx="2"
      className="fill-plot-band stroke-line-strong"
      strokeWidth="1"
    />
  );
}

function Mark({ scale: { value, side } }: { readonly scale: UsualScale }) {
  // A nested picture, as a shape's own place cannot be given in percent.
  return (
    <svg x={percent(value)} y={MIDDLE} overflow="visible" aria-hidden>
      {side === 'within' ? (
        <circle r={MARK - 1} className="fill-ink-muted" />
      ) : (
        <path d={`M0-${MARK} ${MARK} 0 0 ${MARK}-${MARK} 0Z`} className="fill-high" />
      )}
    </svg>
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

/** "7.3", "107": more digits of a factor say nothing. */
const rounded = (times: number): number => (times < 10 ? Math.round(times * 10) / 10 : Math.round(times));

function rangeText({ low, high }: UsualPlotProps['usual'], unit: string): string {
  return low === high ? measureText(low, unit) : strings.common.range(measureText(low, unit), measureText(high, unit));
}

function timesText({ times, side, isLogarithmic }: UsualScale): string {
  const factor = times === null || side === 'within' ? '' : words.times[side](formatNumber(rounded(times)));
  return `${factor}${isLogarithmic ? words.logarithmic : ''}`;
}
