/** A dense layer with a gradient that the WASM backend computes quickly. */
import { type Tensor, type Tensor2D, tf } from './tensorflow.ts';

/** tanh(x × kernel + bias), or without the tanh. */
export type DenseStep = (x: Tensor2D, kernel: Tensor2D, bias: Tensor) => Tensor2D;

/**
 * TensorFlow.js's own gradient of a product asks for products of transposed matrices, for which the WASM backend has
 * a path that is several times slower than transposing first, and it adds columns up more slowly than it multiplies.
 */
export function denseStep(isTanh: boolean): DenseStep {
  const step = tf.customGrad((...args) => {
    const [x, kernel, bias, save] = args as unknown as [Tensor2D, Tensor2D, Tensor, Save];
    const { value, slopeOf } = forward(x, kernel, bias, isTanh);
    save([x, kernel, value]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [input, weights, output] = saved as [Tensor2D, Tensor2D, Tensor];
      const slope = slopeOf(dy, output);
      return [tf.matMul(slope, tf.transpose(weights)), ...parameterGradients(input, slope)];
    };
    return { value, gradFunc };
  });
  return (x, kernel, bias) => step(x, kernel, bias) as Tensor2D;
}

/** The same for rows that nobody wants the gradient of. */
export function firstDenseStep(isTanh: boolean): DenseStep {
  return (x, kernel, bias) => {
    const step = tf.customGrad((...args) => {
      const [weights, shift, save] = args as unknown as [Tensor2D, Tensor, Save];
      const { value, slopeOf } = forward(x, weights, shift, isTanh);
      save([x, value]);
      const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
        const [input, output] = saved as [Tensor2D, Tensor];
        return parameterGradients(input, slopeOf(dy, output));
      };
      return { value, gradFunc };
    });
    return step(kernel, bias) as Tensor2D;
  };
}

type Save = (tensors: Tensor[]) => void;

interface Forward {
  readonly value: Tensor;
  /** Gradient of the sums, from that of the value and the value. */
  readonly slopeOf: (dy: Tensor, value: Tensor) => Tensor2D;
}

function forward(x: Tensor2D, kernel: Tensor2D, bias: Tensor, isTanh: boolean): Forward {
  const sums = tf.add(tf.matMul(x, kernel), bias);
  if (!isTanh) return { value: sums, slopeOf: (dy) => dy as Tensor2D };
  // The WASM backend has a quick logistic function: tanh is that of twice the value, twice as high and one lower.
  const value = tf.sub(tf.mul(tf.sigmoid(tf.mul(sums, 2)), 2), 1);
  return { value, slopeOf: (dy, output) => tf.mul(dy, tf.sub(1, tf.square(output))) as Tensor2D };
}

/** Of the kernel and the bias. */
function parameterGradients(input: Tensor2D, slope: Tensor2D): [Tensor, Tensor] {
  const [rows, units] = slope.shape;
  return [tf.matMul(tf.transpose(input), slope), tf.reshape(tf.matMul(tf.ones([1, rows]), slope), [units])];
}
