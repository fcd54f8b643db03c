import type { NtpFact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ipv4From } from './addresses.ts';
import { ByteReader, latin1, u32At } from './bytes.ts';
import { type Opening, type ProtocolDefinition, type Unstamped, VERDICT, type Verdict } from './protocol.ts';

const PORT = 123;
const HEADER_BYTES = 48;
const MODE = { client: 3, server: 4, control: 6, private: 7 } as const;
const CONTROL_BYTES = 12;
const PRIVATE_BYTES = 8;
/** What clocks say to each other is the same all day: more messages say no more than these. */
const MAX_TOLD = 32;

function modeOf(message: Uint8Array): number {
  return message[0] & 7;
}

function versionOf(message: Uint8Array): number {
  return (message[0] >> 3) & 7;
}

/** A form that can be: version, length for its mode, a stratum that exists. */
function isPlausible(message: Uint8Array): boolean {
  if (message.length < PRIVATE_BYTES || versionOf(message) < 1 || versionOf(message) > 4) return false;
  const mode = modeOf(message);
  if (mode === MODE.private) return message[3] <= 45 && message.length % 4 === 0;
  if (mode === MODE.control) return message.length >= CONTROL_BYTES && (message[1] & 0x1f) <= 31;
  if (mode === 0 || message.length < HEADER_BYTES || message[1] > 16) return false;
  // Extensions and an authenticator come in words of four bytes (RFC 7822).
  return message.length % 4 === 0;
}

function identify({ initiatorPort, responderPort, initiator, responder }: Opening): Verdict {
  if (initiatorPort === PORT || responderPort === PORT) {
    return isPlausible(initiator) || isPlausible(responder) ? VERDICT.yes : VERDICT.no;
  }
  // On another port only the answer proves it: it gives the time of the question back (RFC 5905 8).
  if (!isPlausible(initiator) || initiator.length !== HEADER_BYTES || modeOf(initiator) !== MODE.client) {
    return VERDICT.no;
  }
  if (responder.length === 0) return VERDICT.maybe;
  if (!isPlausible(responder) || modeOf(responder) !== MODE.server) return VERDICT.no;
  const isAnswer = u32At(initiator, 40) === u32At(responder, 24) && u32At(initiator, 44) === u32At(responder, 28);
  return isAnswer && u32At(initiator, 40) !== 0 ? VERDICT.yes : VERDICT.no;
}

function parse(message: Uint8Array): Unstamped<NtpFact> {
  const mode = modeOf(message);
  const isTime = mode !== MODE.control && mode !== MODE.private;
  return {
    type: 'ntp',
    version: versionOf(message),
    mode,
    stratum: isTime ? message[1] : 0,
    referenceId: isTime && mode !== MODE.client ? referenceId(message) : '',
    request: mode === MODE.private ? message[3] : mode === MODE.control ? message[1] & 0x1f : -1,
    bytes: message.length,
  };
}

/** Four letters for a clock of its own or a kiss of death, else an address (RFC 5905 7.3). */
function referenceId(message: Uint8Array): string {
  if (message[1] > 1) return ipv4From(new ByteReader(message, 12));
  let end = 16;
  while (end > 12 && message[end - 1] === 0) end--;
  return latin1(message, 12, end);
}

/** NTP and SNTP (RFC 5905), with the control and private messages of ntpd. */
export const ntp: ProtocolDefinition = {
  id: 'ntp',
  transports: [PROTOCOL.udp],
  ports: [PORT],
  identify,
  parser: (context) => {
    let told = 0;
    return {
      read: (message) => {
        if (isPlausible(message)) {
          context.tell(parse(message));
          if (++told >= MAX_TOLD) context.finish();
        }
        return message.length;
      },
    };
  },
};
