/** A small feed-forward network of dense layers. */
import { checkLayers, type DenseLayer, type DenseRunner } from './dense-layer.ts';
import { plainRunner } from './dense-plain.ts';
import { wasmRunner } from './dense-wasm.ts';

/** @throws RangeError where layers do not fit one another */
export function denseNetwork(layers: readonly DenseLayer[]): DenseRunner {
  checkLayers(layers);
  return wasmRunner(layers) ?? plainRunner(layers);
}
