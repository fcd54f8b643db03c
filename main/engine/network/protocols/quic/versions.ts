/** Versions of QUIC, and what they protect their first packets with. */

/** Long packet types, as the two bits of the first byte have them. */
export interface PacketTypes {
  readonly initial: number;
  readonly zeroRtt: number;
  readonly handshake: number;
  readonly retry: number;
}

export interface QuicVersion {
  /** Of the keys of Initial packets (RFC 9001 5.2). */
  readonly salt: Buffer;
  /** What the labels of the keys begin with. */
  readonly label: 'quic' | 'quicv2';
  readonly types: PacketTypes;
}

/** RFC 9000 17.2. */
const TYPES_V1: PacketTypes = { initial: 0, zeroRtt: 1, handshake: 2, retry: 3 };
/** RFC 9369 3.2. */
const TYPES_V2: PacketTypes = { initial: 1, zeroRtt: 2, handshake: 3, retry: 0 };

const V1 = version('38762cf7f55934b34d179ae6a4c80cadccbb7f0a');
const V2: QuicVersion = { ...version('0dede3def700a6db819381be6e269dcbf9bd2ed9'), label: 'quicv2', types: TYPES_V2 };
const DRAFT_21 = version('7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a');
const DRAFT_23 = version('c3eef712c72ebb5a11a7d2432bb46365bef9f502');
const DRAFT_29 = version('afbfec289993d24c9e9786f19c6111e04390a899');

/** What versions other than drafts have. */
const VERSIONS: ReadonlyMap<number, QuicVersion> = new Map([
  [0x00000001, V1],
  [0x6b3343cf, V2],
  // Facebook's mvfst.
  [0xfaceb001, DRAFT_21],
  [0xfaceb002, DRAFT_23],
  [0xfaceb00e, DRAFT_23],
  [0xfaceb010, DRAFT_23],
  // Google's Q050, T050 and T051.
  [0x51303530, version('504574efd066fe2f9d945cfcdbd3a7f0d3b56b45')],
  [0x54303530, version('7ff579e5acd072915580304c43a2367c60488310')],
  [0x54303531, version('7a4edef4e7ccee5fa4506c19124fc8ccda6e033d')],
]);

/** 0xff0000nn is the draft nn of the IETF. */
const DRAFTS: readonly { readonly first: number; readonly version: QuicVersion }[] = [
  { first: 33, version: V1 },
  { first: 29, version: DRAFT_29 },
  { first: 23, version: DRAFT_23 },
  { first: 21, version: DRAFT_21 },
];
const LAST_DRAFT = 34;
/** "Q0". */
const GOOGLE_PREFIX = 0x5130;

function version(salt: string): QuicVersion {
  return { salt: Buffer.from(salt, 'hex'), label: 'quic', types: TYPES_V1 };
}

/** How a version's Initial packets are read; undefined for one that nobody knows. */
export function quicVersion(number: number): QuicVersion | undefined {
  const draft = draftOf(number);
  if (draft === undefined) return VERSIONS.get(number);
  return draft > LAST_DRAFT ? undefined : DRAFTS.find(({ first }) => draft >= first)?.version;
}

/** The number of the draft; undefined for what is none. */
export function draftOf(number: number): number | undefined {
  return number >>> 8 === 0xff0000 ? number & 0xff : undefined;
}

/** Made up by a client so that the server answers with its versions (RFC 9000 15). */
export function isReservedVersion(number: number): boolean {
  return (number & 0x0f0f0f0f) === 0x0a0a0a0a;
}

/** Google's own before it spoke TLS: "Q0" and two digits. */
export function isGoogleVersion(number: number): boolean {
  const isDigit = (shift: number): boolean => {
    const character = (number >>> shift) & 0xff;
    return character >= 0x30 && character <= 0x39;
  };
  return number >>> 16 === GOOGLE_PREFIX && isDigit(8) && isDigit(0);
}

/** Whether a version is one that was in use, so that a header with it is QUIC beyond doubt. */
export function isKnownVersion(number: number): boolean {
  return quicVersion(number) !== undefined || isGoogleVersion(number);
}
