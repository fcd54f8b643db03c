import type { ProtocolId } from '../../../../contract/facts.ts';
import type { Parser, ParserContext } from './protocol.ts';

/** The length is not known yet: more bytes will tell. */
export const FRAME_INCOMPLETE = 0;
/** No message of the protocol begins so. */
export const FRAME_BROKEN = -1;

/** How a protocol over TCP cuts its stream into messages. */
export interface Framing {
  /** Bytes that tell the length of a message. */
  readonly headerBytes: number;
  /** Most bytes of a message that are looked at; what lies behind is skipped without being kept. */
  readonly readBytes: number;
  /** Bytes of the whole message that begins at `at`, header and all; FRAME_INCOMPLETE or FRAME_BROKEN. */
  frameBytes(bytes: Uint8Array, at: number, fromInitiator: boolean): number;
}

/** Reads the messages of one conversation. */
export interface MessageReader {
  /**
   * @param bytes the message, or its first Framing.readBytes; valid during the call
   * @param frameBytes of the whole message
   * @returns false: the stream goes on in another way (see ParserContext.become), nothing more is taken
   */
  message(bytes: Uint8Array, fromInitiator: boolean, frameBytes: number): boolean | undefined;
  /**
   * After bytes were lost, or were none of a message: whether a message surely begins here. Senders mostly begin a segment with a message, so
   * the place is found again at one of the next segments. Without this method that ends the reading.
   */
  beginsMessage?(bytes: Uint8Array): boolean;
  end?(): void;
}

/** A parser of messages that say how long they are. A long message costs no memory beyond what is looked at. */
export function framedParser(
  context: ParserContext,
  protocol: ProtocolId,
  framing: Framing,
  reader: MessageReader,
): Parser {
  /** Whether the place of the next message of a side is not known. */
  const isLost = [false, false];
  let isStopped = false;
  return {
    read(bytes, fromInitiator) {
      const side = fromInitiator ? 0 : 1;
      if (isLost[side]) {
        if (bytes.length < framing.headerBytes) return 0;
        if (!reader.beginsMessage?.(bytes)) return bytes.length;
        isLost[side] = false;
      }
      let at = 0;
      while (!isStopped && bytes.length - at >= framing.headerBytes) {
        const frameBytes = framing.frameBytes(bytes, at, fromInitiator);
        if (frameBytes === FRAME_INCOMPLETE) break;
        if (!(frameBytes >= framing.headerBytes)) {
          if (reader.beginsMessage !== undefined) {
            // Met in the middle, or left the protocol: the next message is waited for.
            isLost[side] = true;
            return bytes.length;
          }
          context.tell({ type: 'broken', protocol, reason: 'bad-length' });
          context.finish();
          return bytes.length;
        }
        const wanted = Math.min(frameBytes, framing.readBytes);
        if (bytes.length - at < wanted) break;
        isStopped = reader.message(bytes.subarray(at, at + wanted), fromInitiator, frameBytes) === false;
        at += frameBytes;
      }
      return at;
    },
    gap(_missingBytes, fromInitiator) {
      if (reader.beginsMessage === undefined) context.finish();
      else isLost[fromInitiator ? 0 : 1] = true;
    },
    end() {
      reader.end?.();
    },
  };
}
