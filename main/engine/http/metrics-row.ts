/** What a row of the table of metrics is. */

/** One value of a metric, with its labels. */
export type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

export interface MetricRow<Source> {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly labels: readonly string[];
  readonly samples: (source: Source) => readonly Sample[];
}
