/** The training loop of the autoencoder. */
import { Autoencoder, activationOf } from '../autoencoder.ts';
import { type AutoencoderHooks, type AutoencoderSettings, isLastSolved } from '../autoencoder-training.ts';
import type { DenseLayer } from '../dense-layer.ts';
import { denseNetwork } from '../dense-network.ts';
import type { Matrix } from '../matrix.ts';
import { Random } from '../random.ts';
import { DenseTrainer } from './dense-trainer.ts';
import { solveLastLayer } from './last-layer.ts';
import { layers as keras, type Sequential, startTensorFlow, tf } from './tensorflow.ts';
import { TrainingRows } from './training-rows.ts';

/** Steps of the optimiser that even a small table needs; more than the least epochs are only for those. */
const STEPS = 400;
/**
 * Where the last weights are solved for. Their penalty keeps rows from being learnt by heart, so that what is before them
 * may learn until it says rows no better; with several layers that makes unusual rows be said again, too.
 */
const STEPS_BEFORE_SOLVED = 4_000;
const LEAST_EPOCHS = 20;
const MOST_EPOCHS = 200;
/** What is left of the rate of learning at the end. */
const LAST_RATE_SHARE = 0.01;
/** By what share the error of held-back rows must fall to count as better. */
const BETTER = 1e-4;
/**
 * What is added to the usual error of each column before it is the measure of errors there: the mean of all columns, and
 * a little more for tables that are said again without any error. Without it, columns that hardly ever vary would drown
 * all others.
 */
const ERROR_FLOOR_SHARE = 1;
const ERROR_FLOOR = 1e-4;

/** @param settings checked; see autoencoder-training.ts */
export async function fitNetwork(
  matrix: Matrix,
  settings: AutoencoderSettings,
  { onEpoch, signal }: AutoencoderHooks,
): Promise<Autoencoder> {
  await startTensorFlow();
  const random = new Random(settings.seed);
  const rows = new TrainingRows(matrix, settings, random);
  // The same noise each time, so that only what was learnt makes a difference.
  const noisyHeldBack = () => rows.heldBack(new Random(settings.seed));
  const model = makeModel(matrix.columns, settings.layers, random);
  const trainer = new DenseTrainer(model);
  try {
    const isSolved = isLastSolved(matrix.rows, settings);
    const steps = isSolved ? STEPS_BEFORE_SOLVED : STEPS;
    const epochs = settings.epochs || Math.min(Math.max(Math.ceil(steps / rows.steps), LEAST_EPOCHS), MOST_EPOCHS);
    let best = { epoch: 0, error: Number.POSITIVE_INFINITY, weights: trainer.weights() };
    for (let epoch = 1; epoch <= epochs && epoch - best.epoch <= settings.patience; epoch++) {
      const training = trainer.epoch(rows, (done) => settings.learningRate * rateShare((epoch - 1 + done) / epochs));
      const error = trainer.error(noisyHeldBack());
      if (error < best.error * (1 - BETTER)) best = { epoch, error, weights: trainer.weights() };
      onEpoch?.({ epoch, epochs, training, heldBack: error });
      // Whoever wants it stopped, or to be told, gets its turn.
      await new Promise(setImmediate);
      signal?.throwIfAborted();
    }
    const layers = layersOf(matrix.columns, best.weights);
    if (isSolved) return finished(...withLastSolved(layers, rows), rows);
    trainer.restore(best.weights);
    // Of all rows: in a column that is mostly still, the few of a held-back tenth say little of what is usual. Many rows
    // with noise are not learnt by heart, so those that were learnt from may tell it, too.
    return finished(layers, { ofColumns: trainer.columnErrors(rows.clean()), loss: best.error }, rows);
  } finally {
    trainer.dispose();
    model.dispose();
  }
}

/**
 * I. Loshchilov, F. Hutter: "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, without the restarts.
 *
 * @param done share of the whole run
 */
function rateShare(done: number): number {
  return LAST_RATE_SHARE + ((1 - LAST_RATE_SHARE) * (1 + Math.cos(Math.PI * done))) / 2;
}

/** Weights of X. Glorot, Y. Bengio: "Understanding the difficulty of training deep feedforward neural networks", 2010. */
function makeModel(columns: number, down: readonly number[], random: Random): Sequential {
  const widths = [...down, ...down.slice(0, -1).reverse(), columns];
  const model = keras.sequential();
  let inputs = columns;
  widths.forEach((units, index) => {
    const limit = Math.sqrt(6 / (inputs + units));
    const values = Float32Array.from({ length: inputs * units }, () => (2 * random.next() - 1) * limit);
    const kernel = tf.tensor2d(values, [inputs, units]);
    const bias = tf.zeros([units]);
    const activation = activationOf(index, widths.length);
    model.add(keras.layers.dense({ units, activation, inputShape: [inputs], weights: [kernel, bias] }));
    kernel.dispose();
    bias.dispose();
    inputs = units;
  });
  return model;
}

/** @param weights kernels and biases, layer after layer */
function layersOf(columns: number, weights: readonly Float32Array[]): DenseLayer[] {
  let inputs = columns;
  const count = weights.length / 2;
  return Array.from({ length: count }, (_, index): DenseLayer => {
    const [kernel, bias] = [weights[2 * index]!.slice(), weights[2 * index + 1]!.slice()];
    const units = bias.length;
    const layer = { inputs, units, activation: activationOf(index, count), kernel, bias };
    inputs = units;
    return layer;
  });
}

interface Errors {
  /** Mean squared error of each column that is usual, as learnt. */
  readonly ofColumns: Float64Array;
  /** Of rows that were not learnt from. */
  readonly loss: number;
}

/** With the last weights solved for, by all rows; what was learnt is the layers before. */
function withLastSolved(
  learnt: readonly DenseLayer[],
  { columns, count, scaled }: TrainingRows,
): [DenseLayer[], Errors] {
  const before = learnt.slice(0, -1);
  const last = learnt[learnt.length - 1]!;
  const network = denseNetwork(before);
  const hidden = new Float64Array(count * last.inputs);
  for (let row = 0; row < count; row++) {
    network.input.set(scaled.subarray(row * columns, (row + 1) * columns));
    network.run();
    hidden.set(network.output.subarray(0, last.inputs), row * last.inputs);
  }
  const { kernel, bias, errors } = solveLastLayer(
    { rows: count, columns: last.inputs, data: hidden },
    { rows: count, columns, data: Float64Array.from(scaled) },
  );
  const loss = errors.reduce((sum, error) => sum + error, 0) / columns;
  return [[...before, { ...last, kernel, bias }], { ofColumns: errors, loss }];
}

/**
 * The network for rows as they were given: what the columns were brought to for learning becomes part of the first
 * and last weights.
 */
function finished(
  layers: readonly DenseLayer[],
  { ofColumns, loss }: Errors,
  { columns, mean, deviation, lowest, highest, room }: TrainingRows,
): Autoencoder {
  const [first, last] = [layers[0]!, layers[layers.length - 1]!];
  for (let unit = 0; unit < first.units; unit++) {
    let shift = 0;
    for (let column = 0; column < columns; column++) {
      const place = column * first.units + unit;
      const weight = first.kernel[place]! / deviation[column]!;
      first.kernel[place] = weight;
      shift += weight * mean[column]!;
    }
    first.bias[unit] = first.bias[unit]! - shift;
  }
  for (let place = 0; place < last.kernel.length; place++) last.kernel[place]! *= deviation[place % columns]!;
  for (let column = 0; column < columns; column++) {
    last.bias[column] = last.bias[column]! * deviation[column]! + mean[column]!;
  }
  const floor = (ERROR_FLOOR_SHARE * ofColumns.reduce((sum, error) => sum + error, 0)) / columns + ERROR_FLOOR;
  const precision = ofColumns.map((error, column) => 1 / ((error + floor) * deviation[column]! ** 2));
  const narrowness = deviation.map((each) => 1 / each ** 2);
  return new Autoencoder({ layers, precision, centre: mean, narrowness, lowest, highest, room, loss });
}
