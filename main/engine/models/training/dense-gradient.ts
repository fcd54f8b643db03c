/** A dense layer with a gradient that the WASM backend computes quickly. */
import { type Tensor, type Tensor2D, tf } from './tensorflow.ts';

/** tanh(x × kernel + bias), or without the tanh. */
export type DenseStep = (x: Tensor2D, kernel: Tensor2D, bias: Tensor) => Tensor2D;

/**
 * TensorFlow.js's own gradient of a product asks for products of transposed matrices, for which the WASM backend has
 * a path that is several times slower than transposing first.
 */
export function denseStep(isTanh: boolean): DenseStep {
  const step = tf.customGrad((...args) => {
    const [x, kernel, bias, save] = args as unknown as [Tensor2D, Tensor2D, Tensor, (tensors: Tensor[]) => void];
    const sums = tf.add(tf.matMul(x, kernel), bias);
    const value = isTanh ? tf.tanh(sums) : sums;
    save([x, kernel, value]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [input, weights, output] = saved as [Tensor2D, Tensor2D, Tensor];
      const slope = (isTanh ? tf.mul(dy, tf.sub(1, tf.square(output))) : dy) as Tensor2D;
      return [tf.matMul(slope, tf.transpose(weights)), tf.matMul(tf.transpose(input), slope), tf.sum(slope, 0)];
    };
    return { value, gradFunc };
  });
  return (x, kernel, bias) => step(x, kernel, bias) as Tensor2D;
}
