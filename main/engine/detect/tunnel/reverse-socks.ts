/**
 * SOCKS 5 (RFC 1928) with the ends the wrong way round: the called end greets, the calling one chooses a method, and
 * the called one asks for a connection. Told packet by packet: each of the three is a packet of its own.
 */
export type ReverseSocksState = 'waiting' | 'greeted' | 'chosen' | 'asked';

const VERSION = 5;
const MAX_METHODS = 4;
const NO_METHOD = 0xff;
const CONNECT = 1;
/** Address types: IPv4, name, IPv6. */
const ADDRESS_TYPES = new Set([1, 3, 4]);
const LEAST_REQUEST_BYTES = 8;

export function nextReverseSocks(
  state: ReverseSocksState,
  bytes: Uint8Array,
  start: number,
  end: number,
  fromInitiator: boolean,
): ReverseSocksState {
  const length = end - start;
  if (length < 2 || bytes[start] !== VERSION) return 'waiting';
  const second = bytes[start + 1]!;
  if (!fromInitiator) {
    if (state === 'chosen') {
      const isRequest = second === CONNECT && bytes[start + 2] === 0 && ADDRESS_TYPES.has(bytes[start + 3] ?? 0);
      return isRequest && length >= LEAST_REQUEST_BYTES ? 'asked' : 'waiting';
    }
    return second >= 1 && second <= MAX_METHODS && length === 2 + second ? 'greeted' : 'waiting';
  }
  return state === 'greeted' && length === 2 && second !== NO_METHOD ? 'chosen' : 'waiting';
}
