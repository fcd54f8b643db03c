import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { joinBytes, mayStartWith, NO_BYTES, startsWith, u32At } from '../bytes.ts';
import { Exchange, type ExchangeConnection, Headers } from '../http/index.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from '../protocol.ts';
import { sided } from '../sided.ts';
import { HpackDecoder } from './hpack.ts';

/** What a client begins with (RFC 9113 3.4). */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** HTTP/2 in clear text (RFC 9113), from its preface on or behind an upgrade. */
export const http2: ProtocolDefinition = {
  id: 'http2',
  transports: [PROTOCOL.tcp],
  ports: [80, 8080, 50051],
  isEndless: true,
  identify,
  parser: (context) => new Http2Parser(context),
};

function identify({ initiator }: Opening): Verdict {
  // A server may send its settings before it has heard anything: only the client's preface tells.
  if (!mayStartWith(initiator, PREFACE)) return VERDICT.no;
  return initiator.length >= PREFACE.length ? VERDICT.yes : VERDICT.maybe;
}

/** Frames (RFC 9113 6). */
const FRAME = { data: 0, headers: 1, reset: 3, pushPromise: 5, goAway: 7, continuation: 9 } as const;
const FLAG = { endStream: 0x01, endHeaders: 0x04, padded: 0x08, priority: 0x20 } as const;
const FRAME_HEAD_BYTES = 9;
/** What peers allow unless they say otherwise is 16 kB; what does not fit into what may wait is given up. */
const MAX_HEADER_FRAME_BYTES = 60 * 1024;
/** A field block in pieces. */
const MAX_BLOCK_BYTES = 128 * 1024;
/** Streams that are followed at once; the usual limit of servers is 100 to 250. */
const MAX_STREAMS = 256;
const MAX_KNOWN_LOGINS = 32;

interface Side {
  readonly isRequest: boolean;
  readonly decoder: HpackDecoder;
  hasPreface: boolean;
  /** Of the frame of data at hand: bytes to come, and the padding behind them. */
  dataLeft: number;
  paddingLeft: number;
  dataStream: number;
  dataEnds: boolean;
  /** A field block that goes on in further frames. */
  block: Uint8Array;
  blockStream: number;
  blockEnds: boolean;
}

class Http2Parser implements Parser, ExchangeConnection {
  readonly protocol = 'http2';
  readonly request: ParserContext;
  readonly response: ParserContext;
  readonly #context: ParserContext;
  readonly #client = newSide(true);
  readonly #server = newSide(false);
  readonly #streams = new Map<number, Exchange>();
  #next = 0;
  readonly #knownLogins = new Set<string>();

  constructor(context: ParserContext) {
    this.#context = context;
    this.request = sided(context, true);
    this.response = sided(context, false);
  }

  isKnownLogin(key: string): boolean {
    if (this.#knownLogins.has(key)) return true;
    if (this.#knownLogins.size < MAX_KNOWN_LOGINS) this.#knownLogins.add(key);
    return false;
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    const side = fromInitiator ? this.#client : this.#server;
    let at = 0;
    if (!side.hasPreface) {
      if (bytes.length < PREFACE.length) return mayStartWith(bytes, PREFACE) ? 0 : this.#break('no-preface', bytes);
      if (!startsWith(bytes, PREFACE)) return this.#break('no-preface', bytes);
      side.hasPreface = true;
      at = PREFACE.length;
    }
    while (at < bytes.length) {
      const next = side.dataLeft + side.paddingLeft > 0 ? this.#data(bytes, at, side) : this.#frame(bytes, at, side);
      if (next === at || next < 0) return next < 0 ? bytes.length : at;
      at = next;
    }
    return at;
  }

  gap(missingBytes: number, fromInitiator: boolean): void {
    const side = fromInitiator ? this.#client : this.#server;
    const left = side.dataLeft + side.paddingLeft;
    if (missingBytes >= left) {
      // Where the next frame begins is not known, and a lost block of fields spoils all later ones.
      this.#context.finish();
      return;
    }
    const exchange = this.#streams.get(side.dataStream);
    if (side.isRequest) exchange?.requestGap();
    else exchange?.responseGap();
    const data = Math.min(missingBytes, side.dataLeft);
    side.dataLeft -= data;
    side.paddingLeft -= missingBytes - data;
    if (data > 0 && side.dataLeft === 0) this.#dataEnd(side);
  }

  end(): void {
    for (const exchange of this.#streams.values()) exchange.abandon();
    this.#streams.clear();
  }

  /** Offset behind the frame, or behind its head where data follow; `at` while it is not whole, -1 when given up. */
  #frame(bytes: Uint8Array, at: number, side: Side): number {
    if (bytes.length - at < FRAME_HEAD_BYTES) return at;
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    const type = bytes[at + 3];
    const flags = bytes[at + 4];
    const stream = u32At(bytes, at + 5) & 0x7fffffff;
    const start = at + FRAME_HEAD_BYTES;
    if (type === FRAME.data) return this.#dataHead(bytes, start, length, flags, stream, side);
    const isHeader = type === FRAME.headers || type === FRAME.continuation || type === FRAME.pushPromise;
    if (!isHeader) {
      if (type === FRAME.reset && length === 4) this.#reset(stream);
      return start + length;
    }
    if (length > MAX_HEADER_FRAME_BYTES) return this.#giveUp('too-long');
    if (bytes.length - start < length) return at;
    const isRead = this.#headers(bytes.subarray(start, start + length), type, flags, stream, side);
    return isRead ? start + length : this.#giveUp('bad-fields');
  }

  #dataHead(bytes: Uint8Array, start: number, length: number, flags: number, stream: number, side: Side): number {
    let padding = 0;
    let at = start;
    if (flags & FLAG.padded) {
      if (bytes.length <= start) return start - FRAME_HEAD_BYTES;
      padding = bytes[at++];
    }
    side.dataLeft = length - (at - start) - padding;
    if (side.dataLeft < 0) return this.#giveUp('bad-padding');
    side.paddingLeft = padding;
    side.dataStream = stream;
    side.dataEnds = (flags & FLAG.endStream) !== 0;
    if (side.dataLeft === 0) this.#dataEnd(side);
    return at;
  }

  #data(bytes: Uint8Array, at: number, side: Side): number {
    const count = Math.min(side.dataLeft, bytes.length - at);
    if (count > 0) {
      const exchange = this.#streams.get(side.dataStream);
      if (side.isRequest) exchange?.takeRequestBody(bytes, at, at + count);
      else exchange?.takeResponseBody(bytes, at, at + count);
      side.dataLeft -= count;
      if (side.dataLeft === 0) this.#dataEnd(side);
    }
    const padding = Math.min(side.paddingLeft, bytes.length - at - count);
    side.paddingLeft -= padding;
    return at + count + padding;
  }

  #dataEnd(side: Side): void {
    if (side.dataEnds) this.#messageEnd(side.dataStream, side);
  }

  /** False for what is not well formed. */
  #headers(frame: Uint8Array, type: number, flags: number, stream: number, side: Side): boolean {
    let at = 0;
    let end = frame.length;
    if (type === FRAME.continuation) {
      if (side.blockStream !== stream) return false;
    } else {
      if (side.blockStream !== 0) return false;
      if (flags & FLAG.padded) end -= frame[at++] ?? 0;
      if (type === FRAME.headers && flags & FLAG.priority) at += 5;
      // What is promised is a request that nobody makes; its fields count for those to come.
      if (type === FRAME.pushPromise) at += 4;
      side.blockEnds = type === FRAME.headers && (flags & FLAG.endStream) !== 0;
      side.blockStream = type === FRAME.pushPromise ? -stream : stream;
    }
    if (at > end) return false;
    const part = frame.subarray(at, end);
    const block = side.block.length === 0 ? part : joinBytes(side.block, part);
    if (block.length > MAX_BLOCK_BYTES) return false;
    if ((flags & FLAG.endHeaders) === 0) {
      side.block = block.slice();
      return true;
    }
    const blockStream = side.blockStream;
    side.block = NO_BYTES;
    side.blockStream = 0;
    const headers = new Headers();
    if (!side.decoder.decode(block, (name, value) => headers.add(name, value))) return false;
    if (blockStream > 0) this.#message(blockStream, headers, side);
    return true;
  }

  #message(stream: number, headers: Headers, side: Side): void {
    if (side.isRequest) this.#requestHead(stream, headers);
    else this.#responseHead(stream, headers);
    if (side.blockEnds) this.#messageEnd(stream, side);
  }

  #requestHead(stream: number, headers: Headers): void {
    const method = headers.get(':method');
    // Without one they are trailers.
    if (method === '') return;
    const uri = headers.get(':path') || headers.get(':authority');
    this.#exchange(stream).requestHead({ method, uri, version: '2', headers });
  }

  #responseHead(stream: number, headers: Headers): void {
    const status = Number(headers.get(':status'));
    if (!Number.isInteger(status) || status < 100) return;
    this.#exchange(stream).responseHead(status, '', headers);
  }

  #exchange(stream: number): Exchange {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    if (this.#streams.size >= MAX_STREAMS) {
      for (const [oldest, exchange] of this.#streams) {
        exchange.abandon();
        this.#streams.delete(oldest);
        break;
      }
    }
    const exchange = new Exchange(this, this.#next++);
    this.#streams.set(stream, exchange);
    return exchange;
  }

  #messageEnd(stream: number, side: Side): void {
    const exchange = this.#streams.get(stream);
    if (exchange === undefined) return;
    if (side.isRequest) {
      exchange.requestEnd(true);
      return;
    }
    exchange.responseEnd(true);
    if (exchange.isOver) this.#streams.delete(stream);
  }

  #reset(stream: number): void {
    this.#streams.get(stream)?.abandon();
    this.#streams.delete(stream);
  }

  #giveUp(reason: string): number {
    this.#context.tell({ type: 'broken', protocol: 'http2', reason });
    this.#context.finish();
    return -1;
  }

  #break(reason: string, bytes: Uint8Array): number {
    this.#giveUp(reason);
    return bytes.length;
  }
}

function newSide(isRequest: boolean): Side {
  return {
    isRequest,
    decoder: new HpackDecoder(),
    hasPreface: !isRequest,
    dataLeft: 0,
    paddingLeft: 0,
    dataStream: 0,
    dataEnds: false,
    block: NO_BYTES,
    blockStream: 0,
    blockEnds: false,
  };
}
