/** Programs that are looked at before they run, only on a file system of the test's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Finding } from '../contract/domain.ts';
import { systemClock } from '../main/engine/runtime/clock.ts';
import { HealthRegistry } from '../main/engine/runtime/health.ts';
import { MountNamespace, whyNoNamespace } from '../main/engine/sensors/files/testing/namespace.ts';
import { VerdictGate } from '../main/engine/sensors/index.ts';
import { FileWatchScan } from '../main/engine/services/host/file-watch-scan.ts';
import { ScanThread } from '../main/engine/services/rules/scan-thread.ts';
import { OWN_YARA_RULES } from '../main/engine/yara/index.ts';

const obstacle = whyNoNamespace();
if (obstacle !== undefined) console.log(`Tests of scans before a start are skipped: ${obstacle}.`);

/** In two parts, so that no scanner takes this file for the test file itself. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-', 'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe.skipIf(obstacle !== undefined)('a scan before a program runs', () => {
  it('keeps from running what a rule calls harmful, lets it run when the rule is off, and others at once', async () => {
    const space = new MountNamespace();
    closing.push(() => space.close());
    const dataDirectory = mkdtempSync(join(tmpdir(), 'holdfast-before-run-'));
    closing.push(() => rmSync(dataDirectory, { recursive: true, force: true }));
    const [health, findings, disabled] = [new HealthRegistry(), [] as Finding[], new Set<string>()];
    const scan = new FileWatchScan({
      dataDirectory,
      ownDirectories: [dataDirectory],
      settings: () => ({ enabled: true, places: ['/'], largestMebibytes: 4, beforeRun: true, beforeRunMs: 5_000 }),
      clock: systemClock,
      health,
      isEnabled: (id) => !disabled.has(id),
      indicatorOf: () => undefined,
      onHit: () => {},
      onFinding: (finding) => findings.push(finding),
      begin: (data) => new ScanThread({ ...data, rules: [join(OWN_YARA_RULES, 'eicar.yar')] }),
      gate: (options) =>
        new VerdictGate({
          ...options,
          helperPath: space.helperPath,
          onlyMountPoints: [space.mountPoint],
          ownProcesses: [],
        }),
    });
    closing.push(() => scan.stop());
    scan.start();
    const entry = () => health.report().entries.find(({ part }) => part === 'before-run');
    await expect.poll(() => entry()?.detail, { timeout: 10_000 }).toContain('with 1 rule before they run');

    space.run(
      `printf '#!/bin/sh\\n# %s\\necho ran\\n' "$1" > bad; printf '#!/bin/sh\\necho ran\\n' > good; chmod 755 bad good`,
      EICAR,
    );
    // The first program of the shell is its child, which is ours no more.
    const start = (name: string) => space.start(`./${name} 2>/dev/null; echo $?`);
    expect(await start('good')).toBe('ran\n0\n');
    expect(await start('bad')).toBe('126\n');
    expect(await start('bad')).toBe('126\n');
    expect(findings[0]).toMatchObject({ detector: 'yara', kind: 'malware', severity: 'medium' });
    expect(findings[0].title).toContain('kept from running');
    expect(findings[0].files).toMatchObject([{ path: join(space.mountPoint, 'bad') }]);

    disabled.add('eicar.yar#eicar_test_file');
    scan.reload();
    expect(await start('bad')).toBe('ran\n0\n');
    await expect.poll(() => entry()?.counters?.denied, { timeout: 5_000 }).toBe(2);
    expect(entry()).toMatchObject({ state: 'ok', counters: { refused: 2, timeouts: 0, notLooked: 0 } });

    await scan.stop();
    expect(entry()?.state).toBe('off');
  }, 60_000);
});
