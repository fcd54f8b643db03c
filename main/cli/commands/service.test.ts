import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../context.ts';
import { explain } from '../failure.ts';
import type { System } from '../service/system.ts';
import { installService, restoreNetwork, type ServiceWorld, serviceStatus, uninstallService } from './service.ts';

let root: string;
let said: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-service-'));
  said = '';
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Of the context the commands use these two. */
function context(simulate = false): CommandContext {
  const out = {
    write(text: string) {
      said += text;
    },
  };
  return { out, globals: { simulate } } as unknown as CommandContext;
}

function world(change: { system?: Partial<System>; why?: string } = {}): ServiceWorld {
  const system: System = {
    userId: 0,
    hasSystemd: true,
    find: (name) => `/usr/bin/${name}`,
    run: () => ({ code: 0, stdout: '', stderr: '' }),
    ...change.system,
  };
  const program = { root: '/opt/holdfast', launcher: '/opt/holdfast/holdfast', isPackaged: false };
  return { system, program, whyUntrusted: () => change.why };
}

async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string; exitCode: number }> {
  const { failure, exitCode } = await work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => explain(error),
  );
  return { code: failure.code, message: failure.message, exitCode };
}

const UNIT = 'etc/systemd/system/holdfast.service';

describe('holdfast service', () => {
  it('refuses to make root run what others can change', async () => {
    const why = '/opt/holdfast/dist/x.js belongs to user 1000';
    const { code, message, exitCode } = await failureOf(installService({ root }, context(), world({ why })));
    expect({ code, exitCode }).toEqual({ code: 'unsafe-program', exitCode: 3 });
    expect(message).toContain(why);
  });

  it('asks for root, and for systemd, before it does anything', async () => {
    const asUser = world({ system: { userId: 1000 } });
    expect((await failureOf(installService({}, context(), asUser))).code).toBe('needs-root');
    expect((await failureOf(uninstallService({}, context(), asUser))).code).toBe('needs-root');
    const elsewhere = world({ system: { hasSystemd: false } });
    expect((await failureOf(installService({}, context(), elsewhere))).code).toBe('no-systemd');
    expect((await failureOf(serviceStatus({}, context(), elsewhere))).code).toBe('no-systemd');
  });

  it('does not touch a unit that is somebody else’s', async () => {
    mkdirSync(dirname(join(root, UNIT)), { recursive: true });
    writeFileSync(join(root, UNIT), '[Unit]\n');
    expect((await failureOf(installService({ root }, context(), world()))).code).toBe('foreign-unit');
    await uninstallService({ root }, context(), world());
    expect(readFileSync(join(root, UNIT), 'utf8')).toBe('[Unit]\n');
  });

  it('says what it would do, and does it not', async () => {
    await installService({ root }, context(true), world());
    expect(said).toContain(`Nothing was done. It would:\n  write ${root}/${UNIT}`);
    expect(() => readFileSync(join(root, UNIT))).toThrow(/ENOENT/);
  });

  it('says its steps as data', async () => {
    await installService({ root, json: true }, context(), world());
    expect(JSON.parse(said)).toEqual({ simulate: false, steps: [expect.any(String), expect.any(String)] });
  });

  it.each([
    ['LoadState=not-found\nActiveState=inactive\n', 3, 'not installed as a service'],
    ['LoadState=masked\nActiveState=inactive\n', 3, 'masked'],
    ['LoadState=loaded\nActiveState=failed\nResult=exit-code\n', 3, 'not running (exit-code)'],
    ['LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nMainPID=5\n', 0, 'running (process 5)'],
  ])('says of %j what it is', async (stdout, exitCode, words) => {
    const system = { run: () => ({ code: 0, stdout, stderr: '' }) };
    expect(await serviceStatus({}, context(), world({ system }))).toBe(exitCode);
    expect(said).toContain(words);
  });

  it('restores the network without root’s checks: the kernel decides who may', async () => {
    const system = {
      userId: 1000,
      run: (_path: string, args: readonly string[]) => ({
        code: 0,
        stdout: args[0] === 'list' ? 'table ip6 holdfast\n' : '',
        stderr: '',
      }),
    };
    await restoreNetwork({}, context(), world({ system }));
    expect(said).toBe('Removed the packet filter tables ip6 holdfast.\n');
  });
});
