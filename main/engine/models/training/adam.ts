/**
 * Adam (D. P. Kingma, J. Ba: "Adam: A Method for Stochastic Optimization", ICLR 2015) over all variables as one long
 * vector: TensorFlow.js's own takes a dozen steps for each variable, which for small layers is most of the time.
 */
import { type Tensor, tf, type Variable } from './tensorflow.ts';

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-7;

export class Adam {
  readonly #variables: readonly Variable[];
  readonly #first: Variable;
  readonly #second: Variable;
  #steps = 0;

  constructor(variables: readonly Variable[]) {
    this.#variables = variables;
    const size = variables.reduce((sum, variable) => sum + variable.size, 0);
    const zeros = () => tf.tidy(() => tf.variable(tf.zeros([size]), false));
    this.#first = zeros();
    this.#second = zeros();
  }

  /** @param gradients in the variables' order; stay the caller's */
  step(gradients: readonly Tensor[], learningRate: number): void {
    this.#steps++;
    // Both means start from zero; this makes up for it.
    const rate = (learningRate * Math.sqrt(1 - SECOND_DECAY ** this.#steps)) / (1 - FIRST_DECAY ** this.#steps);
    tf.tidy(() => {
      const joined = tf.concat1d(gradients.map((gradient) => tf.reshape(gradient, [gradient.size])));
      this.#first.assign(mean(this.#first, joined, FIRST_DECAY));
      this.#second.assign(mean(this.#second, tf.square(joined), SECOND_DECAY));
      const change = tf.mul(tf.div(this.#first, tf.add(tf.sqrt(this.#second), EPSILON)), rate);
      const parts = tf.split(
        change,
        this.#variables.map(({ size }) => size),
      );
      this.#variables.forEach((variable, index) => {
        variable.assign(tf.sub(variable, tf.reshape(parts[index]!, variable.shape)));
      });
    });
  }

  dispose(): void {
    this.#first.dispose();
    this.#second.dispose();
  }
}

function mean(before: Tensor, now: Tensor, decay: number): Tensor {
  return tf.add(tf.mul(before, decay), tf.mul(now, 1 - decay));
}
