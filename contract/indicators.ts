/** What is known to be bad: the words that the engine, its detectors and the API share. */

export const INDICATOR_TYPES = [
  'address',
  'domain',
  'url',
  'sha256',
  'md5',
  'sha1',
  'ja3',
  'ja4',
  'certificate',
] as const;
export type IndicatorType = (typeof INDICATOR_TYPES)[number];

export interface Indicator {
  readonly type: IndicatorType;
  readonly value: string;
  /** What it is a sign of: "Emotet", "test file"; empty where nobody said. */
  readonly label: string;
  /** The list that it comes from. */
  readonly source: string;
}

/** Forms of lists that are read. */
export const INDICATOR_FORMATS = ['lines', 'csv', 'hosts', 'stix', 'misp', 'built-in'] as const;
export type IndicatorFormat = (typeof INDICATOR_FORMATS)[number];
