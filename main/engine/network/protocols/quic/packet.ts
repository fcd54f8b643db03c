/** Long headers of QUIC packets (RFC 9000 17.2, RFC 8999). */
import { ByteReader } from '../bytes.ts';
import { draftOf, type QuicVersion, quicVersion } from './versions.ts';

export type PacketKind = 'initial' | 'retry' | 'version-negotiation' | 'other';

export interface LongPacket {
  /** The version is not one whose packets can be read: `kind` is then 'other', and the packet is all that is left. */
  readonly version: number;
  readonly rules: QuicVersion | undefined;
  readonly kind: PacketKind;
  /** Views. */
  readonly destinationId: Uint8Array;
  readonly sourceId: Uint8Array;
  /** The packet, from its first byte on. */
  readonly bytes: Uint8Array;
  /** Where the packet number is; 0 where there is none. */
  readonly numberAt: number;
}

const LONG_HEADER_BIT = 0x80;
/** RFC 9000 17.2; later versions may have longer ones. */
const MAX_ID_BYTES = 20;
/** Before draft 22 both lengths shared a byte; Google's Q046 has it so too. */
const FIRST_DRAFT_WITH_LENGTH_BYTES = 22;

export function isLongHeader(first: number): boolean {
  return (first & LONG_HEADER_BIT) !== 0;
}

/** The packet at `at` of a datagram; undefined where it has no long header, or one that is damaged. */
export function readLongPacket(datagram: Uint8Array, at: number): LongPacket | undefined {
  const reader = new ByteReader(datagram, at);
  const first = reader.u8();
  const version = reader.u32();
  const destinationId = reader.take(idBytes(reader));
  const sourceId = reader.take(idBytes(reader));
  if (reader.overrun || !isLongHeader(first)) return undefined;

  const rules = hasLengthBytes(version) ? quicVersion(version) : undefined;
  const whole = (kind: PacketKind): LongPacket => {
    const bytes = datagram.subarray(at);
    return { version, rules, kind, destinationId, sourceId, bytes, numberAt: 0 };
  };
  if (version === 0) return whole('version-negotiation');
  if (rules === undefined) return whole('other');
  const type = (first >> 4) & 3;
  if (type === rules.types.retry) return whole('retry');
  const kind = type === rules.types.initial ? 'initial' : 'other';
  if (kind === 'initial') reader.skip(reader.quicVarint()); // The token.
  const length = reader.quicVarint();
  const numberAt = reader.position - at;
  if (!reader.has(length)) return undefined;
  const bytes = datagram.subarray(at, reader.position + length);
  return { version, rules, kind, destinationId, sourceId, bytes, numberAt };
}

/** More than may be is an overrun. */
function idBytes(reader: ByteReader): number {
  const length = reader.u8();
  if (length > MAX_ID_BYTES) reader.overrun = true;
  return length;
}

function hasLengthBytes(version: number): boolean {
  const draft = draftOf(version);
  return draft === undefined || draft >= FIRST_DRAFT_WITH_LENGTH_BYTES;
}
