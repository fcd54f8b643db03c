import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withLock } from './lock.mjs';
import { whyStale } from './modules.mjs';
import { isNewEnough } from './node24.mjs';
import { isOutdated } from './sense.mjs';
import { installCommand, isDebianLike, missingPackages, SYSTEM_PACKAGES } from './system-packages.mjs';
import { failed, failuresText, lastLine, SKIPPED, sum, tallyVitest } from './tally.mjs';

describe('whyStale', () => {
  const zod = { version: '4.6.7', integrity: 'sha512-a' };
  const wanted = { packages: { '': { version: '0.1.0' }, 'node_modules/zod': zod } };

  it('finds nothing to do when the same packages are installed', () => {
    expect(whyStale(wanted, { packages: { 'node_modules/zod': zod } })).toBeUndefined();
  });

  it('does not miss optional packages of other platforms', () => {
    const withOptional = {
      packages: { ...wanted.packages, 'node_modules/@a/darwin': { version: '1.0.0', optional: true } },
    };
    expect(whyStale(withOptional, { packages: { 'node_modules/zod': zod } })).toBeUndefined();
  });

  it('names the reason otherwise', () => {
    expect(whyStale(wanted, undefined)).toBe('none are installed');
    expect(whyStale(wanted, { packages: {} })).toBe('zod is missing');
    expect(whyStale(wanted, { packages: { 'node_modules/zod': { ...zod, version: '4.6.6' } } })).toBe(
      'zod is 4.6.6, the lock file says 4.6.7',
    );
    expect(whyStale(wanted, { packages: { 'node_modules/zod': { ...zod, integrity: 'sha512-b' } } })).toContain('zod');
    expect(whyStale(wanted, { packages: { 'node_modules/zod': zod, 'node_modules/a/node_modules/b': {} } })).toBe(
      'b is no longer in the lock file',
    );
  });
});

describe('isOutdated', () => {
  it('holds for a build that is missing or older than any source', () => {
    expect(isOutdated(undefined, [])).toBe(true);
    expect(isOutdated(10, [5, 11])).toBe(true);
    expect(isOutdated(10, [5, 10])).toBe(false);
  });
});

describe('isNewEnough', () => {
  it.each([
    ['18.20.8', false],
    ['20.20.2', false],
    ['23.11.1', false],
    ['24.0.0', true],
    ['25.1.0', true],
    ['100.0.0', true],
  ])('%s: %s', (version, expected) => {
    expect(isNewEnough(version)).toBe(expected);
  });
});

describe('system packages', () => {
  it('are those whose proof is absent', () => {
    expect(missingPackages(() => true)).toEqual([]);
    expect(missingPackages((proof) => proof !== 'nft').map(({ name }) => name)).toEqual(['nftables']);
    expect(missingPackages(() => false)).toEqual(SYSTEM_PACKAGES);
  });

  it('give one command to install them', () => {
    expect(installCommand(SYSTEM_PACKAGES.slice(0, 2))).toBe(
      'apt-get update && apt-get install --no-install-recommends make gcc',
    );
  });

  it.each([
    ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', true],
    ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', true],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', true],
    ['ID="fedora"\nNAME="not a debian"\n', false],
    ['', false],
  ])('are installed only where apt-get is at home: %j', (osRelease, expected) => {
    expect(isDebianLike(osRelease)).toBe(expected);
  });
});

describe('withLock', () => {
  it('takes over from a dead process and leaves nothing behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'));
    try {
      const path = join(folder, 'below/setup.lock');
      expect(withLock(path, () => existsSync(path), fail)).toBe(true);
      writeFileSync(path, 'not a process id');
      expect(withLock(path, () => 1, fail)).toBe(1);
      expect(() =>
        withLock(
          path,
          () => {
            throw new Error('the work failed');
          },
          fail,
        ),
      ).toThrow('the work failed');
      expect(existsSync(path)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('waits for a live process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'));
    const other = spawn('sleep', ['0.3']);
    try {
      await once(other, 'spawn');
      const path = join(folder, 'setup.lock');
      writeFileSync(path, String(other.pid));
      const seen: number[] = [];
      // Waiting blocks this thread, so the child is only reaped, and its id free, once the file is gone.
      const remover = spawn('sh', ['-c', 'sleep 0.5; rm "$1"', 'sh', path]);
      withLock(
        path,
        () => seen.push(0),
        (owner) => seen.push(owner),
      );
      expect(seen).toEqual([other.pid, 0]);
      await once(remover, 'exit');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  function fail(): never {
    throw new Error('nobody else holds the lock');
  }
});

describe('tallyVitest', () => {
  it('counts tests', () => {
    const report = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults: [] };
    expect(tallyVitest(report, false)).toMatchObject({ passed: 5, failed: 1, skipped: 3 });
  });

  it('counts files that could not be loaded, errors outside of tests and a vitest that did not start', () => {
    const unloadable = { status: 'failed', assertionResults: [] };
    expect(tallyVitest({ numPassedTests: 2, testResults: [unloadable, unloadable] }, false).failed).toBe(2);
    expect(tallyVitest({ numPassedTests: 2, testResults: [] }, false).failed).toBe(1);
    expect(tallyVitest(undefined, false).failed).toBe(1);
    expect(tallyVitest(undefined, true).failed).toBe(0);
  });

  it('says at the end what failed, and what was said of it', () => {
    const report = {
      numPassedTests: 1,
      numFailedTests: 1,
      testResults: [
        {
          name: `${process.cwd()}/a.test.ts`,
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'a is' },
            {
              status: 'failed',
              fullName: 'a was',
              failureMessages: ['Error: not so\n\n    at a.test.ts:1\n    at new Promise (<anonymous>)'],
            },
          ],
        },
        { name: `${process.cwd()}/b.test.ts`, status: 'failed', message: 'SyntaxError', assertionResults: [] },
        { name: `${process.cwd()}/c.test.ts`, status: 'passed', assertionResults: [{ status: 'passed' }] },
      ],
    };
    expect(failuresText(sum([tallyVitest(report, false), failed('make test'), SKIPPED]))).toBe(
      'FAILED: a.test.ts > a was\n    Error: not so\n        at a.test.ts:1\n' +
        'FAILED: b.test.ts\n    SyntaxError\nFAILED: make test\n',
    );
    const after = {
      name: 'd.test.ts',
      status: 'failed',
      message: 'in afterAll',
      assertionResults: [{ status: 'passed' }],
    };
    expect(tallyVitest({ testResults: [after] }, false)).toMatchObject({
      failed: 1,
      failures: ['d.test.ts\n    in afterAll'],
    });
    expect(failuresText(sum([]))).toBe('');
  });

  it('ends in the promised line', () => {
    expect(lastLine(sum([]))).toBe('0 passed, 0 failed');
    expect(lastLine(sum([{ passed: 4, failed: 2, skipped: 4, failures: [] }, SKIPPED]))).toBe(
      '4 passed, 2 failed, 5 skipped',
    );
  });
});
