/** Every kind of model by its name: to fit, and to read what was saved. */
import { Autoencoder } from './autoencoder.ts';
import { baseline } from './baseline.ts';
import { dbscan } from './dbscan.ts';
import { ModelDocumentError } from './document.ts';
import { isolationForest } from './isolation-forest.ts';
import { localOutlierFactor } from './local-outlier-factor.ts';
import type { AnomalyModel, DirectModelKind, ModelFamily, ModelKind } from './model.ts';
import { oneClassSvm } from './one-class-svm.ts';

/** The kinds that are fitted at once, by their default settings unless told otherwise. */
export const MODEL_FAMILIES: { readonly [K in DirectModelKind]: ModelFamily<object> } = {
  baseline,
  'isolation-forest': isolationForest,
  'local-outlier-factor': localOutlierFactor,
  dbscan,
  'one-class-svm': oneClassSvm,
};

type ReadModel = (document: unknown) => AnomalyModel;
const READERS: ReadonlyMap<unknown, ReadModel> = new Map<ModelKind, ReadModel>([
  ...Object.values(MODEL_FAMILIES).map(({ kind, fromJSON }) => [kind, fromJSON] as const),
  ['autoencoder', Autoencoder.fromJSON],
]);

/** A saved model of any kind. @throws ModelDocumentError for anything but a sound document */
export function readModel(document: unknown): AnomalyModel {
  const kind: unknown = typeof document === 'object' && document !== null && 'kind' in document ? document.kind : null;
  const read = READERS.get(kind);
  if (read === undefined) throw new ModelDocumentError('model.kind is not one of the known kinds of model');
  return read(document);
}
