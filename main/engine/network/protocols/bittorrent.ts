import { PROTOCOL } from '../../../../contract/traffic.ts';
import { readBencode } from './bencode.ts';
import { hexText, latin1, startsWith, u16At, u32At, viewOf } from './bytes.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from './protocol.ts';
import { Teller } from './teller.ts';

/** Begins the handshake of peers (BEP 3); eight flags, hash of the torrent and identity of the peer follow. */
const HANDSHAKE = '\x13BitTorrent protocol';
const HASH_AT = HANDSHAKE.length + 8;
const HANDSHAKE_BYTES = HASH_AT + 40;
/** Keys of a hidden handshake (Message Stream Encryption) and its padding are no longer than this on each side. */
const MAX_HIDDEN_BYTES = 2_048;
const MSE_KEY_BYTES = 96;
/** Number that begins the request for a connection to a tracker (BEP 15): 64 bits, then action 0. */
const TRACKER_MAGIC = [0x417, 0x27101980] as const;
/** Header of uTP (BEP 29). */
const UTP_HEADER_BYTES = 20;
const UTP_SYN = 0x41;
const UTP_EXTENSIONS = 2;
const LOCAL_SEARCH = 'BT-SEARCH * HTTP/1.1\r\n';

/** Clients by the two letters of their peer identity, "-UT1860-" (BEP 20); others are told by their letters. */
const CLIENTS: Readonly<Record<string, string>> = {
  AZ: 'Vuze',
  BC: 'BitComet',
  DE: 'Deluge',
  KT: 'KTorrent',
  LT: 'libtorrent (Rasterbar)',
  lt: 'libTorrent (rTorrent)',
  qB: 'qBittorrent',
  TR: 'Transmission',
  UM: 'µTorrent for Mac',
  UT: 'µTorrent',
  UW: 'µTorrent Web',
  WW: 'WebTorrent',
  XL: 'Xunlei',
};

/**
 * BitTorrent: the handshake of peers over TCP and uTP, searches of the distributed hash table (BEP 5), trackers over
 * UDP and searches in the local network: hashes of torrents and clients. A handshake that is hidden (MSE) is only told
 * where a part of it is not.
 */
export const bittorrent: ProtocolDefinition = {
  id: 'bittorrent',
  transports: [PROTOCOL.tcp, PROTOCOL.udp],
  ports: [6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889, 6969],
  identify(opening: Opening) {
    if (opening.transport === PROTOCOL.udp)
      return isUdp(opening.initiator) || isUdp(opening.responder) ? VERDICT.yes : VERDICT.no;
    const first = isTcp(opening.initiator);
    const second = isTcp(opening.responder);
    return first === VERDICT.no || second === VERDICT.yes ? second : first;
  },
  parser: (context) => (context.transport === PROTOCOL.udp ? new Datagrams(context) : new Peers(context)),
};

function isTcp(bytes: Uint8Array): Verdict {
  const length = Math.min(bytes.length, HANDSHAKE.length);
  if (startsWith(bytes, HANDSHAKE.slice(0, length))) return length === HANDSHAKE.length ? VERDICT.yes : VERDICT.maybe;
  if (bytes.length > MAX_HIDDEN_BYTES || !mayBeHidden(bytes)) return VERDICT.no;
  return findHandshake(bytes) >= 0 ? VERDICT.yes : VERDICT.maybe;
}

/** A key is random: about half of its bytes have their highest bit. */
function mayBeHidden(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, MSE_KEY_BYTES);
  let high = 0;
  for (let i = 0; i < length; i++) if (bytes[i] >= 0x80) high++;
  return length < MSE_KEY_BYTES ? high * 4 >= length : high * 10 >= length * 3 && high * 10 <= length * 7;
}

function findHandshake(bytes: Uint8Array): number {
  return viewOf(bytes).indexOf(HANDSHAKE, 0, 'latin1');
}

function isUdp(bytes: Uint8Array): boolean {
  return (
    isTable(bytes) ||
    isUtpStart(bytes) ||
    isTracker(bytes) ||
    utpHandshakeAt(bytes) >= 0 ||
    startsWith(bytes, LOCAL_SEARCH)
  );
}

/** Requests, answers and errors of the distributed hash table have fixed beginnings, whatever order of keys. */
function isTable(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x64 || bytes[bytes.length - 1] !== 0x65) return false;
  const isUsual =
    startsWith(bytes, 'd1:ad2:id20:') ||
    startsWith(bytes, 'd1:rd2:id20:') ||
    startsWith(bytes, 'd1:eli') ||
    startsWith(bytes, 'd2:ip');
  const isOther = startsWith(bytes, 'd1:q') || startsWith(bytes, 'd1:t') || startsWith(bytes, 'd1:v');
  if (!isUsual && !isOther) return false;
  const values = readBencode(bytes);
  return values.get('y') instanceof Uint8Array && values.get('t') instanceof Uint8Array;
}

/** The first packet of uTP: nothing was received yet, so that there is no delay and nothing to confirm. */
function isUtpStart(bytes: Uint8Array): boolean {
  if (bytes[0] !== UTP_SYN || bytes.length < UTP_HEADER_BYTES || u32At(bytes, 8) !== 0 || u16At(bytes, 18) !== 0)
    return false;
  if (bytes[1] === 0) return bytes.length === UTP_HEADER_BYTES && u16At(bytes, 2) !== 0;
  // Extension bits: eight bytes, and no further extension.
  return bytes[1] === UTP_EXTENSIONS && bytes.length === UTP_HEADER_BYTES + 10 && bytes[20] === 0 && bytes[21] === 8;
}

/** Where the handshake begins in a packet of uTP with data; -1 without. */
function utpHandshakeAt(bytes: Uint8Array): number {
  const isData = bytes[0] === 0x01 && bytes.length >= UTP_HEADER_BYTES + HANDSHAKE_BYTES;
  return isData && bytes[1] === 0 && startsWith(bytes, HANDSHAKE, UTP_HEADER_BYTES) ? UTP_HEADER_BYTES : -1;
}

function isTracker(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 16 &&
    u32At(bytes, 0) === TRACKER_MAGIC[0] &&
    u32At(bytes, 4) === TRACKER_MAGIC[1] &&
    u32At(bytes, 8) === 0
  );
}

/** Tells hash and client of a handshake that begins at `at`. */
function tellHandshake(tell: Teller, bytes: Uint8Array, at: number): void {
  tell.property('info-hash', hexText(bytes.subarray(at + HASH_AT, at + HASH_AT + 20)));
  tell.property('software', clientOf(bytes.subarray(at + HASH_AT + 20, at + HANDSHAKE_BYTES)));
}

/** "-qB4250-" and twelve random bytes. */
function clientOf(identity: Uint8Array): string {
  if (identity[0] !== 0x2d || identity[7] !== 0x2d) return '';
  const text = latin1(identity, 1, 7);
  for (let i = 1; i < 7; i++) if (identity[i] < 0x21 || identity[i] > 0x7e) return '';
  const letters = text.slice(0, 2);
  const name = Object.hasOwn(CLIENTS, letters) ? CLIENTS[letters] : letters;
  return `${name} ${[...text.slice(2)].join('.')}`;
}

/** Peers over TCP: one handshake from each side. */
class Peers implements Parser {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  readonly #done = [false, false];

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'bittorrent');
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    const side = fromInitiator ? 0 : 1;
    if (this.#done[side]) return bytes.length;
    const at = findHandshake(bytes);
    if (at < 0) {
      if (bytes.length > MAX_HIDDEN_BYTES) this.#finish(side);
      // What may be the beginning of a handshake is offered again.
      return Math.max(0, bytes.length - HANDSHAKE.length + 1);
    }
    if (bytes.length < at + HANDSHAKE_BYTES) return at;
    tellHandshake(this.#tell, bytes, at);
    this.#finish(side);
    return bytes.length;
  }

  gap(_missingBytes: number, fromInitiator: boolean): void {
    this.#finish(fromInitiator ? 0 : 1);
  }

  #finish(side: number): void {
    this.#done[side] = true;
    if (this.#done[0] && this.#done[1]) this.#context.finish();
  }
}

/** What runs over UDP: the distributed hash table, trackers, uTP. */
class Datagrams implements Parser {
  readonly #tell: Teller;

  constructor(context: ParserContext) {
    this.#tell = new Teller(context, 'bittorrent');
  }

  read(bytes: Uint8Array): number {
    const handshake = utpHandshakeAt(bytes);
    if (handshake >= 0) tellHandshake(this.#tell, bytes, handshake);
    else if (bytes[0] === 0x64) this.#table(bytes);
    else if (isTracker(bytes)) this.#tell.command('tracker-connect', '');
    else if (startsWith(bytes, LOCAL_SEARCH)) this.#search(bytes);
    return bytes.length;
  }

  #table(bytes: Uint8Array): void {
    const values = readBencode(bytes);
    const query = values.get('q');
    const hash = values.get('a.info_hash');
    const version = values.get('v');
    if (version instanceof Uint8Array && version.length === 4) this.#tell.property('table-version', hexText(version));
    if (!(query instanceof Uint8Array)) return;
    const argument = hash instanceof Uint8Array ? hexText(hash, 20) : '';
    this.#tell.property('info-hash', argument);
    this.#tell.command(`dht-${latin1(query, 0, query.length, 32)}`, argument);
  }

  #search(bytes: Uint8Array): void {
    const at = viewOf(bytes).indexOf('Infohash: ', 0, 'latin1');
    if (at >= 0) this.#tell.property('info-hash', latin1(bytes, at + 10, at + 50).toLowerCase());
  }
}
