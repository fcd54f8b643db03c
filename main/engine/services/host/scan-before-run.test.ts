import { expect, it } from 'vitest';
import { ManualClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import type { FileVerdictRequest } from '../../sensors/index.ts';
import type { FileIdentity, FileVerdict } from '../rules/scan-messages.ts';
import { ScanBeforeRun } from './scan-before-run.ts';

const NOW_MS = 1_700_000_000_000;
const CLEAN: FileVerdict = {
  ...{ path: '/home/a/tool', sizeBytes: 5, sha256: 'a', sha1: 'b', md5: 'c' },
  ...{ hits: [], contents: 1, gaps: [] },
};

function request(more: Partial<FileVerdictRequest> = {}): FileVerdictRequest {
  return {
    ...{ path: '/home/a/tool', inode: 7, device: 3, changeTimeNs: BigInt(NOW_MS - 60_000) * 1_000_000n },
    ...{ sizeBytes: 5, mode: 0o100755, uid: 1_000, pid: 40, kind: 'execute', openAt: '/proc/9/fd/4' },
    ...more,
  };
}

function begin(outcome: { readonly isChanged?: boolean; readonly verdict?: FileVerdict } = {}) {
  const asked: (FileIdentity | undefined)[] = [];
  const clock = new ManualClock(NOW_MS);
  const health = new HealthRegistry();
  const scan = new ScanBeforeRun({
    clock,
    health,
    deadlineMs: 500,
    ownDirectories: [],
    begin: () => ({
      ready: async () => ({ rules: 1, problems: [] }),
      scan: async (_path, _openAt, only) => {
        asked.push(only);
        return { verdict: CLEAN, ...outcome };
      },
      close: async () => {},
    }),
    gate: () => ({
      ...{ isAsking: true, wasDeaf: false, problem: '' },
      counts: {
        ...{ asked: 0, allowed: 0, denied: 0, timeouts: 0, crowded: 0, exempt: 0 },
        ...{ guarded: 0, overflows: 0, medianUs: 0, deaf: 0, known: 0, knownMedianUs: 0, overallMedianUs: 0 },
      },
      start: () => {},
      stop: async () => {},
      forget: () => {},
    }),
    isHarmful: () => false,
    onRefused: () => {},
    onMessage: () => {},
  });
  return { scan, asked, counters: () => health.report().entries[0]?.counters };
}

async function looks(given: FileVerdictRequest, outcome?: { readonly isChanged?: boolean }): Promise<number> {
  const { scan, asked } = begin(outcome);
  for (let time = 0; time < 2; time++) expect(await scan.verdict(given)).toBe('allow');
  return asked.length;
}

it('looks at exactly the file that is asked about, and once at each content', async () => {
  const { scan, asked } = begin();
  const given = request();
  await scan.verdict(given);
  await scan.verdict(given);
  expect(asked).toEqual([{ device: 3, inode: 7, changeTimeNs: given.changeTimeNs }]);
});

it('does not rely on a time of change that others could write behind', async () => {
  // Through a mapping, within the same tick of the clock, or during the look.
  expect(await looks(request({ isBeingWritten: true }))).toBe(2);
  expect(await looks(request({ changeTimeNs: BigInt(NOW_MS - 5) * 1_000_000n }))).toBe(2);
  expect(await looks(request(), { isChanged: true })).toBe(2);
  expect(await looks(request(), { isChanged: false })).toBe(1);
});

it('lets an archive run that there is no time for, and counts it', async () => {
  const { scan, counters } = begin({ verdict: { ...CLEAN, gaps: ['no time for the rest of the archive'] } });
  expect(await scan.verdict(request())).toBe('allow');
  expect(counters()).toMatchObject({ scanned: 1, partly: 1 });
});
