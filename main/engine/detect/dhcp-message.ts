/** What the detectors need of a DHCP message (RFC 2131, options RFC 2132). */
export interface DhcpMessage {
  /** 1: from a client (or its relay), 2: from a server. */
  readonly operation: number;
  /** DHCP message type (option 53), 0 when it is missing (plain BOOTP). See DHCP_MESSAGE. */
  readonly type: number;
  /** The client's hardware address: high 16 and low 32 bits, signed. */
  readonly clientMacHigh: number;
  readonly clientMacLow: number;
  /** Whether a relay has forwarded it (giaddr): then the frame's source is the relay, not the client. */
  readonly relayed: boolean;
  /** IPv4 address of the server that the client has chosen or that speaks (option 54), 0 without one. */
  readonly serverIdentifier: number;
}

/** DHCP message types (RFC 2132, section 9.6). */
export const DHCP_MESSAGE = { discover: 1, offer: 2, request: 3, decline: 4, ack: 5, nak: 6, release: 7 } as const;

export const DHCP_SERVER_PORT = 67;
export const DHCP_CLIENT_PORT = 68;

const CLIENT_ADDRESS_OFFSET = 28;
const RELAY_ADDRESS_OFFSET = 24;
const COOKIE_OFFSET = 236;
const MAGIC_COOKIE = 0x63825363;
const OPTION = { pad: 0, messageType: 53, serverIdentifier: 54, end: 255 } as const;
/** Real messages carry about ten options; the bound keeps a hostile one cheap. */
const MAX_OPTIONS = 64;

/** Null when the bytes are no BOOTP message. Options that are cut off are left out. */
export function parseDhcpMessage(bytes: Uint8Array, start: number, end: number): DhcpMessage | null {
  const limit = Math.min(end, bytes.length);
  if (start < 0 || limit - start < COOKIE_OFFSET) return null;
  const operation = bytes[start]!;
  if (operation !== 1 && operation !== 2) return null;
  const client = start + CLIENT_ADDRESS_OFFSET;
  let type = 0;
  let serverIdentifier = 0;
  if (limit - start >= COOKIE_OFFSET + 4 && word(bytes, start + COOKIE_OFFSET) === MAGIC_COOKIE) {
    let at = start + COOKIE_OFFSET + 4;
    for (let seen = 0; seen < MAX_OPTIONS && at < limit && bytes[at] !== OPTION.end; seen++) {
      if (bytes[at] === OPTION.pad) {
        at++;
        continue;
      }
      const length = at + 1 < limit ? bytes[at + 1]! : 0;
      if (at + 2 + length > limit) break;
      if (bytes[at] === OPTION.messageType && length === 1) type = bytes[at + 2]!;
      if (bytes[at] === OPTION.serverIdentifier && length === 4) serverIdentifier = word(bytes, at + 2);
      at += 2 + length;
    }
  }
  return {
    operation,
    type,
    clientMacHigh: (bytes[client]! << 8) | bytes[client + 1]!,
    clientMacLow: word(bytes, client + 2),
    relayed: word(bytes, start + RELAY_ADDRESS_OFFSET) !== 0,
    serverIdentifier,
  };
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
