/** Writes records as `sense access` does, for tests of those who read them. */
import { ACCESS_FIXED_BYTES, ACCESS_RECORD_TYPE } from '../records.ts';

const ALIGNMENT = 8;

function record(type: number, bytes: number, fill: (record: Buffer) => void): Buffer {
  const made = Buffer.alloc(Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  made.writeUInt32LE(made.length, 0);
  made.writeUInt16LE(type, 4);
  fill(made);
  return made;
}

export function accessHello(parts = 7, detail = '', magic = 0x41534648, version = 1): Buffer {
  const text = Buffer.from(detail);
  return record(ACCESS_RECORD_TYPE.hello, ACCESS_FIXED_BYTES.hello + text.length, (made) => {
    for (const [index, value] of [magic, version, parts, text.length].entries())
      made.writeUInt32LE(value, 8 + 4 * index);
    made.writeBigUInt64LE(1_700_000_000_000_000_000n, 24);
    text.copy(made, ACCESS_FIXED_BYTES.hello);
  });
}

export interface AccessFields {
  readonly kind: Exclude<keyof typeof ACCESS_RECORD_TYPE, 'hello' | 'statistics'>;
  readonly pid: number;
  readonly startNs?: bigint;
  readonly uid?: number;
  readonly name?: string;
  readonly target?: number;
  readonly targetStartNs?: bigint;
  readonly targetName?: string;
  readonly flags?: number;
  readonly signal?: number;
  readonly way?: number;
  readonly taints?: bigint;
  readonly module?: string;
  /** Program, target's program, file of the module. */
  readonly texts?: readonly string[];
}

export function accessRecord(fields: AccessFields): Buffer {
  const texts = (fields.texts ?? []).map((text) => Buffer.from(text));
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  return record(ACCESS_RECORD_TYPE[fields.kind], ACCESS_FIXED_BYTES.access + total, (made) => {
    made.writeBigUInt64LE(1_700_000_001_500_000_000n, 8);
    made.writeBigUInt64LE(fields.startNs ?? 0n, 16);
    made.writeBigUInt64LE(fields.targetStartNs ?? 0n, 24);
    made.writeBigUInt64LE(fields.taints ?? 0n, 32);
    const numbers = [fields.pid, 1, fields.uid, fields.uid, fields.target, fields.uid, fields.flags];
    for (const [index, value] of numbers.entries()) made.writeUInt32LE(value ?? 0, 40 + 4 * index);
    const words = [fields.signal, fields.way, ...texts.map((text) => text.length)];
    for (const [index, value] of words.entries()) made.writeUInt16LE(value ?? 0, 68 + 2 * index);
    made.write(fields.name ?? '', 80, 16, 'utf8');
    made.write(fields.targetName ?? '', 96, 16, 'utf8');
    made.write(fields.module ?? '', 112, 56, 'utf8');
    Buffer.concat(texts).copy(made, ACCESS_FIXED_BYTES.access);
  });
}

export function accessStatistics(counts: readonly number[]): Buffer {
  return record(ACCESS_RECORD_TYPE.statistics, ACCESS_FIXED_BYTES.statistics, (made) => {
    for (const [index, value] of counts.entries()) made.writeBigUInt64LE(BigInt(value), 8 + 8 * index);
  });
}
