/** Every kind of model by its name: to fit, and to read what was saved. */
import { baseline } from './baseline.ts';
import { dbscan } from './dbscan.ts';
import { ModelDocumentError } from './document.ts';
import { isolationForest } from './isolation-forest.ts';
import { localOutlierFactor } from './local-outlier-factor.ts';
import type { AnomalyModel, DirectModelKind, ModelFamily } from './model.ts';
import { oneClassSvm } from './one-class-svm.ts';

/** The kinds that are fitted at once, by their default settings unless told otherwise. */
export const MODEL_FAMILIES: { readonly [K in DirectModelKind]: ModelFamily<object> } = {
  baseline,
  'isolation-forest': isolationForest,
  'local-outlier-factor': localOutlierFactor,
  dbscan,
  'one-class-svm': oneClassSvm,
};

/** A saved model of any kind. @throws ModelDocumentError for anything but a sound document */
export function readModel(document: unknown): AnomalyModel {
  const kind: unknown = typeof document === 'object' && document !== null && 'kind' in document ? document.kind : null;
  const family = Object.values(MODEL_FAMILIES).find((known) => known.kind === kind);
  if (family === undefined) throw new ModelDocumentError('model.kind is not one of the known kinds of model');
  return family.fromJSON(document);
}
