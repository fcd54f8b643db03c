import { PAYLOAD_PACKETS_SHOWN } from '../../../contract/traffic.ts';

const CAPACITY_BITS = 16;
export const LOGIN_CONVERSATIONS = 2 ** CAPACITY_BITS;

/** Marks of a conversation. */
export const LOGIN_MARK = {
  /** The client handed in a password, and waits for the answer. */
  attemptPending: 1,
  /** Its logins can be read, so the look of the session says no more. */
  readable: 2,
  sessionCounted: 4,
  /** As `attemptPending`, of a form. */
  formPending: 8,
  /** A parser follows it. */
  told: 16,
} as const;

/**
 * What conversations have come to, by the id of their flow, at a place that they have while they last: a later flow in
 * the same place takes it over. Fixed memory.
 */
export class LoginConversations {
  readonly marks = new Uint8Array(LOGIN_CONVERSATIONS);
  /** Stands for the name and password that the client handed in last; 0 for none. */
  readonly credentials = new Int32Array(LOGIN_CONVERSATIONS);
  readonly #flowIds = new Float64Array(LOGIN_CONVERSATIONS);
  /** Messages shown of either side: when there were as many as are ever shown, the rest is told by its bytes. */
  readonly #clientShown = new Uint8Array(LOGIN_CONVERSATIONS);
  readonly #serverShown = new Uint8Array(LOGIN_CONVERSATIONS);
  readonly #onBegin: (index: number) => void;

  /** @param onBegin told of a place that another conversation takes */
  constructor(onBegin: (index: number) => void) {
    this.#onBegin = onBegin;
  }

  /** The place of a flow, which it takes if need be. */
  place(flowId: number): number {
    const index = flowId & (LOGIN_CONVERSATIONS - 1);
    if (this.#flowIds[index] !== flowId) {
      this.#flowIds[index] = flowId;
      this.marks[index] = 0;
      this.credentials[index] = 0;
      this.#clientShown[index] = 0;
      this.#serverShown[index] = 0;
      this.#onBegin(index);
    }
    return index;
  }

  /** The place of a flow that has one, else -1. */
  find(flowId: number): number {
    const index = flowId & (LOGIN_CONVERSATIONS - 1);
    return this.#flowIds[index] === flowId ? index : -1;
  }

  /** A message of one side is shown. */
  show(index: number, fromClient: boolean): void {
    const shown = fromClient ? this.#clientShown : this.#serverShown;
    shown[index]!++;
  }

  /** As many messages of a side were shown as are ever shown. */
  isCut(index: number): boolean {
    return this.#clientShown[index]! >= PAYLOAD_PACKETS_SHOWN || this.#serverShown[index]! >= PAYLOAD_PACKETS_SHOWN;
  }

  clear(): void {
    this.#flowIds.fill(0);
  }
}
