import { latin1 } from './bytes.ts';
import type { Parser } from './protocol.ts';
import { LineReader } from './text-lines.ts';

/** What a protocol of lines makes of a conversation. */
export interface LineHandler {
  /** One line of either side, without its end. */
  line(line: string, fromInitiator: boolean): void;
  /** A block asked for with `LineParser.takeBlock` is over: its first bytes, one character a byte. */
  block?(start: string, fromInitiator: boolean): void;
  /** Bytes of one side are missing. */
  gap?(fromInitiator: boolean): void;
  end?(): void;
}

/** Of a block so much is kept. */
const MAX_BLOCK_TEXT = 1_024;

/** Cuts both sides of a conversation into lines and, where a line announces them, blocks of so many bytes. */
export class LineParser implements Parser {
  readonly #handler: LineHandler;
  readonly #sides: readonly [Side, Side] = [new Side(), new Side()];
  #isOver = false;

  constructor(handler: (parser: LineParser) => LineHandler) {
    this.#handler = handler(this);
  }

  /** The next `bytes` bytes of a side are a block and not lines. */
  takeBlock(bytes: number, fromInitiator: boolean): void {
    this.#sides[fromInitiator ? 0 : 1].blockLeft = bytes;
  }

  /** What follows is of another protocol: nothing more is taken. */
  stop(): void {
    this.#isOver = true;
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    const side = this.#sides[fromInitiator ? 0 : 1];
    let at = 0;
    while (at < bytes.length && !this.#isOver) {
      if (side.blockLeft > 0) {
        const count = Math.min(side.blockLeft, bytes.length - at);
        if (side.block.length < MAX_BLOCK_TEXT) {
          side.block += latin1(bytes, at, at + count, MAX_BLOCK_TEXT - side.block.length);
        }
        side.blockLeft -= count;
        at += count;
        if (side.blockLeft === 0) this.#blockEnd(side, fromInitiator);
        continue;
      }
      const line = side.lines.take(bytes, at);
      at = side.lines.position;
      if (line === undefined) break;
      this.#handler.line(line, fromInitiator);
    }
    return at;
  }

  gap(missingBytes: number, fromInitiator: boolean): void {
    const side = this.#sides[fromInitiator ? 0 : 1];
    if (missingBytes <= side.blockLeft) {
      side.blockLeft -= missingBytes;
      if (side.blockLeft === 0) this.#blockEnd(side, fromInitiator);
      return;
    }
    side.blockLeft = 0;
    side.block = '';
    side.lines.gap();
    this.#handler.gap?.(fromInitiator);
  }

  end(): void {
    this.#handler.end?.();
  }

  #blockEnd(side: Side, fromInitiator: boolean): void {
    const start = side.block;
    side.block = '';
    this.#handler.block?.(start, fromInitiator);
  }
}

class Side {
  readonly lines = new LineReader();
  blockLeft = 0;
  block = '';
}
