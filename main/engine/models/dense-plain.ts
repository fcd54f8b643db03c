/** Dense layers in plain loops, where there is no WebAssembly. */
import type { DenseLayer, DenseRunner } from './dense-layer.ts';

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
 * Weights are 32-bit numbers as in TensorFlow.js; products are added up as 64-bit ones, which is no slower in JavaScript
 * and a little more exact.
 *
 * @param layers that fit one another
 */
export function plainRunner(layers: readonly DenseLayer[]): DenseRunner {
  const stages = layers.map(stageOf);
  const input = new Float32Array(layers[0]!.inputs);
  return {
    input,
    output: stages[stages.length - 1]!.outputs,
    run() {
      let values: Float32Array = input;
      for (let i = 0; i < stages.length; i++) {
        const stage = stages[i]!;
        compute(values, stage);
        values = stage.outputs;
      }
    },
  };
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
