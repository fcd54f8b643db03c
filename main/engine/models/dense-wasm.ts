/** Dense layers in WebAssembly: about ten times as fast as plain loops. */
import { type DenseKernels, INPUT_STEP, NARROW_BLOCK, openDenseKernels, WIDE_BLOCK } from './dense-kernels.ts';
import type { DenseLayer, DenseRunner } from './dense-layer.ts';

const NUMBER_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Where a layer is in memory, in bytes. */
interface Place {
  readonly layer: DenseLayer;
  /** With those that are filled in. */
  readonly inputs: number;
  readonly wideBlocks: number;
  readonly narrowBlocks: number;
  readonly weights: number;
  readonly narrowWeights: number;
  readonly bias: number;
  readonly values: number;
  readonly sums: number;
  readonly end: number;
}

/**
 * Weights and sums are 32-bit numbers, as in TensorFlow.js.
 *
 * @param layers that fit one another
 * @returns undefined where there is no WebAssembly, or no room for it
 */
export function wasmRunner(layers: readonly DenseLayer[]): DenseRunner | undefined {
  const { places, bytes } = placesOf(layers);
  const kernels = openDenseKernels(bytes);
  if (kernels === undefined) return undefined;
  const numbers = new Float32Array(kernels.memory);
  for (const place of places) writeLayer(place, numbers);
  const { inputs } = layers[0]!;
  const last = places[places.length - 1]!;
  return {
    input: numbers.subarray(0, inputs),
    output: numbers.subarray(last.sums / NUMBER_BYTES, last.end / NUMBER_BYTES),
    run() {
      for (let i = 0; i < places.length; i++) compute(kernels, places[i]!);
    },
  };
}

function compute(kernels: DenseKernels, place: Place): void {
  const { inputs, wideBlocks, narrowBlocks, weights, narrowWeights, bias, values, sums, end, layer } = place;
  if (wideBlocks > 0) kernels.wide(values, inputs, weights, bias, sums, wideBlocks);
  const done = wideBlocks * WIDE_BLOCK * NUMBER_BYTES;
  if (narrowBlocks > 0) kernels.narrow(values, inputs, narrowWeights, bias + done, sums + done, narrowBlocks);
  if (layer.activation === 'tanh') kernels.tanh(sums, end);
}

/** First the input, then of each layer the weights, the bias and the sums, which are the next one's input. */
function placesOf(layers: readonly DenseLayer[]): { places: Place[]; bytes: number } {
  let at = 0;
  const take = (numbers: number): number => {
    const start = at;
    at += numbers * NUMBER_BYTES;
    return start;
  };
  let width = roundUp(layers[0]!.inputs, INPUT_STEP);
  let values = take(width);
  const places = layers.map((layer): Place => {
    const wideBlocks = Math.floor(layer.units / WIDE_BLOCK);
    const narrowBlocks = Math.ceil((layer.units - wideBlocks * WIDE_BLOCK) / NARROW_BLOCK);
    const units = wideBlocks * WIDE_BLOCK + narrowBlocks * NARROW_BLOCK;
    const place = {
      layer,
      inputs: width,
      wideBlocks,
      narrowBlocks,
      weights: take(width * wideBlocks * WIDE_BLOCK),
      narrowWeights: take(width * narrowBlocks * NARROW_BLOCK),
      bias: take(units),
      values,
      sums: take(units),
      end: at,
    };
    width = units;
    values = place.sums;
    return place;
  });
  return { places, bytes: at };
}

/** What is filled in stays zero: weights of no input, and units without weights. */
function writeLayer({ layer, inputs, wideBlocks, weights, narrowWeights, bias }: Place, numbers: Float32Array): void {
  const { kernel, units } = layer;
  const wideUnits = wideBlocks * WIDE_BLOCK;
  numbers.set(layer.bias, bias / NUMBER_BYTES);
  for (let unit = 0; unit < units; unit++) {
    const isWide = unit < wideUnits;
    const block = isWide ? WIDE_BLOCK : NARROW_BLOCK;
    const place = isWide ? unit : unit - wideUnits;
    const start = (isWide ? weights : narrowWeights) / NUMBER_BYTES + (place - (place % block)) * inputs;
    for (let input = 0; input < layer.inputs; input++) {
      numbers[start + input * block + (place % block)] = kernel[input * units + unit]!;
    }
  }
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
