/** Every real capture of the test data, counted by us and by Wireshark's capinfos. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { readCapture } from './read.ts';
import { failureCode } from './testing-read.ts';

const DATA = process.env.HOLDFAST_TEST_DATA ?? resolve('../shared/data');
const CAPTURE_NAME = /\.(pcap|pcapng|cap)(\.gz|\.zst)?$/;

function missing(): string | null {
  if (!existsSync(DATA)) return `no test data at ${DATA}`;
  return spawnSync('capinfos', ['-v']).status === 0 ? null : 'capinfos (package tshark) is not installed';
}

const reason = missing();

function captures(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => CAPTURE_NAME.test(name))
    .map((name) => join(folder, name))
    .sort();
}

interface Counted {
  readonly packets: number;
  readonly bytes: number;
}

/** capinfos over many files at once: name, packets, bytes of packets. It counts wire bytes as data size. */
function countWithCapinfos(paths: readonly string[]): Map<string, Counted> {
  // Exit code 1 says that one of the files was cut short; it is counted up to there all the same.
  const run = spawnSync('capinfos', ['-T', '-M', '-r', '-c', '-d', ...paths], { encoding: 'utf8', maxBuffer: 64e6 });
  const counted = new Map<string, Counted>();
  for (const line of run.stdout.split('\n')) {
    const [path, packets, bytes] = line.split('\t');
    if (bytes !== undefined) counted.set(path, { packets: Number(packets), bytes: Number(bytes) });
  }
  return counted;
}

it.skipIf(reason !== null)(
  `counts the packets of every capture as capinfos does${reason === null ? '' : ` (skipped: ${reason})`}`,
  async () => {
    const paths = captures(DATA);
    expect(paths).not.toEqual([]);
    const counted = countWithCapinfos(paths);
    const differing: string[] = [];
    for (const path of paths) {
      let wireBytes = 0;
      const sink = {
        frame(_bytes: Uint8Array, _start: number, _captured: number, wire: number): void {
          wireBytes += wire;
        },
      };
      const ours = await readCapture(path, sink).catch((error: Error) => error);
      const theirs = counted.get(path);
      const said = ours instanceof Error ? ours.message : `${ours.packets}/${wireBytes}`;
      const expected = theirs === undefined ? 'not counted' : `${theirs.packets}/${theirs.bytes}`;
      if (said !== expected) differing.push(`${path}: ${said}, capinfos: ${expected}`);
    }
    expect(differing).toEqual([]);
  },
  120_000,
);

it.skipIf(reason !== null)(
  'reads timestamps as tshark does',
  async () => {
    const path = captures(DATA).find((name) => name.endsWith('.pcapng'))!;
    const text = execFileSync('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.time_epoch'], { encoding: 'utf8' });
    const theirs = text
      .trim()
      .split('\n')
      .map((seconds) => Math.round(Number(seconds.replace('.', '')) / 1000));
    const ours: number[] = [];
    await readCapture(path, { frame: (_bytes, _start, _captured, _wire, timeUs) => ours.push(Math.round(timeUs)) });
    expect(ours).toEqual(theirs);
  },
  60_000,
);

// Root may read everything, so that it has to be someone else for a moment; any user id without a name will do.
it.skipIf(process.getuid?.() !== 0 || !isMainThread)('refuses a file that the user may not read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-capture-'));
  chmodSync(folder, 0o755);
  const path = join(folder, 'secret.pcap');
  writeFileSync(path, 'secret', { mode: 0o600 });
  let code = '';
  process.seteuid?.(54_321);
  try {
    code = await failureCode(readCapture(path, { frame() {} }));
  } finally {
    process.seteuid?.(0);
    rmSync(folder, { recursive: true });
  }
  expect(code).toBe('capture-not-permitted');
});
