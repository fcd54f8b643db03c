import { PACKET_KIND, type PacketView, PROTOCOL } from '../../../contract/traffic.ts';
import { mixHash } from '../runtime/address.ts';

/** What a client's payload is, when it begins like an HTTP request (RFC 9112 section 3). */
export interface RequestSign {
  /** Hands something in (POST, PUT, PATCH): the body may follow. */
  readonly isSubmission: boolean;
  /** Nothing of the header is missing that would have had room in the packet. */
  readonly isComplete: boolean;
  /** A number for what is asked for, without its query: floods vary the query to get past caches. */
  readonly path: number;
}

interface Method {
  readonly bytes: readonly number[];
  readonly isSubmission: boolean;
}

function method(name: string, isSubmission: boolean): Method {
  return { bytes: [...`${name} `].map((letter) => letter.charCodeAt(0)), isSubmission };
}

/** The methods that floods use; others are rare anywhere. */
const METHODS: readonly Method[] = [
  method('GET', false),
  method('HEAD', false),
  method('POST', true),
  method('PUT', true),
  method('PATCH', true),
  method('OPTIONS', false),
];

/** Longer paths are told apart by their beginning. */
const PATH_BYTES = 256;
/** Segments on paths with tunnels may be this short. */
const SEGMENT_BYTES = 1000;
const SPACE = 0x20;
const QUESTION_MARK = 0x3f;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** Reads the beginning of a client's payload; null when it is no HTTP request. Never throws, reads a kilobyte at most. */
export function readRequest(packet: PacketView): RequestSign | null {
  const { bytes, payloadStart: start, payloadEnd: end } = packet;
  const found = METHODS.find(({ bytes: name }) => startsWith(bytes, start, end, name));
  if (found === undefined) return null;
  const from = start + found.bytes.length;
  const to = Math.min(end, from + PATH_BYTES);
  let path = found.bytes.length;
  for (let at = from; at < to && bytes[at] !== SPACE && bytes[at] !== QUESTION_MARK; at++) {
    path = mixHash(path, bytes[at]!);
  }
  // Of a payload that was cut off in the capture, the end cannot be seen.
  const isCut = packet.payloadBytes > end - start;
  return { isSubmission: found.isSubmission, isComplete: isCut || isWholeHeader(bytes, from, end), path };
}

/** Whether a packet may be the beginning of a request: the first look, for every packet to a watched port. */
export function looksLikeRequest(packet: PacketView): boolean {
  if (packet.kind !== PACKET_KIND.ip || packet.protocol !== PROTOCOL.tcp) return false;
  const first = packet.bytes[packet.payloadStart];
  return packet.payloadEnd - packet.payloadStart >= 5 && first !== undefined && FIRST_BYTES[first] === 1;
}

const FIRST_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  METHODS.some(({ bytes }) => bytes[0] === byte) ? 1 : 0,
);

function startsWith(bytes: Uint8Array, start: number, end: number, text: readonly number[]): boolean {
  return end - start >= text.length && text.every((byte, at) => bytes[start + at] === byte);
}

/** A header that has its end, or that fills a segment and so goes on in the next. */
function isWholeHeader(bytes: Uint8Array, from: number, end: number): boolean {
  if (end - from >= SEGMENT_BYTES) return true;
  for (let at = from; at + 3 < end; at++) {
    const isBlank =
      bytes[at] === CARRIAGE_RETURN &&
      bytes[at + 1] === LINE_FEED &&
      bytes[at + 2] === CARRIAGE_RETURN &&
      bytes[at + 3] === LINE_FEED;
    if (isBlank) return true;
  }
  return false;
}
