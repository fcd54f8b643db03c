/** What the command line does with alerts: real sockets, processes and a real store; the findings are made up. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiServer, apiSettings } from '../main/engine/api/index.ts';
import { TestEngine } from '../main/engine/api/testing.ts';
import { HealthRegistry } from '../main/engine/runtime/health.ts';
import { createQuietLogger } from '../main/engine/runtime/log.ts';
import { defaultsOf } from '../main/engine/runtime/settings.ts';
import { AlertRig, testFinding } from '../main/engine/services/alerts/alert-testing.ts';
import packageFile from '../package.json' with { type: 'json' };
import { runHoldfast } from './holdfast.ts';

const rig = new AlertRig();
let server: ApiServer;
let scan: string;
let other: string;

beforeAll(async () => {
  await rig.open();
  scan = rig.book.add(testFinding('10.1.0.1')).id;
  other = rig.book.add(testFinding('203.0.113.5', { victims: ['10.0.0.8'], title: 'scan \u001b[2J\u202e' })).id;
  server = new ApiServer({
    handlers: { ...new TestEngine().handlers, ...rig.handlers },
    directory: join(rig.folder, 'run'),
    settings: defaultsOf(apiSettings),
    health: new HealthRegistry(),
    logger: createQuietLogger(),
    version: packageFile.version,
    checkAnswers: true,
  });
  await server.start();
});

afterAll(async () => {
  await server.stop();
  rig.close();
});

async function holdfast(...args: string[]) {
  const run = await runHoldfast(['--data-dir', rig.folder, ...args]);
  expect(run.stdout + run.stderr).not.toMatch(/[\p{Cf}\u007f]|(?!\n)\p{Cc}/u);
  return run;
}

describe('alerts on the command line', () => {
  it('are dismissed with a reason, found again by their state, and opened again', async () => {
    const done = await holdfast('alerts', 'dismiss', scan, 'a-none', '--reason', 'expected', '--note', 'our own');
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toBe(`Dismissed: ${scan}\nNot changed, unknown or so already: a-none\n`);
    expect((await holdfast('alerts', 'list')).stdout).not.toContain(scan);
    expect((await holdfast('alerts', 'list', '--state', 'dismissed')).stdout).toContain(`${scan}  [dismissed]`);
    const shown = await holdfast('alerts', 'show', scan);
    expect(shown.stdout).toMatch(/Dismissed by [^:]+:\s+it\s+was\s+expected\s+\(our own\)/);
    expect(shown.stdout).toMatch(/Nothing was done: Holdfast only\s+tells/);
    const { changed } = JSON.parse((await holdfast('alerts', 'reopen', scan, '--json')).stdout);
    expect(changed).toEqual([{ id: scan, before: 'dismissed' }]);
  });

  it('are searched, and told that there are none', async () => {
    expect((await holdfast('alerts', 'list', '--search', '203.0.113.5')).stdout).toContain(other);
    expect((await holdfast('alerts', 'list', '--search', 'nobody')).stdout).toContain('No alert fits');
    expect(await holdfast('alerts', 'list', '--source', 'nonsense')).toMatchObject({ code: 2 });
  });

  it('are exported as a page and as data', async () => {
    const page = join(rig.folder, 'alerts.html');
    expect(await holdfast('alerts', 'export', scan, other, '--output', page)).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>[\s\S]*10\.1\.0\.1 scanned/);
    const { alerts } = JSON.parse((await holdfast('alerts', 'export', other, '--format', 'json')).stdout);
    expect(alerts).toHaveLength(1);
    expect(await holdfast('alerts', 'export', 'a-none')).toMatchObject({ code: 2, stdout: '' });
  });

  it('are allowed after a look at what that would hide', async () => {
    const match = ['--attacker', '10.1.0.0/16', '--kind', 'port-scan'];
    expect((await holdfast('allow', 'list')).stdout).toContain('Nothing is allowed');
    expect((await holdfast('allow', 'preview', ...match)).stdout).toContain('hidden 1 alert since');
    const entry = JSON.parse((await holdfast('allow', 'add', ...match, '--reason', 'ours', '--json')).stdout);
    expect(entry).toMatchObject({ hidden: 1, reason: 'ours' });
    expect((await holdfast('allow', 'list')).stdout).toContain(entry.id);
    expect(await holdfast('allow', 'add', '--reason', 'all of it')).toMatchObject({ code: 2 });
    expect(await holdfast('allow', 'remove', entry.id)).toMatchObject({ code: 0 });
    expect(await holdfast('allow', 'remove', entry.id)).toMatchObject({ code: 2, stdout: '' });
  });
});
