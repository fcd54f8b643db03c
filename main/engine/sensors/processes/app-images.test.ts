import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { AppImages } from './app-images.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-appimages-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program's first bytes, with "AI" and the type where other ELF files have zeros. */
const program = (type: number): Buffer => Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0x41, 0x49, type, 0]);
const file = (name: string, content: Buffer | string): string => {
  const path = join(folder, name);
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
  return path;
};

it('knows an AppImage by its mark, whatever it is called, and forgets what was replaced', () => {
  const images = new AppImages();
  expect(images.nameOf(file('Krita-5.2.AppImage', program(2)))).toBe('appimage:Krita-5.2');
  expect(images.nameOf(file('old', program(1)))).toBe('appimage:old');
  expect(images.nameOf(file('other', program(9)))).toBeUndefined();
  expect(images.nameOf(file('script.AppImage', '#!/bin/sh\n'))).toBeUndefined();
  expect(images.nameOf(file('old', '#!/bin/sh\n# another one'))).toBeUndefined();
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'Krita-5.2.AppImage'), link);
  expect(images.nameOf(link)).toBeUndefined();
  expect([folder, join(folder, 'nothing'), 'memfd:x', '', '/'].map((path) => images.nameOf(path))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

it('takes what is mounted for it, and no folder that only looks like it', () => {
  const mounts = [
    'proc /proc proc rw 0 0',
    'My\\040App.AppImage /tmp/.mount_MyAppAbCdEf fuse.My\\040App.AppImage ro,nosuid 0 0',
    'tmpfs /tmp/.mount_FakeXAbCdEf tmpfs rw 0 0',
  ];
  const images = new AppImages(file('mounts', mounts.join('\n')));
  expect(images.nameOf('/tmp/.mount_MyAppAbCdEf/usr/bin/app')).toBe('appimage:My App');
  expect(images.nameOf('/tmp/.mount_FakeXAbCdEf/usr/bin/app')).toBeUndefined();
  expect(images.nameOf('/tmp/.mount_NoneXAbCdEf/usr/bin/app')).toBeUndefined();
});
