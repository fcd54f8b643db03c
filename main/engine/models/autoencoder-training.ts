/**
 * Fits an autoencoder with TensorFlow.js, which stays in memory afterwards: call it in a process of its own, or in
 * tests and evaluations.
 *
 * It learns to say the clean row after hearing a noisy one (P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol:
 * "Extracting and Composing Robust Features with Denoising Autoencoders", ICML 2008). A network whose narrow layer is
 * wider than a table's true dimension could otherwise just hand values through, and miss what is unusual.
 */
import type { Autoencoder } from './autoencoder.ts';
import { checkTrainable, MAX_COLUMNS, type Matrix } from './matrix.ts';
import { checkSetting } from './model.ts';

export interface AutoencoderSettings {
  /** Units of the layers down to the narrowest; the same follow backwards. Of small tables another default is taken. */
  readonly layers: readonly number[];
  /** Most times that all rows are seen; 0 for as many as their number needs. */
  readonly epochs: number;
  /** Ends when held-back rows were not said again better for so many epochs. */
  readonly patience: number;
  /** Rows of one step; 0 for as many as their number lets be quick. */
  readonly batchRows: number;
  readonly learningRate: number;
  /** Deviation of the noise that is added to rows while learning, in deviations of each column. */
  readonly noise: number;
  readonly seed: number;
}

export const AUTOENCODER_DEFAULTS: AutoencoderSettings = {
  layers: [64, 32, 16],
  epochs: 0,
  patience: 5,
  batchRows: 0,
  learningRate: 3e-3,
  noise: 0.3,
  seed: 1,
};

/**
 * Fewer rows than these are too few to teach several layers by small steps: unless layers are asked for, one that is bent
 * is learnt, and the last is solved for (training/last-layer.ts). The bent one may be wide, as the penalty of the
 * solution, not a narrow place, keeps it from handing rows through; results hardly change from 64 to 192. A tenth of few
 * rows says too little to end early by.
 */
const SMALL_ROWS = 2_000;
const SMALL_DEFAULTS: AutoencoderSettings = { ...AUTOENCODER_DEFAULTS, layers: [128], patience: 20 };

function isSmall(rows: number): boolean {
  return rows < SMALL_ROWS;
}

/** Whether the last weights are solved for. After a narrow place they would have to be great, and not be exact. */
export function isLastSolved(rows: number, { layers }: AutoencoderSettings): boolean {
  return isSmall(rows) && layers.length === 1;
}

/** After an epoch: mean squared errors in units of each column's variance, of noisy rows. */
export interface Epoch {
  /** From 1 on. */
  readonly epoch: number;
  readonly epochs: number;
  readonly training: number;
  readonly heldBack: number;
}

export interface AutoencoderHooks {
  readonly onEpoch?: (epoch: Epoch) => void;
  /** Looked at after each epoch. */
  readonly signal?: AbortSignal;
}

const MAX_DEPTH = 8;
const MAX_EPOCHS = 10_000;
const MAX_BATCH = 4_096;

/**
 * The same rows, settings and machine give the same model.
 *
 * @throws RangeError for rows that are not finite, fewer than two, or settings out of range; the signal's reason when
 *   it was aborted; Error where TensorFlow.js does not start
 */
export async function trainAutoencoder(
  rows: Matrix,
  settings: Partial<AutoencoderSettings> = {},
  hooks: AutoencoderHooks = {},
): Promise<Autoencoder> {
  checkTrainable(rows);
  const all = { ...(isSmall(rows.rows) ? SMALL_DEFAULTS : AUTOENCODER_DEFAULTS), ...settings };
  checkSettings(all);
  // Only where something is trained: the engine itself must not carry it.
  const { fitNetwork } = await import('./training/fit-network.ts');
  return fitNetwork(rows, all, hooks);
}

function checkSettings({ layers, epochs, patience, batchRows, learningRate, noise }: AutoencoderSettings): void {
  if (layers.length < 1 || layers.length > MAX_DEPTH) {
    throw new RangeError(`layers has ${layers.length} of them, not from 1 to ${MAX_DEPTH}`);
  }
  for (const units of layers) checkSetting('layers', units, 1, MAX_COLUMNS, true);
  checkSetting('epochs', epochs, 0, MAX_EPOCHS, true);
  checkSetting('patience', patience, 1, MAX_EPOCHS, true);
  checkSetting('batchRows', batchRows, 0, MAX_BATCH, true);
  checkSetting('learningRate', learningRate, 1e-6, 1, false);
  checkSetting('noise', noise, 0, 10, false);
}
