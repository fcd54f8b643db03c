/** A network of dense layers while it learns: its variables, their optimiser, and its errors. */
import { activationOf } from '../autoencoder.ts';
import { Adam } from './adam.ts';
import { type DenseStep, denseStep, firstDenseStep } from './dense-gradient.ts';
import { type Sequential, type Tensor, type Tensor2D, tf, type Variable } from './tensorflow.ts';
import type { Batch, TrainingRows } from './training-rows.ts';

export class DenseTrainer {
  readonly #columns: number;
  /** Kernels and biases, layer after layer: those of the model itself. */
  readonly #variables: readonly Variable[];
  readonly #layers: readonly DenseStep[];
  readonly #adam: Adam;

  constructor(model: Sequential) {
    this.#variables = model.trainableWeights.map((weight) => weight.read() as Variable);
    this.#columns = this.#variables[0]!.shape[0]!;
    const count = this.#variables.length / 2;
    this.#layers = Array.from({ length: count }, (_, index) => {
      const isTanh = activationOf(index, count) === 'tanh';
      return index === 0 ? firstDenseStep(isTanh) : denseStep(isTanh);
    });
    this.#adam = new Adam(this.#variables);
  }

  /**
   * Sees all rows once.
   *
   * @param rate of learning, by what share of the epoch is behind
   * @returns mean squared error on the way
   */
  epoch(rows: TrainingRows, rate: (done: number) => number): number {
    let step = 0;
    let seen = 0;
    let sum = 0;
    for (const batch of rows.epoch()) {
      sum += batch.rows * this.#learn(batch, rate(step / rows.steps));
      seen += batch.rows;
      step++;
    }
    return sum / seen;
  }

  /** Mean squared error. */
  error(batches: Iterable<Batch>): number {
    const errors = this.columnErrors(batches);
    return errors.reduce((sum, error) => sum + error, 0) / errors.length;
  }

  /** Mean squared error of each column. */
  columnErrors(batches: Iterable<Batch>): Float64Array {
    const sums = new Float64Array(this.#columns);
    let seen = 0;
    for (const batch of batches) {
      const part = tf.tidy(() => tf.sum(this.#squares(batch), 0).dataSync());
      part.forEach((square, column) => {
        sums[column]! += square;
      });
      seen += batch.rows;
    }
    return sums.map((sum) => sum / seen);
  }

  weights(): Float32Array[] {
    return this.#variables.map((variable) => Float32Array.from(variable.dataSync()));
  }

  /** @param weights as `weights` gave them */
  restore(weights: readonly Float32Array[]): void {
    this.#variables.forEach((variable, index) => {
      tf.tidy(() => variable.assign(tf.tensor(weights[index]!, variable.shape)));
    });
  }

  dispose(): void {
    this.#adam.dispose();
  }

  #learn(batch: Batch, rate: number): number {
    return tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => tf.mean(this.#squares(batch)), [...this.#variables]);
      this.#adam.step(
        this.#variables.map(({ name }) => grads[name]!),
        rate,
      );
      return value.dataSync()[0]!;
    });
  }

  #squares({ noisy, clean, rows }: Batch): Tensor {
    const shape: [number, number] = [rows, this.#columns];
    // Copies: the backend may look at them later than the next batch overwrites them.
    let values: Tensor2D = tf.tensor2d(noisy.slice(), shape);
    this.#layers.forEach((layer, index) => {
      values = layer(values, this.#variables[2 * index] as unknown as Tensor2D, this.#variables[2 * index + 1]!);
    });
    return tf.squaredDifference(values, tf.tensor2d(clean.slice(), shape));
  }
}
