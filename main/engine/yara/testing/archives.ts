/** Archives as other programs make them, for tests. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface PackedFile {
  readonly name: string;
  readonly content: Buffer;
}

export interface ZipOptions {
  readonly isStored?: boolean;
  readonly isEncrypted?: boolean;
  /** Leaves the directory at the end away, as a broken download does. */
  readonly isCut?: boolean;
}

export function zipOf(files: readonly PackedFile[], { isStored, isEncrypted, isCut }: ZipOptions = {}): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of files) {
    const packed = isStored ? content : deflateRawSync(content);
    const common = Buffer.alloc(22);
    common.writeUInt16LE(isEncrypted ? 1 : 0, 0);
    common.writeUInt16LE(isStored ? 0 : 8, 2);
    common.writeUInt32LE(crc32(content), 8);
    common.writeUInt32LE(packed.length, 12);
    common.writeUInt32LE(content.length, 16);
    common.writeUInt16LE(Buffer.byteLength(name), 20);
    const local = Buffer.concat([
      Buffer.from('504b03041400', 'hex'),
      common,
      Buffer.alloc(2),
      Buffer.from(name),
      packed,
    ]);
    const place = Buffer.alloc(16);
    place.writeUInt32LE(offset, 12);
    central.push(Buffer.concat([Buffer.from('504b010214001400', 'hex'), common, place, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  if (isCut) return Buffer.concat(locals);
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

const BLOCK = 512;

export function tarOf(files: readonly PackedFile[]): Buffer {
  const blocks = files.flatMap(({ name, content }) => {
    const header = Buffer.alloc(BLOCK);
    header.write(name, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\0', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

export function arOf(files: readonly PackedFile[]): Buffer {
  const parts = files.flatMap(({ name, content }) => [
    Buffer.from(`${name.padEnd(48)}${String(content.length).padEnd(10)}\`\n`),
    content,
    Buffer.alloc(content.length % 2, '\n'),
  ]);
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}
