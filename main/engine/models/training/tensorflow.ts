/**
 * TensorFlow.js with the quickest backend that works here. Takes 100 MB and more: only for the process that trains.
 */
import tf from '@tensorflow/tfjs-core';
import layers from '@tensorflow/tfjs-layers';

export type { Tensor, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';
export type { Sequential } from '@tensorflow/tfjs-layers';
export { layers, tf };

/** Packages in the order of their speed, each with the backend that it brings. */
const BACKENDS: readonly { readonly name: string; readonly load: () => Promise<unknown> }[] = [
  // Native code, where somebody installed it and it loads.
  { name: 'tensorflow', load: () => import('@tensorflow/tfjs-node') },
  { name: 'wasm', load: loadWasm },
  { name: 'cpu', load: () => import('@tensorflow/tfjs-backend-cpu') },
];

/** It finds its .wasm files beside its own code. */
async function loadWasm(): Promise<void> {
  await import('@tensorflow/tfjs-backend-wasm');
  // Matrices of this size would not gain by threads, which end later than the work.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
}

let chosen: Promise<string> | undefined;

/** Makes a backend ready, once. @returns its name @throws Error where none works */
export function startTensorFlow(): Promise<string> {
  chosen ??= choose();
  return chosen;
}

async function choose(): Promise<string> {
  // No warnings to standard error, which is kept for what the program itself has to say.
  tf.enableProdMode();
  const problems: string[] = [];
  for (const { name, load } of BACKENDS) {
    try {
      await load();
      if (await tf.setBackend(name)) return name;
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`TensorFlow.js does not start (${problems.join('; ')})`);
}
