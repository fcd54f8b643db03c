import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Activation, DenseLayer } from './dense-layer.ts';
import { denseNetwork } from './dense-network.ts';
import { plainRunner } from './dense-plain.ts';
import { wasmRunner } from './dense-wasm.ts';
import { Random } from './random.ts';

/** Weights as after training: sums of some size whatever the width. */
function layersOf(widths: readonly number[], random: Random): DenseLayer[] {
  return widths.slice(1).map((units, index): DenseLayer => {
    const inputs = widths[index]!;
    const weight = () => random.normal() / Math.sqrt(inputs);
    const activation: Activation = index === widths.length - 2 ? 'linear' : 'tanh';
    return {
      inputs,
      units,
      activation,
      kernel: Float32Array.from({ length: inputs * units }, weight),
      bias: Float32Array.from({ length: units }, weight),
    };
  });
}

/** Row by row in 64-bit numbers, as it is written in books. */
function computed(layers: readonly DenseLayer[], row: Float32Array): number[] {
  return layers.reduce<number[]>(
    (values, { units, activation, kernel, bias }) =>
      Array.from({ length: units }, (_, unit) => {
        const sum = values.reduce((all, value, input) => all + value * kernel[input * units + unit]!, bias[unit]!);
        return activation === 'tanh' ? Math.tanh(sum) : sum;
      }),
    [...row],
  );
}

describe.each([
  ['in WebAssembly', wasmRunner],
  ['in plain loops', plainRunner],
])('a network %s', (_, open) => {
  it('computes what it should, whatever its widths', () => {
    const width = fc.integer({ min: 1, max: 70 });
    fc.assert(
      fc.property(fc.array(width, { minLength: 2, maxLength: 5 }), fc.integer(), (widths, seed) => {
        const random = new Random(seed);
        const layers = layersOf(widths, random);
        const runner = open(layers)!;
        for (let row = 0; row < 3; row++) {
          const values = Float32Array.from({ length: widths[0]! }, () => 3 * random.normal());
          runner.input.set(values);
          runner.run();
          computed(layers, values).forEach((value, unit) => {
            expect(Math.abs(runner.output[unit]! - value)).toBeLessThan(1e-5);
          });
        }
      }),
      { numRuns: 50 },
    );
  });

  it('bends sums as tanh does, to seven digits', () => {
    const one = { inputs: 1, units: 1, kernel: Float32Array.of(1), bias: Float32Array.of(0) };
    const runner = open([{ ...one, activation: 'tanh' }])!;
    const sizes = Array.from({ length: 2_000 }, (_, step) => 10 ** (step / 200 - 6));
    for (const value of [0, ...sizes, ...sizes.map((size) => -size), 1e20, -1e20]) {
      runner.input[0] = value;
      runner.run();
      const exact = Math.tanh(Math.fround(value));
      expect(Math.abs(runner.output[0]! - exact), `${value}`).toBeLessThanOrEqual(5e-7 * Math.abs(exact));
      expect(Math.abs(runner.output[0]!)).toBeLessThanOrEqual(1);
    }
  });
});

it('refuses layers that do not fit one another', () => {
  const [first, second] = layersOf([4, 3, 2], new Random(1)) as [DenseLayer, DenseLayer];
  for (const layers of [[], [second, first], [{ ...first, units: 2 }], [{ ...first, bias: new Float32Array(2) }]]) {
    expect(() => denseNetwork(layers)).toThrow(RangeError);
  }
});
