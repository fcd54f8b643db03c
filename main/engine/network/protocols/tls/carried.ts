/** TLS whose stream is carried in the messages of another protocol: OpenVPN's control channel, packets of TDS. */
import { joinBytes, NO_BYTES } from '../bytes.ts';
import type { HoldMemory, ParserContext } from '../protocol.ts';
import { tlsParser } from './tls.ts';

/** What a side may send in all before its handshake is over: long chains of certificates take a third of it. */
const MAX_SIDE_BYTES = 32 * 1024;

/**
 * Puts the carried stream together and tells what TLS says in it. It ends by itself, where everything is encrypted or
 * the bytes are none of TLS; the conversation that carries it goes on.
 */
export class CarriedTls {
  readonly #parser: ReturnType<typeof tlsParser>;
  readonly #hold: HoldMemory;
  /** Of each side: what was not taken, how much to pass over, and all that came. */
  readonly #untaken: [Uint8Array, Uint8Array] = [NO_BYTES, NO_BYTES];
  readonly #passOver: [number, number] = [0, 0];
  readonly #seen: [number, number] = [0, 0];
  isFinished = false;

  constructor(context: ParserContext) {
    const stop = () => {
      this.isFinished = true;
    };
    this.#hold = (bytes) => context.hold?.(bytes);
    this.#parser = tlsParser({
      transport: context.transport,
      initiatorPort: context.initiatorPort,
      responderPort: context.responderPort,
      tell: (fact, fromInitiator) => context.tell(fact, fromInitiator),
      become: stop,
      expect: () => {},
      expectedFile: undefined,
      finish: stop,
      hold: this.#hold,
    });
  }

  /** Takes the next bytes of a side, in order; they are copied where they must be kept. */
  push(bytes: Uint8Array, fromInitiator: boolean): void {
    const side = fromInitiator ? 0 : 1;
    const passed = Math.min(this.#passOver[side], bytes.length);
    this.#passOver[side] -= passed;
    this.#seen[side] += bytes.length;
    if (this.#seen[side] > MAX_SIDE_BYTES) this.#stop();
    if (this.isFinished || passed === bytes.length) return;
    const stream = joinBytes(this.#untaken[side], bytes.subarray(passed));
    const taken = this.#parser.read(stream, fromInitiator);
    this.#passOver[side] = Math.max(0, taken - stream.length);
    // Not a view where it is short: it would keep all of the stream.
    const rest = stream.slice(Math.min(taken, stream.length));
    this.#hold(rest.length - this.#untaken[side].length);
    this.#untaken[side] = rest;
    if (this.isFinished) this.#stop();
  }

  #stop(): void {
    this.isFinished = true;
    for (const { length } of this.#untaken) this.#hold(-length);
    this.#untaken.fill(NO_BYTES);
  }
}
