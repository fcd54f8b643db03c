/** The anomaly models: what is usual is learnt from rows of numbers; what is not gets a high score and a reason. */

export {
  ANOMALY_DETECTOR,
  type AnomalyCase,
  type AnomalySubject,
  anomalyCause,
  anomalyFinding,
  explanationOf,
} from './anomaly-finding.ts';
export { Autoencoder } from './autoencoder.ts';
export {
  AUTOENCODER_DEFAULTS,
  type AutoencoderHooks,
  type AutoencoderSettings,
  type Epoch,
  trainAutoencoder,
} from './autoencoder-training.ts';
export { type BaselineSettings, baseline } from './baseline.ts';
export {
  AlertBudget,
  type BudgetSettings,
  type BudgetState,
  type BudgetVerdict,
  type JudgedRow,
  previewBudget,
} from './budget.ts';
export { Calibration, LEAST_P_VALUE } from './calibration.ts';
export { type DbscanSettings, dbscan } from './dbscan.ts';
export { type Json, type ModelDocument, ModelDocumentError } from './document.ts';
export { Ensemble, MODEL_WEIGHTS } from './ensemble.ts';
export { MODEL_FAMILIES, readModel } from './families.ts';
export { fitProfile, LEAST_GROUP_ROWS, MOST_FIT_ROWS } from './fit-profile.ts';
export { FLOW_COLUMNS, FLOW_FEATURE_NAMES, flowGroup, flowRow, LEFT_OUT_FEATURES, portRange } from './flow-columns.ts';
export { HOST_COLUMNS, HOST_WINDOW_SECONDS } from './host-columns.ts';
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
export { anomalyProbability } from './probability.ts';
export { PROCESS_COLUMNS, PROCESS_WINDOW_SECONDS } from './process-columns.ts';
export { readProfile } from './profile.ts';
export type * from './profile-types.ts';
export type {
  ColumnUsual,
  FitProfile,
  Profile,
  ReadProfile,
  TableColumn,
  TrainingGroup,
  TrainingHooks,
  TrainingJob,
  TrainingMetrics,
  TrainingResult,
} from './profile-types.ts';
export { Random } from './random.ts';
export { EMPTY_RESERVOIR, Reservoir, type ReservoirState } from './reservoir.ts';
export {
  COLUMN_MEANINGS,
  type ColumnMeaning,
  PROFILE_SCALING,
  SCALINGS,
  Scaler,
  type ScalerSettings,
  type Scaling,
} from './scaler.ts';
export { type NamedSign, SIGN_TECHNIQUES, signsOf } from './signs.ts';
export { columnStability, medianOf, rankCorrelation, scoreStability } from './stability.ts';
export type { Column } from './table-column.ts';
export { rowByName, TABLE_COLUMNS } from './tables.ts';
export { fromTensorFlow, type TensorFlowModel, toTensorFlow } from './tensorflow-format.ts';
export { type TrainingChildOptions, trainProfileInChild } from './training/train-in-child.ts';
