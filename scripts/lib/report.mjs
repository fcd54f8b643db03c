/**
 * How the scripts talk: one line per step, with how long it took.
 *
 * @typedef {object} Report
 * @property {(line: string) => void} say one line about the state of things
 * @property {<T>(what: string, work: () => T) => T} step says what is being done, does it, says how long it took
 */

/** @param {number} milliseconds */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * @param {string} name who is talking
 * @param {{ write(text: string): unknown }} stream
 * @returns {Report}
 */
export function reportTo(name, stream) {
  return {
    say(line) {
      stream.write(`${name}: ${line}\n`);
    },
    step(what, work) {
      stream.write(`${name}: ${what} … `);
      const start = Date.now();
      try {
        const result = work();
        stream.write(`${seconds(Date.now() - start)}\n`);
        return result;
      } catch (error) {
        stream.write('failed\n');
        throw error;
      }
    },
  };
}

/** A failure that a person can do something about; shown as one message, without a stack. */
export class SetupError extends Error {}
