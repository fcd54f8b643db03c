import { hash } from 'node:crypto';
import { ByteReader } from '../bytes.ts';

/** What one side offers in SSH_MSG_KEXINIT (RFC 4253 7.1): lists of names, joined by commas as on the wire. */
export interface KeyExchangeOffer {
  readonly keyExchange: string;
  readonly hostKey: string;
  readonly cipherToServer: string;
  readonly cipherToClient: string;
  readonly macToServer: string;
  readonly macToClient: string;
  readonly compressionToServer: string;
  readonly compressionToClient: string;
}

/** What both agree on (RFC 4253 7.1): the first of the client's that the server has, too; empty without one. */
export interface Agreement {
  readonly keyExchange: string;
  readonly hostKey: string;
  readonly toServer: DirectionMethods;
  readonly toClient: DirectionMethods;
}

export interface DirectionMethods {
  readonly cipher: string;
  readonly mac: string;
  readonly compression: string;
}

const COOKIE_BYTES = 16;
/** Longest list that is kept; all those of real software are below 2 kB. */
const MAX_LIST_TEXT = 8_192;

/** @param payload of the message, from its number on; undefined where it ends too early */
export function keyExchangeOffer(payload: Uint8Array): KeyExchangeOffer | undefined {
  const reader = new ByteReader(payload, 1 + COOKIE_BYTES);
  const list = () => reader.latin1(reader.u32(), MAX_LIST_TEXT);
  const offer = {
    keyExchange: list(),
    hostKey: list(),
    cipherToServer: list(),
    cipherToClient: list(),
    macToServer: list(),
    macToClient: list(),
    compressionToServer: list(),
    compressionToClient: list(),
  };
  return reader.overrun ? undefined : offer;
}

/**
 * HASSH and HASSHServer (github.com/salesforce/hassh, BSD-3): the lists in the direction that the side sends in, and
 * their MD5.
 */
export function hassh(offer: KeyExchangeOffer, fromServer: boolean): { readonly text: string; readonly hash: string } {
  const text = fromServer
    ? [offer.keyExchange, offer.cipherToClient, offer.macToClient, offer.compressionToClient].join(';')
    : [offer.keyExchange, offer.cipherToServer, offer.macToServer, offer.compressionToServer].join(';');
  return { text, hash: hash('md5', Buffer.from(text, 'latin1')) };
}

export function agreement(client: KeyExchangeOffer, server: KeyExchangeOffer): Agreement {
  return {
    keyExchange: common(client.keyExchange, server.keyExchange),
    hostKey: common(client.hostKey, server.hostKey),
    toServer: {
      cipher: common(client.cipherToServer, server.cipherToServer),
      mac: common(client.macToServer, server.macToServer),
      compression: common(client.compressionToServer, server.compressionToServer),
    },
    toClient: {
      cipher: common(client.cipherToClient, server.cipherToClient),
      mac: common(client.macToClient, server.macToClient),
      compression: common(client.compressionToClient, server.compressionToClient),
    },
  };
}

function common(wanted: string, offered: string): string {
  const names = new Set(offered.split(','));
  return wanted.split(',').find((name) => names.has(name)) ?? '';
}
