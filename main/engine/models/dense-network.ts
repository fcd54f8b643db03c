/** A small feed-forward network of dense layers, computed one row at a time without making garbage. */
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

/** Units that are summed up at the same time: so many sums fit the registers, and each input is read once for all. */
const BLOCK = 8;

/** A layer as it is computed. */
interface Stage {
  readonly inputs: number;
  readonly isTanh: boolean;
  /** Of block after block of units, the weights of the first input, then those of the second; short blocks get zeros. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** A whole number of blocks long. */
  readonly outputs: Float32Array;
}

/**
 * Weights and sums are 32-bit numbers as in TensorFlow.js; products are added up as 64-bit ones, which is no slower in
 * JavaScript and a little more exact.
 */
export class DenseNetwork {
  readonly layers: readonly DenseLayer[];
  /** To be filled before `run`. */
  readonly input: Float32Array;
  /** Holds the result after `run`; may be longer than there are units in the last layer. */
  readonly output: Float32Array;
  private readonly stages: readonly Stage[];

  /** @throws RangeError where layers do not fit one another */
  constructor(layers: readonly DenseLayer[]) {
    checkLayers(layers);
    this.layers = layers;
    this.stages = layers.map(stageOf);
    this.input = new Float32Array(layers[0]!.inputs);
    this.output = this.stages[this.stages.length - 1]!.outputs;
  }

  run(): void {
    let values = this.input;
    for (let i = 0; i < this.stages.length; i++) {
      const stage = this.stages[i]!;
      compute(values, stage);
      values = stage.outputs;
    }
  }
}

function checkLayers(layers: readonly DenseLayer[]): void {
  if (layers.length === 0) throw new RangeError('a network needs a layer');
  layers.forEach(({ inputs, units, kernel, bias }, index) => {
    const before = layers[index - 1]?.units ?? inputs;
    const fits =
      inputs === before && units >= 1 && inputs >= 1 && Math.max(inputs, units) <= MAX_COLUMNS && bias.length === units;
    if (!fits || kernel.length !== inputs * units) throw new RangeError(`layer ${index} does not fit`);
  });
}

function stageOf({ inputs, units, activation, kernel, bias }: DenseLayer): Stage {
  const padded = Math.ceil(units / BLOCK) * BLOCK;
  const weights = new Float32Array(inputs * padded);
  for (let unit = 0; unit < units; unit++) {
    const start = (unit - (unit % BLOCK)) * inputs + (unit % BLOCK);
    for (let input = 0; input < inputs; input++) weights[start + input * BLOCK] = kernel[input * units + unit]!;
  }
  const wholeBias = new Float32Array(padded);
  wholeBias.set(bias);
  return { inputs, isTanh: activation === 'tanh', weights, bias: wholeBias, outputs: new Float32Array(padded) };
}

function compute(values: Float32Array, { inputs, isTanh, weights, bias, outputs }: Stage): void {
  let place = 0;
  for (let unit = 0; unit < outputs.length; unit += BLOCK) {
    let s0 = bias[unit]!;
    let s1 = bias[unit + 1]!;
    let s2 = bias[unit + 2]!;
    let s3 = bias[unit + 3]!;
    let s4 = bias[unit + 4]!;
    let s5 = bias[unit + 5]!;
    let s6 = bias[unit + 6]!;
    let s7 = bias[unit + 7]!;
    for (let i = 0; i < inputs; i++) {
      const value = values[i]!;
      s0 += value * weights[place]!;
      s1 += value * weights[place + 1]!;
      s2 += value * weights[place + 2]!;
      s3 += value * weights[place + 3]!;
      s4 += value * weights[place + 4]!;
      s5 += value * weights[place + 5]!;
      s6 += value * weights[place + 6]!;
      s7 += value * weights[place + 7]!;
      place += BLOCK;
    }
    outputs[unit] = isTanh ? tanh(s0) : s0;
    outputs[unit + 1] = isTanh ? tanh(s1) : s1;
    outputs[unit + 2] = isTanh ? tanh(s2) : s2;
    outputs[unit + 3] = isTanh ? tanh(s3) : s3;
    outputs[unit + 4] = isTanh ? tanh(s4) : s4;
    outputs[unit + 5] = isTanh ? tanh(s5) : s5;
    outputs[unit + 6] = isTanh ? tanh(s6) : s6;
    outputs[unit + 7] = isTanh ? tanh(s7) : s7;
  }
}

/** Up to here the fraction below is nearer to tanh than 32-bit numbers are to each other. */
const FRACTION_END = 4;
/** Beyond it the 32-bit number nearest to tanh is ±1. */
const TANH_END = 9.1;

/** The continued fraction of tanh (J. H. Lambert, 1768) to its ninth term, and exp where that ends: quicker than Math.tanh. */
function tanh(value: number): number {
  const size = value < 0 ? -value : value;
  if (size < FRACTION_END) {
    const s = value * value;
    const above = value * (34_459_425 + s * (4_729_725 + s * (135_135 + s * (990 + s))));
    return above / (34_459_425 + s * (16_216_200 + s * (945_945 + s * (13_860 + s * 45))));
  }
  if (size > TANH_END) return value < 0 ? -1 : 1;
  const grown = Math.exp(-2 * size);
  const result = (1 - grown) / (1 + grown);
  return value < 0 ? -result : result;
}
