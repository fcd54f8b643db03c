import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { OWN_YARA_RULES } from '../../yara/index.ts';
import type { FileIdentity } from './scan-messages.ts';
import { ScanThread } from './scan-thread.ts';

let folder: string;
let thread: ScanThread;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scan-thread-'));
  const rules = [join(OWN_YARA_RULES, 'eicar.yar')];
  thread = new ScanThread({ rules, userId: process.geteuid?.() ?? 0, timeoutMs: 5_000, maxFileBytes: 1_024 });
  await thread.ready();
});
afterAll(async () => {
  await thread.close();
  rmSync(folder, { recursive: true });
});

function identityOf(path: string): FileIdentity {
  const { dev, ino, ctimeNs } = statSync(path, { bigint: true });
  return { device: Number(dev), inode: Number(ino), changeTimeNs: ctimeNs };
}

it('looks at no other file than the one that was asked about', async () => {
  const [path, other] = [join(folder, 'a'), join(folder, 'b')];
  writeFileSync(path, 'one');
  writeFileSync(other, 'other');
  const identity = identityOf(path);
  expect(await thread.scan(path, path, identity)).toMatchObject({ verdict: { sizeBytes: 3 }, isChanged: false });
  expect(await thread.scan(path, other, identity)).toEqual({ path, reason: 'it is another file by now' });
  const earlier = { ...identity, changeTimeNs: identity.changeTimeNs - 1n };
  expect(await thread.scan(path, path, earlier)).toMatchObject({ verdict: { sizeBytes: 3 }, isChanged: true });
});

it('begins a new thread before yara-x has no room left, and answers about every file meanwhile', async () => {
  const count = 1_200;
  const begunBefore = thread.begun;
  const answers: Awaited<ReturnType<ScanThread['scan']>>[] = [];
  for (let begun = 0; begun < count; begun += 100) {
    const asked = Array.from({ length: 100 }, (_, index) => {
      const name = join(folder, `many-${begun + index}`);
      writeFileSync(name, `content ${begun + index}`);
      return thread.scan(name);
    });
    answers.push(...(await Promise.all(asked)));
  }
  expect(answers.filter((answer) => 'verdict' in answer)).toHaveLength(count);
  expect(thread.begun - begunBefore).toBeGreaterThanOrEqual(1);
}, 60_000);

it('begins a new thread after a large file, whose memory yara-x keeps', async () => {
  const rules = [join(OWN_YARA_RULES, 'eicar.yar')];
  const sizes = { timeoutMs: 5_000, maxFileBytes: 2 ** 23, staysSmall: true };
  const lasting = new ScanThread({ rules, userId: process.geteuid?.() ?? 0, ...sizes });
  try {
    await lasting.ready();
    const [large, small] = [join(folder, 'large'), join(folder, 'small')];
    writeFileSync(large, Buffer.alloc(5 * 2 ** 20, 'x'));
    writeFileSync(small, 'x');
    expect(await lasting.scan(large)).toMatchObject({ verdict: { sizeBytes: 5 * 2 ** 20 } });
    // Not at once: a folder of large files would make a thread for each.
    expect(lasting.begun).toBe(1);
    await vi.waitFor(
      async () => {
        expect(await lasting.scan(small)).toMatchObject({ verdict: { sizeBytes: 1 } });
        expect(lasting.begun).toBe(2);
      },
      { timeout: 15_000, interval: 500 },
    );
  } finally {
    await lasting.close();
  }
}, 30_000);
