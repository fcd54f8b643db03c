import { NO_BYTES, u32At } from '../bytes.ts';
import type { HoldMemory } from '../protocol.ts';
import { HANDSHAKE_HEADER_BYTES } from './numbers.ts';

/** Longest message that is put together from several records; longer ones are passed over. */
const MAX_MESSAGE_BYTES = 64 * 1024;
const FIRST_BUFFER_BYTES = 1_024;

/** Takes one whole message; the body is valid during the call. */
export type MessageTaker = (type: number, body: Uint8Array) => void;

/** Cuts the handshake content of one side's records into messages (RFC 8446 4): several in one, or one over several. */
export class MessageCutter {
  /** The beginning of a message of which more is to come: #buffer[0..#held). */
  #buffer = NO_BYTES;
  #held = 0;
  /** Content of a message that is too long, still to be passed over. */
  #passOver = 0;
  readonly #count: HoldMemory | undefined;

  /** @param count counts the memory; see ParserContext */
  constructor(count?: HoldMemory) {
    this.#count = count;
  }

  /** Takes the content of one record. */
  push(content: Uint8Array, take: MessageTaker): void {
    const passed = Math.min(this.#passOver, content.length);
    this.#passOver -= passed;
    const bytes = content.subarray(passed);
    if (this.#held === 0) {
      this.#hold(bytes.subarray(this.#cut(bytes, take)));
      return;
    }
    // Each byte is moved twice at the most, however small the records are.
    this.#hold(bytes);
    const taken = this.#cut(this.#buffer.subarray(0, this.#held), take);
    if (taken === 0) return;
    this.#buffer.copyWithin(0, taken, this.#held);
    this.#held -= taken;
    if (this.#held === 0) this.#setBuffer(NO_BYTES);
  }

  /** Content is missing here: the message that it belonged to is lost, and a record begins the next one. */
  lose(): void {
    this.#setBuffer(NO_BYTES);
    this.#held = 0;
    this.#passOver = 0;
  }

  /** How many bytes are whole messages, or belong to one that is too long. */
  #cut(bytes: Uint8Array, take: MessageTaker): number {
    let at = 0;
    while (bytes.length - at >= HANDSHAKE_HEADER_BYTES) {
      const length = u32At(bytes, at) & 0xffffff;
      const start = at + HANDSHAKE_HEADER_BYTES;
      const end = start + length;
      if (end > bytes.length) {
        if (length <= MAX_MESSAGE_BYTES) return at;
        this.#passOver = end - bytes.length;
        return bytes.length;
      }
      take(bytes[at], bytes.subarray(start, end));
      at = end;
    }
    return at;
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const needed = this.#held + bytes.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length, FIRST_BUFFER_BYTES));
      larger.set(this.#buffer.subarray(0, this.#held));
      this.#setBuffer(larger);
    }
    this.#buffer.set(bytes, this.#held);
    this.#held = needed;
  }

  #setBuffer(buffer: Uint8Array): void {
    this.#count?.(buffer.length - this.#buffer.length);
    this.#buffer = buffer;
  }
}
