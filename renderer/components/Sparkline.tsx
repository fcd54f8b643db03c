export interface SparklineProps {
  /** The oldest first. */
  readonly values: readonly number[];
  /** What it shows, for those who do not see it: "failed logins a minute: 0 to 53, now 53". */
  readonly label: string;
  readonly width?: number;
  readonly height?: number;
  /** The usual range, as a band behind the line. */
  readonly usual?: readonly [low: number, high: number];
}

/** A small line without axes, for the shape of a development beside its number. */
export function Sparkline({ values, label, width = 96, height = 20, usual }: SparklineProps) {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(0, ...finite, usual?.[0] ?? 0);
  const high = Math.max(...finite, usual?.[1] ?? 0, low + Number.EPSILON);
  const pad = 1.5;
  const y = (value: number): number => height - pad - ((value - low) / (high - low || 1)) * (height - 2 * pad);
  const step = finite.length > 1 ? (width - 2 * pad) / (finite.length - 1) : 0;
  const points = finite.map((value, index) => `${(pad + index * step).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg
      role="img"
      aria-label={label}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      className="block shrink-0"
    >
      {usual !== undefined && (
        <rect
          x={0}
          width={width}
          y={y(usual[1])}
          height={Math.max(1, y(usual[0]) - y(usual[1]))}
          className="fill-plot-band"
        />
      )}
      {points.length > 1 && (
        <polyline
          points={points.join(' ')}
          fill="none"
          className="stroke-accent"
          strokeWidth="1.25"
          strokeLinejoin="round"
        />
      )}
      {points.length > 0 && (
        <circle
          cx={pad + (finite.length - 1) * step}
          cy={y(finite[finite.length - 1])}
          r="1.75"
          className="fill-accent"
        />
      )}
    </svg>
  );
}
