import { PROTOCOL } from '../../../../contract/traffic.ts';
import { latin1, u16At, u32At, utf8Text } from './bytes.ts';
import { redactedJson } from './http/index.ts';
import { type Parser, type ParserContext, type ProtocolDefinition, VERDICT } from './protocol.ts';
import { sided } from './sided.ts';
import { Teller } from './teller.ts';

/** WebSocket (RFC 6455), behind an upgrade of HTTP: the beginnings of the first messages. */
export const websocket: ProtocolDefinition = {
  id: 'websocket',
  transports: [PROTOCOL.tcp],
  ports: [80, 8080, 8000, 8081, 8888],
  identify: () => VERDICT.no,
  parser: (context) => new WebSocketParser(context),
};

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** Of a message so much is told. */
const MAX_MESSAGE_BYTES = 256;
/** Messages of each side that are told: a conversation shows what it is by then. */
const MAX_MESSAGES = 16;
const MASK_BYTES = 4;
const COMPRESSED = 0x40;

class WebSocketParser implements Parser {
  readonly #context: ParserContext;
  readonly #sides: readonly [Side, Side];

  constructor(context: ParserContext) {
    this.#context = context;
    this.#sides = [newSide(context, true), newSide(context, false)];
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    const side = this.#sides[fromInitiator ? 0 : 1];
    let at = 0;
    while (at < bytes.length) {
      const head = frameHead(bytes, at);
      if (head === undefined) break;
      const wanted = Math.min(head.length, MAX_MESSAGE_BYTES);
      if (bytes.length - at < head.headBytes + wanted) break;
      this.#frame(bytes, at, head, wanted, side);
      if (side.messagesLeft === 0 && this.#sides.every((each) => each.messagesLeft === 0)) {
        this.#context.finish();
        return bytes.length;
      }
      at += head.headBytes + head.length;
    }
    return at;
  }

  #frame(bytes: Uint8Array, at: number, head: FrameHead, wanted: number, side: Side): void {
    if (head.isReserved) {
      this.#context.tell({ type: 'broken', protocol: 'websocket', reason: 'bad-opcode' });
      this.#context.finish();
      return;
    }
    if ((head.opcode !== OPCODE.text && head.opcode !== OPCODE.binary) || side.messagesLeft === 0) return;
    side.messagesLeft--;
    // What is compressed (RFC 7692) needs all that came before.
    if (head.isCompressed) return;
    const start = bytes.slice(at + head.headBytes, at + head.headBytes + wanted);
    const mask = at + head.headBytes - MASK_BYTES;
    if (head.isMasked) for (let i = 0; i < start.length; i++) start[i] ^= bytes[mask + (i & 3)];
    side.teller.property(head.opcode === OPCODE.text ? 'text' : 'binary', messageText(start, head.opcode));
  }
}

interface Side {
  readonly teller: Teller;
  messagesLeft: number;
}

function newSide(context: ParserContext, fromInitiator: boolean): Side {
  return { teller: new Teller(sided(context, fromInitiator), 'websocket'), messagesLeft: MAX_MESSAGES };
}

function messageText(start: Uint8Array, opcode: number): string {
  return opcode === OPCODE.text ? redactedJson(utf8Text(start)) : latin1(start);
}

interface FrameHead {
  readonly opcode: number;
  readonly isCompressed: boolean;
  readonly isMasked: boolean;
  readonly isReserved: boolean;
  readonly headBytes: number;
  readonly length: number;
}

/** Undefined while it is not whole (RFC 6455 5.2). */
function frameHead(bytes: Uint8Array, at: number): FrameHead | undefined {
  if (bytes.length - at < 2) return undefined;
  const opcode = bytes[at] & 0x0f;
  const isMasked = (bytes[at + 1] & 0x80) !== 0;
  const short = bytes[at + 1] & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const headBytes = 2 + lengthBytes + (isMasked ? MASK_BYTES : 0);
  if (bytes.length - at < headBytes) return undefined;
  let length = short;
  if (lengthBytes === 2) length = u16At(bytes, at + 2);
  // The highest bits are zero in what is meant seriously; a length beyond 2^53 skips everything.
  else if (lengthBytes === 8) length = u32At(bytes, at + 2) * 2 ** 32 + u32At(bytes, at + 6);
  const isReserved = opcode > OPCODE.pong || (opcode > OPCODE.binary && opcode < OPCODE.close);
  return { opcode, isCompressed: (bytes[at] & COMPRESSED) !== 0, isMasked, isReserved, headBytes, length };
}
