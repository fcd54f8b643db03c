import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureProgress } from './read.ts';
import { CaptureError, readCapture } from './read.ts';
import { buildPcap, buildPcapng, collectFrames, pcapngBlock } from './testing.ts';
import { failureCode, readBytes } from './testing-read.ts';

const START_US = 1_700_000_000_000_000;

/** Packets with bytes that hardly compress, so that the places in packed and unpacked data correspond. */
function noisyPackets(count: number): { timeUs: number; bytes: Uint8Array }[] {
  let state = 1;
  return Array.from({ length: count }, (_, index) => ({
    timeUs: START_US + index * 1000,
    bytes: Uint8Array.from({ length: 100 }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
      return state >>> 24;
    }),
  }));
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-capture-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const CAPTURE = buildPcap({}, noisyPackets(2000));

describe('readCapture', () => {
  it('reads a file, whatever its name says', async () => {
    const path = file('notes.txt', CAPTURE);
    const sink = collectFrames();
    const summary = await readCapture(path, sink);
    expect(sink.frames).toHaveLength(2000);
    expect(summary).toEqual({
      path,
      format: 'pcap',
      packets: 2000,
      bytes: 200_000,
      fileBytes: CAPTURE.length,
      linkTypes: [1],
      firstSeenUs: START_US,
      lastSeenUs: START_US + 1_999_000,
      truncatedPackets: 0,
      notes: [],
      complete: true,
    });
  });

  it('reads a named pipe', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reading = readCapture(path, { frame() {} });
    const { writeFile } = await import('node:fs/promises');
    await writeFile(path, CAPTURE);
    expect(await reading).toMatchObject({ packets: 2000, fileBytes: CAPTURE.length });
  });

  it('gives the frames of a stream as they come', async () => {
    const stdin = new PassThrough();
    const sink = collectFrames();
    const reading = readCapture('-', sink, { stdin });
    // What is needed to tell the format, and a bit more.
    stdin.write(CAPTURE.subarray(0, 1000));
    while (sink.frames.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(sink.frames.length).toBe(Math.floor((1000 - 24) / 116));
    stdin.end(CAPTURE.subarray(1000));
    expect((await reading).packets).toBe(2000);
  });

  it('tells its progress, the last time with everything', async () => {
    const progress: CaptureProgress[] = [];
    const onProgress = (now: CaptureProgress): number => progress.push({ ...now });
    await readCapture(
      file('a.pcap', CAPTURE),
      { frame() {} },
      { onProgress, progressIntervalMs: 0, chunkBytes: 50_000 },
    );
    expect(progress.length).toBeGreaterThanOrEqual(5);
    expect(progress.at(-1)).toEqual({
      bytesRead: CAPTURE.length,
      bytesTotal: CAPTURE.length,
      packets: 2000,
      timeUs: START_US + 1_999_000,
    });
  });

  it('stops when asked, and keeps what it has', async () => {
    const abort = new AbortController();
    const sink = collectFrames();
    const onProgress = (): void => abort.abort();
    const options = { signal: abort.signal, onProgress, progressIntervalMs: 0, chunkBytes: 50_000 };
    const summary = await readCapture(file('a.pcap', CAPTURE), sink, options);
    expect(summary.complete).toBe(false);
    expect(summary.notes.map((note) => note.code)).toEqual(['stopped']);
    expect(summary.packets).toBe(sink.frames.length);
    expect(summary.packets).toBeLessThan(1000);
  });

  it('stops while it waits for a stream that gives nothing', async () => {
    const stdin = new PassThrough();
    stdin.write(CAPTURE.subarray(0, 5000));
    const abort = new AbortController();
    const reading = readCapture('-', { frame() {} }, { stdin, signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    const summary = await reading;
    expect(summary.packets).toBe(Math.floor((5000 - 24) / 116));
    expect(summary.notes.map((note) => note.code)).toEqual(['stopped']);
    expect(stdin.listenerCount('readable')).toBe(0);
  });

  it('stops while it waits for the first bytes', async () => {
    const stdin = new PassThrough();
    const abort = new AbortController();
    const reading = readCapture('-', { frame() {} }, { stdin, signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    expect(await failureCode(reading)).toBe('stopped');
    expect(stdin.listenerCount('readable')).toBe(0);
  });

  it('keeps what came before an error of the stream', async () => {
    const stdin = new PassThrough();
    stdin.write(CAPTURE.subarray(0, 5000));
    setTimeout(() => stdin.destroy(new Error('the cable was pulled')), 20);
    const summary = await readCapture('-', { frame() {} }, { stdin });
    expect(summary.packets).toBe(42);
    expect(summary.notes).toMatchObject([{ code: 'cut-off' }, { code: 'read-error', packetNumber: 43 }]);
    expect(summary.notes[1].message).toContain('the cable was pulled');
  });

  it('lets an error of the sink through', async () => {
    const sink = {
      frame(): void {
        throw new RangeError('mine');
      },
    };
    await expect(readBytes(CAPTURE)).resolves.toBeDefined();
    await expect(readCapture(file('a.pcap', CAPTURE), sink)).rejects.toThrow('mine');
  });

  it('reads a record larger than its buffers', async () => {
    const huge = pcapngBlock(0x0bad, Buffer.alloc(3_000_000, 5));
    const capture = buildPcapng({ otherBlocks: [huge, huge] }, noisyPackets(10));
    const { summary } = await readBytes(capture, { chunkBytes: 100_000 });
    expect(summary).toMatchObject({ packets: 10, complete: true });
  });
});

const PACKERS = [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const;

describe.each(PACKERS)('captures packed with %s', (name, pack) => {
  it.each(['pcap', 'pcapng'])('reads %s', async (format) => {
    const plain = format === 'pcap' ? CAPTURE : buildPcapng({}, noisyPackets(2000));
    const packed = pack(plain);
    const path = file(`packed-${format}-${name}`, packed);
    const expected = { format: `${format}+${name}`, packets: 2000, fileBytes: packed.length, complete: true };
    expect(await readCapture(path, { frame() {} })).toMatchObject(expected);
    expect((await readBytes(packed)).summary).toMatchObject(expected);
  });

  it('reads several members in a row', async () => {
    const members = [
      pack(CAPTURE.subarray(0, 777)),
      pack(CAPTURE.subarray(777, 90_000)),
      pack(CAPTURE.subarray(90_000)),
    ];
    const { summary } = await readBytes(Buffer.concat(members));
    expect(summary).toMatchObject({ packets: 2000, complete: true, notes: [] });
  });

  it('keeps everything before a cut', async () => {
    const packed = pack(CAPTURE);
    const cut = packed.subarray(0, Math.floor(packed.length * 0.75));
    for (const summary of [
      (await readBytes(cut)).summary,
      await readCapture(file(`cut-${name}`, cut), { frame() {} }),
    ]) {
      expect(summary.notes.map((note) => note.code)).toContain('compression-cut-off');
      expect(summary.complete).toBe(false);
      // zstd unpacks in blocks of 128 KiB, of which an incomplete one gives nothing.
      expect(summary.packets).toBeGreaterThan(name === 'gzip' ? 1450 : 1000);
    }
  });

  it('keeps everything before garbage that follows', async () => {
    const spoilt = Buffer.concat([pack(CAPTURE), Buffer.from('and then something else')]);
    const summary = await readCapture(file(`spoilt-${name}`, spoilt), { frame() {} });
    expect(summary).toMatchObject({ packets: 2000, complete: false });
    expect(summary.notes.map((note) => note.code)).toEqual(['compression-damaged']);
  });

  it('never throws, hangs or floods when damaged', async () => {
    const packed = pack(CAPTURE.subarray(0, 20_000));
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.length - 1), fc.uint8Array({ minLength: 1, maxLength: 50 }), async (at, noise) => {
        const damaged = Buffer.from(packed);
        damaged.set(noise.subarray(0, damaged.length - at), at);
        const path = file(`damaged-${name}`, damaged);
        try {
          const summary = await readCapture(path, { frame() {} });
          expect(summary.notes.length).toBeLessThanOrEqual(32);
        } catch (error) {
          expect(error).toBeInstanceOf(CaptureError);
        }
      }),
      { numRuns: 30 },
    );
  });
});

it('keeps what a gzip file gives before the damage', async () => {
  const packed = gzipSync(CAPTURE);
  const at = Math.floor(packed.length / 2);
  // A stored block with contradictory lengths cannot be misread as anything else.
  const damaged = Buffer.concat([packed.subarray(0, at), Buffer.alloc(4000, 0xff), packed.subarray(at + 4000)]);
  const summary = await readCapture(file('damaged.gz', damaged), { frame() {} });
  expect(summary.notes.map((note) => note.code)).toContain('compression-damaged');
  expect(summary.packets).toBeGreaterThan(950);
  expect(summary.packets).toBeLessThan(1100);
});

describe('what is no capture', () => {
  it.each([
    ['empty-capture', new Uint8Array(0)],
    ['empty-capture', gzipSync('')],
    ['not-a-capture', Buffer.from('just a text\n')],
    ['not-a-capture', Buffer.from('7f454c4602010100', 'hex')],
    ['not-a-capture', Buffer.alloc(1000)],
    ['not-a-capture', Buffer.from('d4c3b2a102000400', 'hex')],
    ['not-a-capture', gzipSync('just a text\n')],
    ['not-a-capture', gzipSync(gzipSync(CAPTURE))],
    ['damaged-compression', gzipSync(CAPTURE).subarray(0, 8)],
    ['unsupported-capture-format', Buffer.from('GMBU\0\x02\0\0')],
    ['unsupported-capture-format', Buffer.from('snoop\0\0\0')],
    ['unsupported-compression', Buffer.from('PK\x03\x04....')],
    ['unsupported-compression', Buffer.from('fd377a585a0000', 'hex')],
    ['unsupported-compression', Buffer.from('BZh91AY')],
  ])('is refused as %s', async (code, bytes) => {
    expect(await failureCode(readBytes(bytes))).toBe(code);
    expect(await failureCode(readCapture(file('foreign', bytes), { frame() {} }))).toBe(code);
  });

  it('says what a foreign capture is and how to convert it', async () => {
    const path = file('old.cap', Buffer.from('GMBU\0\x02\0\0'));
    const failure = await readCapture(path, { frame() {} }).catch((error: unknown) => (error as CaptureError).failure);
    expect(failure).toEqual({
      code: 'unsupported-capture-format',
      message: `${path} is a Microsoft Network Monitor 2 capture, which cannot be read directly.`,
      hint: "Convert it with Wireshark's editcap: editcap -F pcapng IN OUT",
    });
  });

  it('is refused when it is missing or a folder', async () => {
    expect(await failureCode(readCapture(join(folder, 'missing'), { frame() {} }))).toBe('capture-not-found');
    expect(await failureCode(readCapture(join(folder, 'missing', 'too'), { frame() {} }))).toBe('capture-not-found');
    expect(await failureCode(readCapture(folder, { frame() {} }))).toBe('capture-is-a-folder');
    expect(await failureCode(readCapture(`${folder}/\0`, { frame() {} }))).toBe('capture-unreadable');
  });

  it.skipIf(process.getuid?.() === 0)('is refused when it may not be read', async () => {
    const path = file('secret', CAPTURE);
    chmodSync(path, 0);
    expect(await failureCode(readCapture(path, { frame() {} }))).toBe('capture-not-permitted');
  });

  it('is refused with few bytes of anything, without ever throwing something else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 600 }), async (bytes) => {
        expect(await failureCode(readBytes(bytes))).not.toBe('none');
      }),
    );
  });
});
