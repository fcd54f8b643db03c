/**
 * How programs speak to the server of Android's debug bridge: commands behind their length in hexadecimal (AOSP adb,
 * SERVICES.txt).
 */
import { latin1, startsWith } from './bytes.ts';
import { type Parser, type ParserContext, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';

const LENGTH_BYTES = 4;
/** What the first command begins with: for the server itself, or for one of its devices. */
const STARTS = ['host:', 'host-'];
const START_BYTES = LENGTH_BYTES + 5;
const MAX_COMMAND_BYTES = 4_096;

export function identifyServer(bytes: Uint8Array): Verdict {
  for (let i = 0; i < Math.min(bytes.length, LENGTH_BYTES); i++) if (!isHexDigit(bytes[i])) return VERDICT.no;
  if (bytes.length < START_BYTES) return VERDICT.maybe;
  const isCommand = STARTS.some((start) => startsWith(bytes, start, LENGTH_BYTES));
  return isCommand && lengthOf(bytes, 0) <= MAX_COMMAND_BYTES ? VERDICT.yes : VERDICT.no;
}

/** Tells the commands. Behind one that opens something the stream is whatever was opened, and nothing more is read. */
export function serverParser(context: ParserContext): Parser {
  const tell = new Teller(context, 'adb');
  return {
    read(bytes, fromInitiator) {
      if (!fromInitiator) return bytes.length;
      let at = 0;
      while (bytes.length - at >= LENGTH_BYTES) {
        const length = lengthOf(bytes, at);
        if (!(length <= MAX_COMMAND_BYTES)) {
          context.finish();
          return bytes.length;
        }
        const end = at + LENGTH_BYTES + length;
        if (end > bytes.length) break;
        const command = latin1(bytes, at + LENGTH_BYTES, end);
        tell.command('open', command);
        at = end;
        if (!STARTS.some((start) => command.startsWith(start))) {
          context.finish();
          return bytes.length;
        }
      }
      return at;
    },
  };
}

/** NaN where it is none. */
function lengthOf(bytes: Uint8Array, at: number): number {
  for (let i = at; i < at + LENGTH_BYTES; i++) if (!isHexDigit(bytes[i])) return Number.NaN;
  return Number.parseInt(latin1(bytes, at, at + LENGTH_BYTES), 16);
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}
