import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../runtime/failure.ts';
import { fingerprintOf, InstallKey, isSignedBy } from './model-key.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-key-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = Buffer.from('what is signed');

describe('the key of an install', () => {
  it('is made once, is its owner’s alone, and stays the same', () => {
    const path = join(folder, 'key.pem');
    const key = InstallKey.open(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(InstallKey.open(path).publicKey).toEqual(key.publicKey);
    expect(isSignedBy(key.publicKey, bytes, key.sign(bytes))).toBe(true);
    expect(fingerprintOf(key.publicKey)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('is not believed where others can read it, through links, or when it is none', () => {
    const open = join(folder, 'open.pem');
    InstallKey.open(open);
    chmodSync(open, 0o640);
    symlinkSync(join(folder, 'key.pem'), join(folder, 'link.pem'));
    writeFileSync(join(folder, 'none.pem'), 'x'.repeat(100), { mode: 0o600 });
    writeFileSync(join(folder, 'large.pem'), 'x'.repeat(9_000), { mode: 0o600 });
    for (const name of ['open.pem', 'link.pem', 'none.pem', 'large.pem']) {
      expect(() => InstallKey.open(join(folder, name)), name).toThrow(FailureError);
    }
  });
});

describe('a signature', () => {
  it('fits nothing else, and nothing that somebody sends is more than wrong', () => {
    const key = InstallKey.open(join(folder, 'mine.pem'));
    const other = InstallKey.open(join(folder, 'theirs.pem'));
    const signature = key.sign(bytes);
    expect(isSignedBy(other.publicKey, bytes, signature)).toBe(false);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 70 }), (given, signed) => {
        expect(isSignedBy(given, bytes, signed)).toBe(false);
        expect(isSignedBy(key.publicKey, given, signature)).toBe(false);
      }),
    );
  });
});
