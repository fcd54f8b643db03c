/** Writes records as `sense files` does, for tests of those who read them. */
import { FILE_AT, FILE_FIXED_BYTES, FILE_RECORD_TYPE, PROGRAM_AT } from '../format.ts';

const ALIGNMENT = 8;

export function record(type: number, bytes: number, fill: (record: Buffer) => void): Buffer {
  const made = Buffer.alloc(Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  made.writeUInt32LE(made.length, 0);
  made.writeUInt16LE(type, 4);
  fill(made);
  return made;
}

export function filesHello(abilities = 3, detail = '', magic = 0x46534648, version = 6): Buffer {
  const text = Buffer.from(detail);
  return record(FILE_RECORD_TYPE.hello, FILE_FIXED_BYTES.hello + text.length, (made) => {
    for (const [index, value] of [magic, version, abilities, text.length].entries()) {
      made.writeUInt32LE(value, 8 + 4 * index);
    }
    text.copy(made, FILE_FIXED_BYTES.hello);
  });
}

export function fileSystemRecord(state: number, mountPoint = '/', type = 'ext4', minor = 1): Buffer {
  const [path, kind] = [Buffer.from(mountPoint), Buffer.from(type)];
  return record(FILE_RECORD_TYPE.fileSystem, FILE_FIXED_BYTES.fileSystem + path.length + kind.length, (made) => {
    for (const [index, value] of [8, minor, state, 0, path.length, kind.length].entries()) {
      made.writeUInt32LE(value, 8 + 4 * index);
    }
    Buffer.concat([path, kind]).copy(made, FILE_FIXED_BYTES.fileSystem);
  });
}

export interface FileFields {
  readonly kind: Exclude<keyof typeof FILE_RECORD_TYPE, 'hello' | 'fileSystem' | 'statistics' | 'program'>;
  readonly pid?: number;
  readonly flags?: number;
  readonly bytes?: bigint;
  readonly mode?: number;
  readonly program?: number;
  readonly beforeMode?: number;
  readonly changed?: number;
  readonly times?: number;
  readonly entropy?: number;
  readonly head?: string;
  /** Path and the other path. */
  readonly texts?: readonly (string | Uint8Array)[];
}

export function fileRecord(fields: FileFields): Buffer {
  const texts = (fields.texts ?? []).map((text) => Buffer.from(text));
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  return record(FILE_RECORD_TYPE[fields.kind], FILE_FIXED_BYTES.file + total, (made) => {
    made.writeBigUInt64LE(1_700_000_001_500_000_000n, FILE_AT.time);
    made.writeBigUInt64LE(77n, FILE_AT.inode);
    made.writeBigUInt64LE(2_049n, FILE_AT.device);
    made.writeBigUInt64LE(fields.bytes ?? 0n, FILE_AT.bytes);
    const words = [fields.pid ?? 0, fields.flags ?? 0, fields.mode ?? 0, 1_000, 100, fields.program ?? 0];
    words.push(fields.times ?? 1, fields.beforeMode ?? 0, 0, 0);
    for (const [index, value] of words.entries()) made.writeUInt32LE(value, FILE_AT.process + 4 * index);
    made.writeUInt16LE(fields.changed ?? 0, FILE_AT.changed);
    made.writeUInt16LE(fields.entropy ?? 0, FILE_AT.entropy);
    for (const [index, text] of texts.entries()) made.writeUInt16LE(text.length, FILE_AT.pathBytes + 2 * index);
    made.write(fields.head ?? '', FILE_AT.head, 16, 'latin1');
    Buffer.concat(texts).copy(made, FILE_FIXED_BYTES.file);
  });
}

export function programRecord(number: number, pid: number, path: string, name = '', flags = 0): Buffer {
  const text = Buffer.from(path);
  return record(FILE_RECORD_TYPE.program, FILE_FIXED_BYTES.program + text.length, (made) => {
    for (const [index, value] of [number, pid, flags, text.length].entries()) {
      made.writeUInt32LE(value, PROGRAM_AT.number + 4 * index);
    }
    made.write(name, PROGRAM_AT.name, 16, 'utf8');
    text.copy(made, FILE_FIXED_BYTES.program);
  });
}

export function filesStatistics(counts: readonly number[]): Buffer {
  return record(FILE_RECORD_TYPE.statistics, FILE_FIXED_BYTES.statistics, (made) => {
    for (const [index, value] of counts.entries()) made.writeBigUInt64LE(BigInt(value), 8 + 8 * index);
  });
}
