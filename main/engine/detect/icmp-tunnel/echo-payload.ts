import type { IcmpFact } from '../../../../contract/facts.ts';

/** Echo and its answer (RFC 792, RFC 4443). */
const REQUEST = { 4: 8, 6: 128 } as const;
const REPLY = { 4: 0, 6: 129 } as const;

export function isEchoRequest(fact: IcmpFact): boolean {
  return fact.code === 0 && fact.messageType === REQUEST[fact.version];
}

export function isEchoReply(fact: IcmpFact): boolean {
  return fact.code === 0 && fact.messageType === REPLY[fact.version];
}

/** Hexadecimal digits of a byte. */
const DIGITS = 2;
/** Ping programs put the time of sending, a number and an id before their pattern: up to so many bytes. */
const VARYING_BYTES = 24;
/** Fewer bytes behind that tell nothing. */
const LEAST_PATTERN_BYTES = 4;
/** Headers of tunnels before the packet are short. */
const MAX_NESTED_OFFSET = 16;
const MIN_IPV4_BYTES = 20;
const IPV6_HEADER_BYTES = 40;

/** The part of a payload that a ping program repeats in each message; undefined where too little is shown. */
export function patternOf(fact: IcmpFact): string | undefined {
  const pattern = fact.payloadStart.slice(VARYING_BYTES * DIGITS);
  return pattern.length >= LEAST_PATTERN_BYTES * DIGITS ? pattern : undefined;
}

/** Each byte is one more than the one before, or all are the same: what ping programs fill with, at any size. */
export function isFilling(pattern: string): boolean {
  const byte = (at: number) => Number.parseInt(pattern.slice(at, at + DIGITS), 16);
  const step = (byte(DIGITS) - byte(0)) & 0xff;
  if (step > 1) return false;
  for (let at = DIGITS; at + DIGITS <= pattern.length; at += DIGITS) {
    if (((byte(at) - byte(at - DIGITS)) & 0xff) !== step) return false;
  }
  return true;
}

/** Whether a reply brings back what the request sent: the same, or the beginning of it. */
export function isCopy(request: IcmpPayload, reply: IcmpPayload): boolean {
  if (reply.bytes > request.bytes) return false;
  return request.start.startsWith(reply.start) || reply.start.startsWith(request.start);
}

export interface IcmpPayload {
  readonly bytes: number;
  /** Hexadecimal, as in IcmpFact. */
  readonly start: string;
}

/** An IP packet that ends where the payload does, by the length in its header. */
export function holdsPacket({ payloadBytes, payloadStart }: IcmpFact): boolean {
  const byte = (at: number) => Number.parseInt(payloadStart.slice(at * DIGITS, at * DIGITS + DIGITS), 16);
  for (let at = 0; at <= MAX_NESTED_OFFSET && (at + 6) * DIGITS <= payloadStart.length; at++) {
    const first = byte(at);
    const rest = payloadBytes - at;
    if (first >= 0x45 && first <= 0x4f && rest >= MIN_IPV4_BYTES && byte(at + 2) * 256 + byte(at + 3) === rest) {
      return true;
    }
    const isIpv6 = first >> 4 === 6 && rest >= IPV6_HEADER_BYTES;
    if (isIpv6 && byte(at + 4) * 256 + byte(at + 5) === rest - IPV6_HEADER_BYTES) return true;
  }
  return false;
}
