import type { IndicatorType } from '../../../contract/indicators.ts';

/** What the list that comes with Holdfast is called. */
export const BUILT_IN = 'built-in';

/**
 * The test file of EICAR (European Institute for Computer Antivirus Research), which does nothing: whoever transfers
 * it in clear text sees an alert, and that indicators work. No list of bad addresses comes with Holdfast.
 */
export const BUILT_IN_INDICATORS: readonly {
  readonly type: IndicatorType;
  readonly value: string;
  readonly label: string;
}[] = [
  {
    type: 'sha256',
    value: '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f',
    label: 'EICAR test file, harmless',
  },
  { type: 'sha1', value: '3395856ce81f2b7382dee72602f798b642f14140', label: 'EICAR test file, harmless' },
  { type: 'md5', value: '44d88612fea8a8f36de82e1278abb02f', label: 'EICAR test file, harmless' },
];
