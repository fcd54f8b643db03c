/** A dense layer: what goes in, weighted and added up, and bent. */
import { MAX_COLUMNS } from './matrix.ts';

/** What a layer does with its sums; the names are those of Keras. */
export const ACTIVATIONS = ['tanh', 'linear'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export interface DenseLayer {
  readonly inputs: number;
  readonly units: number;
  readonly activation: Activation;
  /** inputs × units, as TensorFlow has them: all weights of the first input, then those of the second. */
  readonly kernel: Float32Array;
  /** One for each unit. */
  readonly bias: Float32Array;
}

/** Computes a network one row at a time without making garbage. */
export interface DenseRunner {
  /** To be filled before `run`. */
  readonly input: Float32Array;
  /** Holds the result after `run`; may be longer than there are units in the last layer. */
  readonly output: Float32Array;
  run(): void;
}

/** @throws RangeError where layers do not fit one another */
export function checkLayers(layers: readonly DenseLayer[]): void {
  if (layers.length === 0) throw new RangeError('a network needs a layer');
  layers.forEach(({ inputs, units, kernel, bias }, index) => {
    const before = layers[index - 1]?.units ?? inputs;
    const fits =
      inputs === before && units >= 1 && inputs >= 1 && Math.max(inputs, units) <= MAX_COLUMNS && bias.length === units;
    if (!fits || kernel.length !== inputs * units) throw new RangeError(`layer ${index} does not fit`);
  });
}
