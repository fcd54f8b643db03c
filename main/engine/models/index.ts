/** The anomaly models: what is usual is learnt from rows of numbers; what is not gets a high score and a reason. */
import { baseline } from './baseline.ts';
import { dbscan } from './dbscan.ts';
import { ModelDocumentError } from './document.ts';
import { isolationForest } from './isolation-forest.ts';
import { localOutlierFactor } from './local-outlier-factor.ts';
import type { AnomalyModel, DirectModelKind, ModelFamily } from './model.ts';
import { oneClassSvm } from './one-class-svm.ts';

export { type BaselineSettings, baseline } from './baseline.ts';
export { type DbscanSettings, dbscan } from './dbscan.ts';
export { type Json, type ModelDocument, ModelDocumentError } from './document.ts';
export { type IsolationForestSettings, isolationForest } from './isolation-forest.ts';
export {
  LocalOutlierFactor,
  type LocalOutlierFactorSettings,
  localOutlierFactor,
} from './local-outlier-factor.ts';
export { type Matrix, matrixOf, pickRows } from './matrix.ts';
export { guessMeanings } from './meanings.ts';
export { type Ranking, rankingOf } from './metrics.ts';
export {
  type AnomalyModel,
  type DirectModelKind,
  MODEL_KINDS,
  type ModelFamily,
  type ModelKind,
  scoreRows,
} from './model.ts';
export { type OneClassSvmSettings, oneClassSvm } from './one-class-svm.ts';
export { Random } from './random.ts';
export { COLUMN_MEANINGS, type ColumnMeaning, SCALINGS, Scaler, type ScalerSettings, type Scaling } from './scaler.ts';

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
