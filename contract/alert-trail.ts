/** What is remembered of how an alert came about. Types only; times are those of the traffic. */

/** A number of the evidence as it grew. */
export interface EvidenceSeries {
  /** `name` of the evidence. */
  readonly name: string;
  readonly usual: { readonly low: number; readonly high: number } | null;
  /** The earliest first: milliseconds since the epoch, and the value. */
  readonly points: readonly (readonly [number, number])[];
}

/** One recorded moment. `activity`: what was seen. `engine`: what Holdfast said about it. */
export interface TrailMoment {
  readonly timeMs: number;
  readonly who: 'activity' | 'engine';
  readonly text: string;
}

export interface AlertTrail {
  readonly moments: readonly TrailMoment[];
  readonly series: readonly EvidenceSeries[];
}
