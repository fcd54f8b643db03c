import { joinBytes, NO_BYTES } from '../bytes.ts';
import { HANDSHAKE_HEADER_BYTES } from './numbers.ts';

/** Longest message that is put together from several records; longer ones are passed over. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** Cuts the handshake content of one side's records into messages (RFC 8446 4): several in one, or one over several. */
export class MessageCutter {
  /** The beginning of a message of which more is to come. */
  #begun: Uint8Array = NO_BYTES;
  /** Content of a message that is too long, still to be passed over. */
  #passOver = 0;

  /**
   * Takes the content of one record; `take` gets every whole message and gives false when it wants no more.
   * The bytes are valid during the call.
   */
  push(content: Uint8Array, take: (type: number, body: Uint8Array) => boolean): void {
    let at = Math.min(this.#passOver, content.length);
    this.#passOver -= at;
    let bytes = content;
    if (this.#begun.length > 0) {
      bytes = joinBytes(this.#begun, content);
      this.#begun = NO_BYTES;
    }
    while (bytes.length - at >= HANDSHAKE_HEADER_BYTES) {
      const end = at + HANDSHAKE_HEADER_BYTES + messageBytes(bytes, at);
      if (end > bytes.length) {
        if (end - at <= MAX_MESSAGE_BYTES) break;
        this.#passOver = end - bytes.length;
        return;
      }
      if (!take(bytes[at], bytes.subarray(at + HANDSHAKE_HEADER_BYTES, end))) return;
      at = end;
    }
    if (at < bytes.length) this.#begun = new Uint8Array(bytes.subarray(at));
  }

  /** Content is missing here: the message that it belonged to is lost, and a record begins the next one. */
  lose(): void {
    this.#begun = NO_BYTES;
    this.#passOver = 0;
  }
}

function messageBytes(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
