/** What is known to be bad, asked by what was seen. The owner's lists are behind it; detectors only ask. */

import type { Indicator, IndicatorType } from '../../../contract/indicators.ts';

export type { Indicator, IndicatorType } from '../../../contract/indicators.ts';

export interface Indicators {
  /** How many there are; with none nobody needs to ask. */
  readonly size: number;
  /** Whether a list of the owner's has such. The built-in test file, which is known by every digest, does not count. */
  isListed(type: IndicatorType): boolean;
  /** Addresses are four signed words as in contract/traffic.ts; networks count too. */
  address(word0: number, word1: number, word2: number, word3: number): Indicator | undefined;
  /** The name itself or a domain above it. */
  domain(name: string): Indicator | undefined;
  url(url: string): Indicator | undefined;
  /** Lower-case hexadecimal, of a file, a certificate or a TLS client. */
  hash(type: 'sha256' | 'md5' | 'sha1' | 'ja3' | 'ja4' | 'certificate', value: string): Indicator | undefined;
}

export const NO_INDICATORS: Indicators = {
  size: 0,
  isListed: () => false,
  address: () => undefined,
  domain: () => undefined,
  url: () => undefined,
  hash: () => undefined,
};
