import { latin1, viewOf } from '../bytes.ts';
import { VERDICT } from '../protocol.ts';
import { LineReader } from '../text-lines.ts';
import type { Framing } from './framing.ts';
import { Headers } from './headers.ts';
import { looseRequestLine, requestLine, requestVerdict, statusLine } from './start-line.ts';

/** What the messages of one side are made of, in the order of the wire. */
export interface MessageEvents {
  /** The first line, which is a request or status line. */
  start(line: string): void;
  /** All fields are there; says where the body ends. */
  head(headers: Headers): Framing;
  body(bytes: Uint8Array, start: number, end: number): void;
  /** Whether the rest of the body is of interest. */
  wantsBody(): boolean;
  /** Bytes of the body are missing. */
  bodyGap(): void;
  end(isWhole: boolean): void;
  /** The bytes are no HTTP, and will not become it. */
  broken(reason: string): void;
}

/** Longest line that is understood: servers allow 8 to 16 kB for a request line or field. */
const MAX_HTTP_LINE_BYTES = 16 * 1024;
/** No server takes more fields; what sends more does so to exhaust somebody. */
const MAX_FIELDS = 2_000;
/** After so many bytes that are no HTTP, none is expected any more. */
const MAX_LOST_BYTES = 4 * 1024 * 1024;
/** "HTTP/1.1 200 ": enough to tell a status line. */
const STATUS_START_BYTES = 13;

type State =
  | 'start'
  | 'fields'
  | 'length'
  | 'chunk-size'
  | 'chunk'
  | 'chunk-end'
  | 'trailers'
  | 'close'
  | 'lost'
  | 'held';

/** Reads the messages of one side of a connection of HTTP/1 (RFC 9112), whatever pieces they come in. */
export class MessageReader {
  readonly #isRequest: boolean;
  readonly #events: MessageEvents;
  readonly #lines = new LineReader(MAX_HTTP_LINE_BYTES);
  #state: State = 'start';
  #headers = new Headers();
  /** Bytes of the body or chunk that are to come. */
  #left = 0;
  #fields = 0;
  #lostBytes = 0;
  /** What comes next is the first after bytes that are missing. */
  #isAfterGap = false;
  #isBroken = false;

  constructor(isRequest: boolean, events: MessageEvents) {
    this.#isRequest = isRequest;
    this.#events = events;
  }

  /** Nothing is read on this side until `release`: the other side has the word. */
  get isHeld(): boolean {
    return this.#state === 'held';
  }

  /** It is not known where the next message begins. */
  get isLost(): boolean {
    return this.#state === 'lost';
  }

  release(): void {
    if (this.#state === 'held') this.#state = 'start';
  }

  /** Gives how many bytes are taken: more than there are where what follows is not wanted. */
  read(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && this.#state !== 'held' && !this.#isBroken) {
      if (this.#state === 'lost') {
        const found = this.#search(bytes, at);
        this.#countLost(found - at);
        if (this.isLost) return found;
        at = found;
      } else if (this.#state === 'length' || this.#state === 'chunk' || this.#state === 'close') {
        at = this.#data(bytes, at);
      } else {
        const line = this.#lines.take(bytes, at);
        at = this.#lines.position;
        if (line === undefined) break;
        this.#line(line);
      }
    }
    return this.#isBroken ? bytes.length : at;
  }

  gap(missingBytes: number): void {
    switch (this.#state) {
      case 'held':
        return;
      case 'close':
        this.#events.bodyGap();
        return;
      case 'length':
      case 'chunk':
        if (missingBytes > this.#left) break;
        this.#events.bodyGap();
        this.#left -= missingBytes;
        if (this.#left === 0) this.#dataEnd();
        return;
    }
    if (this.#state !== 'start' && this.#state !== 'lost') this.#events.end(false);
    this.#lose();
  }

  /** The connection ended. */
  end(): void {
    const state = this.#state;
    this.#state = 'lost';
    if (state === 'start' || state === 'lost' || state === 'held') return;
    // Nobody can tell a body that ends with the connection from one that was cut off.
    this.#events.end(state === 'close');
  }

  #line(line: string): void {
    switch (this.#state) {
      case 'start':
        this.#startLine(line);
        return;
      case 'fields':
        if (line === '') this.#head();
        else if (++this.#fields > MAX_FIELDS) this.#break('too-many-fields');
        else this.#headers.addLine(line);
        return;
      case 'chunk-size':
        this.#chunkSize(line);
        return;
      case 'chunk-end':
        this.#state = 'chunk-size';
        return;
      default:
        // Trailers (RFC 9112 7.1.2): nothing in them is needed.
        if (line === '') this.#messageEnd(true);
        else if (++this.#fields > MAX_FIELDS) this.#break('too-many-fields');
    }
  }

  #startLine(line: string): void {
    // Empty lines before a message are overlooked (RFC 9112 2.2).
    if (line === '') return;
    if ((this.#isRequest ? looseRequestLine(line) : statusLine(line)) === undefined) {
      this.#lose();
      this.#isAfterGap = false;
      return;
    }
    this.#headers = new Headers();
    this.#fields = 0;
    this.#state = 'fields';
    this.#events.start(line);
  }

  #head(): void {
    const framing = this.#events.head(this.#headers);
    switch (framing.kind) {
      case 'none':
        this.#messageEnd(true);
        return;
      case 'length':
        this.#left = framing.bytes;
        this.#state = 'length';
        return;
      case 'chunked':
        this.#state = 'chunk-size';
        return;
      case 'close':
        this.#state = 'close';
        return;
      case 'other':
        this.#state = 'held';
        this.#events.end(true);
    }
  }

  #data(bytes: Uint8Array, at: number): number {
    const count = this.#state === 'close' ? bytes.length - at : Math.min(this.#left, bytes.length - at);
    if (this.#events.wantsBody()) {
      this.#events.body(bytes, at, at + count);
    } else if (this.#state === 'length') {
      const skipped = this.#left;
      this.#left = 0;
      this.#dataEnd();
      return at + skipped;
    }
    this.#left -= count;
    if (this.#left === 0) this.#dataEnd();
    return at + count;
  }

  #dataEnd(): void {
    if (this.#state === 'length') this.#messageEnd(true);
    else if (this.#state === 'chunk') this.#state = 'chunk-end';
  }

  /** Hexadecimal, then perhaps extensions (RFC 9112 7.1). */
  #chunkSize(line: string): void {
    let size = 0;
    let digits = 0;
    while (digits < line.length) {
      const digit = hexDigit(line.charCodeAt(digits));
      if (digit < 0) break;
      size = size * 16 + digit;
      digits++;
    }
    if (digits === 0 || size > Number.MAX_SAFE_INTEGER) {
      this.#events.end(false);
      this.#lose();
    } else if (size === 0) {
      this.#state = 'trailers';
    } else {
      this.#left = size;
      this.#state = 'chunk';
    }
  }

  #messageEnd(isWhole: boolean): void {
    this.#state = 'start';
    this.#events.end(isWhole);
  }

  #lose(): void {
    this.#state = 'lost';
    this.#isAfterGap = true;
    this.#lines.restart();
  }

  #countLost(bytes: number): void {
    this.#lostBytes += bytes;
    if (this.#lostBytes > MAX_LOST_BYTES) this.#break('no-message');
  }

  /** Where the next message begins; the state stays lost, and all that needs no second look is taken, without one. */
  #search(bytes: Uint8Array, from: number): number {
    return this.#isRequest ? this.#searchRequest(bytes, from) : this.#searchResponse(bytes, from);
  }

  #searchResponse(bytes: Uint8Array, from: number): number {
    const view = viewOf(bytes);
    for (let at = view.indexOf('HTTP/1.', from, 'latin1'); at >= 0; at = view.indexOf('HTTP/1.', at + 1, 'latin1')) {
      if (bytes.length - at < STATUS_START_BYTES) return at;
      if (statusLine(latin1(bytes, at, at + STATUS_START_BYTES).trimEnd()) !== undefined) {
        this.#state = 'start';
        return at;
      }
    }
    // The mark may be cut in two.
    return Math.max(from, bytes.length - STATUS_START_BYTES);
  }

  /** A request follows the missing bytes at once, as packets have them, or begins a line. */
  #searchRequest(bytes: Uint8Array, from: number): number {
    let at = from;
    if (this.#isAfterGap) {
      const verdict = requestVerdict(bytes.subarray(at));
      if (verdict === VERDICT.maybe) return at;
      this.#isAfterGap = false;
      if (verdict === VERDICT.yes) {
        this.#state = 'start';
        return at;
      }
      this.#lines.gap();
    }
    while (at < bytes.length) {
      const line = this.#lines.take(bytes, at);
      const position = this.#lines.position;
      if (line === undefined) return position;
      if (requestLine(line) !== undefined) {
        this.#state = 'start';
        return at;
      }
      at = position;
    }
    return at;
  }

  #break(reason: string): void {
    this.#isBroken = true;
    this.#events.broken(reason);
  }
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = (code | 0x20) - 0x61;
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}
