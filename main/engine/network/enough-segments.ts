/** Flows that are remembered, by the last bits of their ids: far more than have segments under way between two threads. */
const PLACES = 8_192;
export const ENOUGH_SEGMENTS_BYTES = PLACES * Int32Array.BYTES_PER_ELEMENT;

/**
 * Flows of whose segments everybody has seen enough, in shared memory: the thread that tells observers writes them down
 * and the one that follows the flows stops sending. It is a hint only, which may come late or be lost: what is sent all
 * the same is passed over.
 */
export class EnoughSegments {
  readonly #ids: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#ids = new Int32Array(memory, 0, PLACES);
  }

  add(flowId: number): void {
    this.#ids[flowId & (PLACES - 1)] = flowId;
  }

  has(flowId: number): boolean {
    return this.#ids[flowId & (PLACES - 1)] === (flowId | 0);
  }
}
