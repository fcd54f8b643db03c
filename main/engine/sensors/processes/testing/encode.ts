/** Writes records as `sense processes` does, for tests of those who read them. */
import { parseAddress } from '../../../runtime/address.ts';
import { PROCESS_FIXED_BYTES, PROCESS_RECORD_TYPE, type ProcessRecordKind } from '../records.ts';

const ALIGNMENT = 8;

function record(type: number, bytes: number, fill: (record: Buffer) => void): Buffer {
  const made = Buffer.alloc(Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  made.writeUInt32LE(made.length, 0);
  made.writeUInt16LE(type, 4);
  fill(made);
  return made;
}

export function processHello(method = 1, detail = '', magic = 0x50534648, version = 2): Buffer {
  const text = Buffer.from(detail);
  return record(PROCESS_RECORD_TYPE.hello, PROCESS_FIXED_BYTES.hello + text.length, (made) => {
    for (const [index, value] of [magic, version, method, text.length].entries())
      made.writeUInt32LE(value, 8 + 4 * index);
    made.writeBigUInt64LE(1_700_000_000_000_000_000n, 24);
    text.copy(made, PROCESS_FIXED_BYTES.hello);
  });
}

export interface ProcessFields {
  readonly kind: ProcessRecordKind;
  readonly pid: number;
  readonly parentPid?: number;
  readonly startNs?: bigint;
  readonly flags?: number;
  readonly uid?: number;
  readonly exitStatus?: number;
  readonly name?: string;
  /** Of the first standard stream that is connected over the network. */
  readonly remote?: readonly [address: string, port: number];
  /** File name, image, directory, control group, arguments. */
  readonly texts?: readonly string[];
}

export function processRecord(fields: ProcessFields): Buffer {
  const texts = (fields.texts ?? []).map((text) => Buffer.from(text));
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  return record(PROCESS_RECORD_TYPE[fields.kind], PROCESS_FIXED_BYTES.process + total, (made) => {
    made.writeBigUInt64LE(1_700_000_001_500_000_000n, 8);
    made.writeBigUInt64LE(fields.startNs ?? 0n, 16);
    made.writeUInt32LE(fields.pid, 48);
    made.writeUInt32LE(fields.parentPid ?? 0, 52);
    made.writeUInt32LE(fields.uid ?? 0, 56);
    made.writeUInt32LE(fields.uid ?? 0, 60);
    made.writeUInt32LE(0xffffffff, 72);
    made.writeUInt32LE(fields.exitStatus ?? 0, 80);
    made.writeUInt32LE(fields.flags ?? 0, 84);
    for (const [index, text] of texts.entries()) made.writeUInt32LE(text.length, 116 + 4 * index);
    made.write(fields.name ?? '', 136, 16, 'utf8');
    const [address, port] = fields.remote ?? ['', 0];
    for (const [index, word] of (parseAddress(address) ?? []).entries()) made.writeInt32BE(word, 168 + 4 * index);
    made.writeUInt32LE(port, 184);
    Buffer.concat(texts).copy(made, PROCESS_FIXED_BYTES.process);
  });
}

export function processStatistics(counts: readonly number[]): Buffer {
  return record(PROCESS_RECORD_TYPE.statistics, PROCESS_FIXED_BYTES.statistics, (made) => {
    for (const [index, value] of counts.entries()) made.writeBigUInt64LE(BigInt(value), 8 + 8 * index);
  });
}
