/** Facebook's Zero protocol: the hello of Google's QUIC as the beginning of a TCP conversation. */
import { mayStartWith, startsWith, u32At, u32leAt } from '../bytes.ts';
import { type Parser, type ParserContext, VERDICT, type Verdict } from '../protocol.ts';
import { readGoogleHello } from './google.ts';

/** Version, as "1QTV", then records: flags, and their length, little-endian. */
const VERSION_BYTES = 4;
const RECORD_HEADER_BYTES = 5;
const HELLO_AT = VERSION_BYTES + RECORD_HEADER_BYTES;
const HELLO = 'CHLO';
/** Real ones have two hundred to five hundred bytes. */
const MAX_HELLO_BYTES = 4_096;

export function identifyZero(bytes: Uint8Array): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  if (bytes[0] < 0x30 || bytes[0] > 0x39) return VERDICT.no;
  if (!mayStartWith(bytes.subarray(1), 'QTV')) return VERDICT.no;
  if (bytes.length < HELLO_AT + HELLO.length) return VERDICT.maybe;
  return startsWith(bytes, HELLO, HELLO_AT) && helloBytes(bytes) <= MAX_HELLO_BYTES ? VERDICT.yes : VERDICT.no;
}

function helloBytes(bytes: Uint8Array): number {
  return u32leAt(bytes, VERSION_BYTES + 1);
}

/** Tells the server's name; everything behind the hello is encrypted. */
export function zeroParser(context: ParserContext): Parser {
  return {
    read(bytes, fromInitiator) {
      if (!fromInitiator) return bytes.length;
      if (bytes.length < HELLO_AT) return 0;
      const end = HELLO_AT + helloBytes(bytes);
      if (bytes.length < end && end <= HELLO_AT + MAX_HELLO_BYTES) return 0;
      const hello = readGoogleHello(bytes.subarray(HELLO_AT, end));
      if (hello !== undefined) {
        const { serverName, userAgent } = hello;
        context.tell({ type: 'quic', version: u32At(bytes, 0), userAgent, serverName });
      }
      context.finish();
      return bytes.length;
    },
  };
}
