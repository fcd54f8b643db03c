import type { FlowView, PacketView } from '../../../../contract/traffic.ts';
import { latin1Text } from '../../runtime/latin1.ts';
import { isInitiatorCalled } from '../control-ends.ts';
import type { Seen } from './http-signs.ts';
import { isCapitalHexadecimal, isOpaque, isSelfDescription } from './text-shape.ts';

/** Kept of the beginning of each side. */
const KEPT_TEXT = 512;
/** Read of one packet. */
const READ_BYTES = 256;
const LEAST_STAGE = 1_000;
const MOST_STAGE = 32 * 1024 * 1024;
/** Handlers send at most a terminator beyond what they announced. */
const STAGE_SLACK = 16;
/** An ordinary length-prefixed protocol is answered; a stage comes whole before the caller says anything. */
const KEEPALIVE_BYTES = 64;
const KEEPALIVES = 4;
const LEAST_GAP_US = 2_000_000;
/** Standard deviation of the gaps by their mean: a timer. */
const STEADY = 0.25;

/** Poison Ivy's challenge, and the answer to it. */
const CHALLENGE_BYTES = 256;

/** An order by name: "UPLOAD|12", "PING". */
const TAG = /^[A-Z][A-Z_#]{2,23}([|:#*]|\d{0,4}\r?\n|\d{0,4}$)/;
/** A row of three to six signs that stands between fields: "|'|'|". */
const SEPARATOR = /[!#$%&'*<>@^`{|}~]{3,6}/g;
const SEPARATED_FIELDS = 4;
/** An order with such a row behind it, perhaps its length before it: "12\0CAP|'|'|". */
const SEPARATED_ORDER = /^(?:\d{1,6}\0)?[A-Za-z][A-Za-z0-9_]{0,23}([!#$%&'*<>@^`{|}~]{3,6})/;
/** Rows of the called end that are kept; one program has one. */
const MOST_ROWS = 4;
/** One status or order alone may be a greeting. */
const SEPARATED_ORDERS = 2;
/** Beginnings of JPEG, PNG and bitmaps, behind a short head. */
const PICTURES: readonly string[] = ['\u00ff\u00d8\u00ff', '\u0089PNG\r\n', 'JFIF'];
const PICTURE_HEAD = 200;
/** A program of Windows (at the header that a loader jumps to) or Linux, or the first instructions of a loader. */
const PROGRAMS: readonly string[] = ['MZ', '\u007fELF', '\u00fc\u00e8', '\u00fc\u0048\u0083'];

function isProgram(text: string): boolean {
  return PROGRAMS.some((start) => text.startsWith(start));
}

function hasPicture(text: string): boolean {
  const head = text.slice(0, PICTURE_HEAD);
  return PICTURES.some((start) => head.includes(start));
}

function hasSeparators(text: string): boolean {
  const rows = new Map<string, number>();
  for (const [row] of text.matchAll(SEPARATOR)) {
    const count = (rows.get(row) ?? 0) + 1;
    // A line of asterisks is an ornament.
    if (count >= SEPARATED_FIELDS && new Set(row).size > 1) return true;
    rows.set(row, count);
  }
  return false;
}

/** A conversation in no known protocol, by the first packets of each side. */
export class RawFlow {
  readonly isInitiatorCalled: boolean;
  /** A parser has told its protocol: what was gathered is void. */
  isKnown = false;
  #calledText = '';
  #callerText = '';
  #spokeFirst: 'called' | 'caller' | undefined;
  /** Announced by the called end, −1 once it cannot be a stage. */
  #stageBytes = 0;
  #stageSeen = 0;
  /** Bytes of the first packet of each side. */
  #calledFirstBytes = 0;
  #callerFirstBytes = 0;
  #isProgram = false;
  /** The called end began with a program, before anything was asked for. */
  #beginsWithProgram = false;
  #hasPicture = false;
  #hasPackedFrames = false;
  /** Rows behind a word that the called end begins its messages with, and how often. */
  #orderRows: Map<string, number> | undefined;
  readonly #beats = [new Beats(), new Beats()] as const;

  constructor(flow: FlowView) {
    this.isInitiatorCalled = isInitiatorCalled(flow);
  }

  take(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    const { bytes, payloadStart, payloadEnd, payloadBytes, timeUs } = packet;
    const fromCalled = fromInitiator === this.isInitiatorCalled;
    const text = latin1Text(bytes, payloadStart, Math.min(payloadEnd, payloadStart + READ_BYTES));
    this.#spokeFirst ??= fromCalled ? 'called' : 'caller';
    if (fromCalled) {
      this.#calledFirstBytes ||= payloadBytes;
      this.#beginsWithProgram ||= this.#callerText === '' && this.#calledText === '' && isProgram(text);
      if (this.#calledText.length < KEPT_TEXT) this.#calledText += text;
      this.#takeOrder(text);
      this.#takeStage(flow, packet, text);
    } else {
      this.#callerFirstBytes ||= payloadBytes;
      if (this.#callerText.length < KEPT_TEXT) this.#callerText += text;
      if (hasPicture(text)) this.#hasPicture = true;
    }
    if (isPackedFrame(bytes, payloadStart, payloadEnd, payloadBytes)) this.#hasPackedFrames = true;
    this.#beats[fromCalled ? 0 : 1].take(text, payloadBytes, timeUs);
  }

  /** What its bytes say so far. @param flow as it is now */
  signs(flow: FlowView): Seen[] {
    const seen: Seen[] = [];
    const calledBytes = this.isInitiatorCalled ? flow.initiatorPayloadBytes : flow.responderPayloadBytes;
    const callerBytes = this.isInitiatorCalled ? flow.responderPayloadBytes : flow.initiatorPayloadBytes;
    const extra = calledBytes - 4 - this.#stageBytes;
    const isStage = this.#stageBytes > 0 && extra >= 0 && extra <= STAGE_SLACK && callerBytes === 0;
    if (isStage || (this.#stageBytes > 0 && this.#isProgram && extra > -this.#stageBytes / 2)) {
      seen.push(['raw-stage', `${this.#stageBytes} B announced, ${calledBytes - 4} B sent`]);
      if (this.#isProgram) seen.push(['raw-program', 'machine code']);
    } else if (this.#beginsWithProgram) seen.push(['raw-program', 'machine code, unasked']);
    if (isSelfDescription(this.#callerText)) seen.push(['host-report', this.#callerText.slice(0, 160)]);
    if (this.#spokeFirst === 'called' && callerBytes > 0) seen.push(['called-first', 'yes']);
    const called = this.#calledText.slice(0, KEPT_TEXT);
    const caller = this.#callerText.slice(0, KEPT_TEXT);
    const isExchange = this.#callerFirstBytes === CHALLENGE_BYTES && this.#calledFirstBytes === CHALLENGE_BYTES;
    if (isExchange && isOpaque(caller) && isOpaque(called))
      seen.push(['key-exchange', `${CHALLENGE_BYTES} B each way`]);
    if (isCapitalHexadecimal(caller) && isCapitalHexadecimal(called))
      seen.push(['hexadecimal-talk', called.slice(0, 40)]);
    if (TAG.test(called)) seen.push(['tagged-order', called.slice(0, 40)]);
    if (hasSeparators(caller) || hasSeparators(called)) seen.push(['separators', caller.slice(0, 80)]);
    const order = this.#separatedOrder(caller);
    if (order !== '') seen.push(['separated-orders', order]);
    if (this.#hasPackedFrames) seen.push(['packed-frames', 'lengths and zlib data']);
    if (this.#hasPicture) seen.push(['picture-sent', 'JPEG, PNG or bitmap']);
    for (const beats of this.#beats) {
      if (!beats.isSteady) continue;
      seen.push(['raw-keepalive', `every ${(beats.gapUs / 1e6).toFixed(1)} s`]);
      break;
    }
    return seen;
  }

  #takeOrder(text: string): void {
    const row = SEPARATED_ORDER.exec(text)?.[1];
    // One sign over and over is an ornament.
    if (row === undefined || new Set(row).size < 2) return;
    this.#orderRows ??= new Map();
    const count = this.#orderRows.get(row) ?? 0;
    if (count > 0 || this.#orderRows.size < MOST_ROWS) this.#orderRows.set(row, count + 1);
  }

  /** The row of signs that both ends keep their fields apart with, once there were several orders. */
  #separatedOrder(callerText: string): string {
    for (const [row, count] of this.#orderRows ?? []) {
      if (count >= SEPARATED_ORDERS && callerText.includes(row)) return row;
    }
    return '';
  }

  #takeStage(flow: FlowView, packet: PacketView, text: string): void {
    const { bytes, payloadStart, payloadEnd } = packet;
    if (this.#stageSeen === 0) {
      const isFirst = this.#spokeFirst === 'called' && this.#callerText === '' && payloadEnd - payloadStart >= 4;
      const length = isFirst ? new DataView(bytes.buffer, bytes.byteOffset + payloadStart, 4).getUint32(0, true) : 0;
      this.#stageBytes = length >= LEAST_STAGE && length <= MOST_STAGE ? length : -1;
      this.#isProgram = isProgram(text.slice(4));
    } else if (this.#stageSeen === 4) this.#isProgram = isProgram(text);
    this.#stageSeen = this.isInitiatorCalled ? flow.initiatorPayloadBytes : flow.responderPayloadBytes;
  }
}

/** Magic of 3 to 13 bytes, then the length of the frame (or of what follows) and of the content, then zlib data. */
function isPackedFrame(bytes: Uint8Array, start: number, end: number, wholeBytes: number): boolean {
  const last = Math.min(end - 2, start + 24);
  for (let at = start + 11; at <= last; at++) {
    if (bytes[at] !== 0x78 || (bytes[at + 1] !== 0x9c && bytes[at + 1] !== 0xda && bytes[at + 1] !== 0x01)) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at - 8, 8);
    const length = view.getUint32(0, true);
    const content = view.getUint32(4, true);
    const fits = length === wholeBytes || length === wholeBytes - (at - start) || length === end - start;
    if (fits && content > 0 && content < MOST_STAGE) return true;
  }
  return false;
}

/** The same small message again and again. */
class Beats {
  #text = '';
  #count = 0;
  #lastUs = 0;
  #mean = 0;
  #squares = 0;

  get gapUs(): number {
    return this.#mean;
  }

  get isSteady(): boolean {
    if (this.#count < KEEPALIVES || this.#mean < LEAST_GAP_US) return false;
    return Math.sqrt(this.#squares / (this.#count - 1)) <= this.#mean * STEADY;
  }

  take(text: string, bytes: number, timeUs: number): void {
    if (bytes > KEEPALIVE_BYTES) return;
    if (text !== this.#text) {
      this.#text = text;
      this.#count = 0;
      this.#mean = 0;
      this.#squares = 0;
    } else {
      const gap = timeUs - this.#lastUs;
      this.#count++;
      const difference = gap - this.#mean;
      this.#mean += difference / this.#count;
      this.#squares += difference * (gap - this.#mean);
    }
    this.#lastUs = timeUs;
  }
}
