import { hash } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inflatedStart } from './inflate.ts';
import { kindOf } from './kind.ts';
import { baseName, headerParameter, nameOfUri } from './name.ts';
import { FileTransfer, MAX_MEDIA_HASHED_BYTES, wholeFile } from './transfer.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

function windowsFile(signature: string): Buffer {
  const file = Buffer.alloc(0x90);
  file.write('MZ');
  file.writeUInt32LE(0x80, 0x3c);
  file.write(signature, 0x80, 'latin1');
  return file;
}

describe('the kind of a file', () => {
  it.each([
    ['elf', '\x7fELF\x02\x01'],
    ['script', '#!/bin/sh\n'],
    ['script', '  <?php echo 1;'],
    ['class', '\xca\xfe\xba\xbe\0\0\0\x34'],
    ['mach-o', '\xca\xfe\xba\xbe\0\0\0\x02'],
    ['jar', 'PK\x03\x04\x14\0\x08\0\x08\0________________\x14\0\0\0META-INF/MANIFEST.MF'],
    ['office', 'PK\x03\x04..........................[Content_Types].xml'],
    ['zip', 'PK\x03\x04 a.txt'],
    ['gzip', '\x1f\x8b\x08\0'],
    ['rar', 'Rar!\x1a\x07\x01\0'],
    ['pdf', '%PDF-1.7'],
    ['ole', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
    ['image', '\x89PNG\r\n\x1a\n'],
    ['html', '\xef\xbb\xbf\r\n <!DOCTYPE HTML>'],
    ['xml', '<?xml version="1.0"?>'],
    ['json', '{ "a": 1}'],
    ['json', '[1, 2]'],
    ['text', '[section]\nkey=value'],
    ['text', 'MZ is how this text begins'],
    ['pem', '-----BEGIN CERTIFICATE-----'],
    ['unknown', '\x01\x02\x03\x04'],
    ['unknown', ''],
  ])('%s', (kind, start) => expect(kindOf(bytes(start))).toBe(kind));

  it('of Windows is told by the header that the first one points to', () => {
    expect(kindOf(windowsFile('PE\0\0'))).toBe('pe');
    expect(kindOf(windowsFile('NE\0\0'))).toBe('dos');
    expect(kindOf(windowsFile('').subarray(0, 0x50))).toBe('pe');
  });

  it('is found for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (any) => kindOf(any) !== ''));
  });
});

describe('the beginning of what is compressed', () => {
  const plain = bytes('\x7fELF'.repeat(2_000));

  it.each([
    ['gzip', gzipSync(plain)],
    ['deflate', deflateSync(plain)],
    ['deflate', deflateRawSync(plain)],
    ['br', brotliCompressSync(plain)],
  ])('%s', (encoding, packed) => {
    expect(kindOf(inflatedStart(packed, encoding))).toBe('elf');
  });

  it('is bounded, and nothing where it is not what it says', () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000)).subarray(0, 1_024);
    expect(inflatedStart(bomb, 'gzip')).toHaveLength(4_096);
    expect(inflatedStart(plain, 'gzip')).toHaveLength(0);
    expect(inflatedStart(gzipSync(plain).fill(0xff, 10), 'gzip')).toHaveLength(0);
    expect(inflatedStart(new Uint8Array(0), 'br')).toHaveLength(0);
    expect(inflatedStart(plain, 'constructor')).toBe(plain);
  });
});

describe('a transfer', () => {
  const identity = { protocol: 'http', name: 'x', claimedType: '' } as const;

  it('has the hashes of the whole, whatever pieces it comes in', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 5_000 }),
        fc.integer({ min: 1, max: 2_000 }),
        (file, step) => {
          const transfer = new FileTransfer();
          for (let at = 0; at < file.length; at += step) transfer.take(file, at, Math.min(file.length, at + step));
          expect(transfer.end(identity, true)).toEqual(wholeFile(identity, file));
        },
      ),
    );
    expect(wholeFile(identity, bytes('abc')).sha256).toBe(hash('sha256', 'abc'));
    expect(new FileTransfer().end(identity, true)).toBeUndefined();
  });

  it('has no MD5 where nobody wants it', () => {
    const big = Buffer.alloc(30_000, 7);
    for (const file of [bytes('abc'), big]) {
      const transfer = new FileTransfer({ wantsMd5: false });
      transfer.take(file);
      const expected = { ...wholeFile(identity, file), md5: '' };
      expect(transfer.end(identity, true)).toEqual(expected);
      expect(wholeFile(identity, file, { wantsMd5: false })).toEqual(expected);
    }
  });

  it('of pictures is hashed less far than that of programs', () => {
    const megabyte = Buffer.alloc(1024 * 1024, 1);
    const bytesOf = (start: string) => {
      const transfer = new FileTransfer();
      transfer.take(bytes(start));
      for (let i = 0; i < 3 && !transfer.isFull; i++) transfer.take(megabyte);
      return transfer.end(identity, false)?.bytes;
    };
    expect(bytesOf('\x89PNG\r\n\x1a\n')).toBe(MAX_MEDIA_HASHED_BYTES);
    expect(bytesOf('\x7fELF')).toBe(4 + 3 * megabyte.length);
  });
});

describe('the name of a file', () => {
  it.each([
    ['attachment; filename="a b.exe"', 'a b.exe'],
    ['attachment; filename=plain.zip; size=1', 'plain.zip'],
    ["attachment; filename=old; filename*=UTF-8''%e2%82%ac.pdf", '€.pdf'],
    ['inline; filename="a\\"b.c"', 'a"b.c'],
    ['attachment', ''],
    ['attachment; filename="never ends', 'never ends'],
  ])('in %j', (value, name) => expect(headerParameter(value, 'filename')).toBe(name));

  it.each([
    ['/a/b%20c.sh?x=/y', 'b c.sh'],
    ['http://host/dir/', ''],
    ['http://host', ''],
    ['/%zz', '%zz'],
  ])('of %j', (uri, name) => expect(nameOfUri(uri)).toBe(name));

  it('is without its folders', () => {
    expect(baseName('C:\\a\\b.exe')).toBe('b.exe');
    expect(baseName('/etc/passwd')).toBe('passwd');
  });
});
