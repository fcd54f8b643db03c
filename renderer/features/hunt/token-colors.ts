import type { HuntToken } from '../../../contract/hunt-language.ts';

/** Weight and hue tell words of the language, names and values apart; the text says the same without them. */
export const TOKEN_COLORS: Readonly<Record<HuntToken['kind'], string>> = {
  table: 'text-accent font-semibold',
  keyword: 'text-accent',
  function: 'text-plot-2',
  field: 'text-ink',
  operator: 'text-ink-quiet',
  punctuation: 'text-ink-quiet',
  text: 'text-plot-3',
  number: 'text-plot-3',
  time: 'text-plot-3',
  address: 'text-plot-3',
  unknown: 'text-ink',
};
