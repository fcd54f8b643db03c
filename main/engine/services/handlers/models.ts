import type { HandlersOf } from '../../../../contract/api.ts';
import type { MODEL_CALLS } from '../../../../contract/api-models.ts';
import type { ModelDesk } from '../learning/model-desk.ts';

/** What the calls about models need of the engine. */
export interface ModelAnswering {
  readonly models: ModelDesk;
}

export function modelHandlers({ models }: ModelAnswering): HandlersOf<typeof MODEL_CALLS> {
  return {
    'models.list': () => models.list(),
    'models.watch': (_input, emit) => models.watch(emit),
    'models.get': ({ id }) => models.answers.detail(id),
    'models.compare': ({ first, second }) => models.answers.compare(first, second),
    'models.evaluate': ({ id }) => models.answers.evaluate(id),
    'models.preview': (input) => models.answers.preview(input),
    'models.use': ({ id }, { actor }) => models.use(id, actor),
    'models.rollback': ({ table }, { actor }) => models.rollback(table, actor),
    'models.remove': ({ id }, { actor }) => {
      models.remove(id, actor);
      return {};
    },
    'models.train': (input, { actor }) => models.train(input, actor),
    'models.cancel': async (_input, { actor }) => {
      await models.cancel(actor);
      return {};
    },
    'models.export': ({ id, offset }) => models.exportPiece(id, offset),
    'models.import': ({ name, offset, data, isLast }, { actor }) =>
      models.importPiece(name, { offset, bytes: Buffer.from(data, 'base64'), isLast }, actor),
    detect: (input) => models.answers.detect(input),
    explain: (input) => models.answers.explain(input),
    predict: (input) => models.answers.predict(input),
  };
}
