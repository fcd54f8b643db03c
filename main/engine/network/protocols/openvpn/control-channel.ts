import type { HoldMemory, ParserContext } from '../protocol.ts';
import { CarriedTls } from '../tls/carried.ts';
import { readControl } from './packet.ts';

/** Packets ahead of a missing one that are kept: OpenVPN itself sends no more than six without an answer. */
const MAX_AHEAD = 6;
/** Longest content of one packet: OpenVPN's own buffer has as many. */
const MAX_CONTENT_BYTES = 2_048;
/** The first packet behind the reset, which is number 0. */
const FIRST_NUMBER = 1;

/** The TLS inside the control channel: reliable packets, each with its number, put in order. */
export class ControlChannel {
  readonly #tls: CarriedTls;
  readonly #next: [number, number] = [FIRST_NUMBER, FIRST_NUMBER];
  readonly #waiting: readonly [Map<number, Uint8Array>, Map<number, Uint8Array>] = [new Map(), new Map()];

  readonly #hold: HoldMemory;

  constructor(context: ParserContext) {
    this.#hold = (bytes) => context.hold?.(bytes);
    this.#tls = new CarriedTls(context);
  }

  /** @param headBytes see Protection */
  packet(bytes: Uint8Array, headBytes: number, fromInitiator: boolean): void {
    if (this.#tls.isFinished) return;
    const packet = readControl(bytes, headBytes);
    if (packet === undefined || packet.content.length > MAX_CONTENT_BYTES) return;
    const side = fromInitiator ? 0 : 1;
    const ahead = packet.number - this.#next[side];
    if (ahead < 0 || ahead > MAX_AHEAD) return;
    const waiting = this.#waiting[side];
    if (ahead > 0) {
      if (waiting.has(packet.number)) return;
      waiting.set(packet.number, packet.content.slice());
      this.#hold(packet.content.length);
      return;
    }
    for (let content: Uint8Array | undefined = packet.content; content !== undefined; ) {
      this.#tls.push(content, fromInitiator);
      const next = ++this.#next[side];
      content = waiting.get(next);
      waiting.delete(next);
      if (content !== undefined) this.#hold(-content.length);
    }
  }
}
