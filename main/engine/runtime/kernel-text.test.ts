import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKernelText } from './kernel-text.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-kernel-text-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('readKernelText', () => {
  it('reads what has no size', () => {
    expect(readKernelText('/proc/self/mountinfo')).toContain(' / ');
  });

  it('reads all of a long file, then only what is in a short one, each byte a character', () => {
    const long = Buffer.alloc(150_000, 0xe9);
    writeFileSync(join(folder, 'long'), long);
    writeFileSync(join(folder, 'short'), 'eth0: 1\n');
    expect(readKernelText(join(folder, 'long'))).toBe('é'.repeat(long.length));
    expect(readKernelText(join(folder, 'short'))).toBe('eth0: 1\n');
    expect(readKernelText(join(folder, 'long'))).toHaveLength(long.length);
  });

  it('says that there is none', () => {
    expect(() => readKernelText(join(folder, 'none'))).toThrow('ENOENT');
  });
});
