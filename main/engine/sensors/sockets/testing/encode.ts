/** Writes records as `sense sockets` does, for tests of those who read them. */
import { parseAddress } from '../../../runtime/address.ts';
import { SOCKET_FIXED_BYTES, SOCKET_RECORD_TYPE } from '../records.ts';

const ALIGNMENT = 8;

function record(type: number, bytes: number, fill: (record: Buffer) => void): Buffer {
  const made = Buffer.alloc(Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  made.writeUInt32LE(made.length, 0);
  made.writeUInt16LE(type, 4);
  fill(made);
  return made;
}

export function socketHello(method = 1, detail = '', magic = 0x4b534648, version = 1): Buffer {
  const text = Buffer.from(detail);
  return record(SOCKET_RECORD_TYPE.hello, SOCKET_FIXED_BYTES.hello + text.length, (made) => {
    for (const [index, value] of [magic, version, method, text.length].entries())
      made.writeUInt32LE(value, 8 + 4 * index);
    made.writeBigUInt64LE(1_700_000_000_000_000_000n, 24);
    made.writeUInt32LE(OWN_NETWORK, 32);
    text.copy(made, SOCKET_FIXED_BYTES.hello);
  });
}

/** What the greeting says. */
export const OWN_NETWORK = 4_026_531_840;

export interface SocketFields {
  readonly kind: Exclude<keyof typeof SOCKET_RECORD_TYPE, 'hello' | 'listed' | 'statistics'>;
  /** 0: nobody is named. */
  readonly pid?: number;
  readonly startNs?: bigint;
  readonly inode?: number;
  readonly uid?: number;
  readonly network?: number;
  readonly flags?: number;
  readonly protocol?: number;
  readonly local?: readonly [address: string, port: number];
  readonly remote?: readonly [address: string, port: number];
  readonly name?: string;
  readonly image?: string;
}

export function socketRecord(fields: SocketFields): Buffer {
  const image = Buffer.from(fields.image ?? '');
  return record(SOCKET_RECORD_TYPE[fields.kind], SOCKET_FIXED_BYTES.socket + image.length, (made) => {
    made.writeBigUInt64LE(1_700_000_001_500_000_000n, 8);
    made.writeBigUInt64LE(fields.startNs ?? 0n, 16);
    made.writeBigUInt64LE(BigInt(fields.inode ?? 0), 24);
    const numbers = [fields.pid, 1, fields.uid, fields.uid, fields.network ?? OWN_NETWORK, fields.flags];
    for (const [index, value] of numbers.entries()) made.writeUInt32LE(value ?? 0, 32 + 4 * index);
    const local = fields.local ?? (['10.0.0.2', 40_000] as const);
    const remote = fields.remote ?? (['192.0.2.1', 443] as const);
    const words = [fields.protocol ?? 6, local[1], remote[1], image.length];
    for (const [index, value] of words.entries()) made.writeUInt16LE(value, 56 + 2 * index);
    for (const [at, address] of [
      [64, local[0]],
      [80, remote[0]],
    ] as const) {
      for (const [index, word] of (parseAddress(address) ?? []).entries()) made.writeInt32BE(word, at + 4 * index);
    }
    made.write(fields.name ?? '', 96, 16, 'utf8');
    image.copy(made, SOCKET_FIXED_BYTES.socket);
  });
}

export function socketsListed(): Buffer {
  return record(SOCKET_RECORD_TYPE.listed, 8, () => undefined);
}

export function socketStatistics(counts: readonly number[]): Buffer {
  return record(SOCKET_RECORD_TYPE.statistics, SOCKET_FIXED_BYTES.statistics, (made) => {
    for (const [index, value] of counts.entries()) made.writeBigUInt64LE(BigInt(value), 8 + 8 * index);
  });
}
