import type { ProtocolId } from '../../../contract/facts.ts';

/** Tools whose results are known. */
export const SOURCES = ['nDPI', 'Arkime', 'FoxIO', 'Zeek', 'Suricata'] as const;
export type Source = (typeof SOURCES)[number];

/** What is compared; see our-values.ts for where it is found in our facts. */
export const FIELDS = [
  'protocol',
  'sni',
  'http-host',
  'ja3',
  'ja3s',
  'ja4',
  'hassh',
  'dns-name',
  'dns-answer',
  'dns-message',
  'certificate-subject',
  'certificate',
  'http',
  'tls',
  'quic',
  'ssh',
  'login',
  'command',
  'file',
  'dhcp',
  'ntp',
  'text',
] as const;
export type Field = (typeof FIELDS)[number];

export interface Ends {
  /** IP protocol number. */
  readonly protocol: number;
  readonly a: string;
  readonly aPort: number;
  readonly b: string;
  readonly bPort: number;
}

/** How a value of ours agrees with one that is expected. */
export type Match = 'same' | 'contains' | 'begins';

/** One thing that a tool says about a flow, or about a capture where it does not say which flow. */
export interface Expectation {
  readonly source: Source;
  /** Relative to the data folder. */
  readonly capture: string;
  readonly ends: Ends | undefined;
  /** Under which the result is listed. */
  readonly protocol: ProtocolId | 'other';
  readonly field: Field;
  /** Any of them is right. */
  readonly values: readonly string[];
  readonly match: Match;
}

/** Several expectations that must all hold in one flow: one check of Suricata. */
export interface Check {
  readonly capture: string;
  readonly source: Source;
  readonly ends: Partial<Ends>;
  readonly protocol: ProtocolId | 'other';
  readonly wanted: readonly { readonly field: Field; readonly values: readonly string[]; readonly match: Match }[];
}
