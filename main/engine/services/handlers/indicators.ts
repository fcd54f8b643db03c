import type { HandlersOf } from '../../../../contract/api.ts';
import type { INDICATOR_CALLS } from '../../../../contract/api-indicators.ts';
import type { IndicatorDesk } from '../rules/indicator-desk.ts';

/** What the calls about indicators need of the engine. */
export interface IndicatorAnswering {
  readonly indicators: IndicatorDesk;
}

export function indicatorHandlers({ indicators }: IndicatorAnswering): HandlersOf<typeof INDICATOR_CALLS> {
  return {
    'indicators.list': () => ({ size: indicators.size, lists: indicators.lists() }),
    'indicators.check': ({ value }) => ({ found: indicators.check(value) }),
    'indicators.import': ({ name, offset, data, isLast }, { actor }) =>
      indicators.importPiece(name, { offset, bytes: Buffer.from(data, 'base64'), isLast }, actor),
    'indicators.remove': async ({ name }, { actor }) => {
      await indicators.remove(name, actor);
      return {};
    },
    'indicators.reload': async (_input, { actor }) => {
      await indicators.reload(actor);
      return { size: indicators.size };
    },
  };
}
