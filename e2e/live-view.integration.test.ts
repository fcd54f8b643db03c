/** What a person types at a terminal, in the middle of an attack, until Ctrl-C: the live view, and `npm start`. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { findProgram } from '../scripts/lib/programs.mjs';
import { HOLDFAST, type Run, runHoldfast, runProgram } from './holdfast.ts';
import { LiveNetwork, VICTIM } from './support/live-network.ts';
import { helpersOf, isRunning } from './support/processes.ts';

const ROOT = join(import.meta.dirname, '..');
const CTRL_C = '\x03';
const SECOND_SCREEN = { enter: '\x1b[?1049h', leave: '\x1b[?1049l' } as const;

const missing = ['nmap', 'npm', 'script', 'stty'].filter((tool) => findProgram(tool) === undefined);
const reason = missing.length > 0 ? `needs ${missing.join(', ')}` : whyNoNamespaces();
if (reason !== undefined) console.warn(`the live view and npm start are not tested: ${reason}`);

describe.skipIf(reason !== undefined)('at a terminal', () => {
  let folder: string;
  let network: LiveNetwork;
  let terminal: ChildProcess | undefined;
  let ended: Promise<Run> | undefined;
  /** Everything that came to the terminal. */
  let shown = '';

  beforeEach(() => {
    shown = '';
    folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
    network = new LiveNetwork();
  });

  afterEach(async () => {
    // Its terminal gone, the engine ends.
    terminal?.kill('SIGHUP');
    await ended;
    network?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  /** A loaded machine answers late. */
  function showing(text: string, timeout = 45_000): Promise<boolean> {
    return vi.waitUntil(() => shown.includes(text), { timeout });
  }

  /** Types a line at a terminal of its own, inside the watched network. */
  function type(line: string): void {
    ended = runProgram([...network.inside, 'script', '-qec', `stty cols 100 rows 40; exec ${line}`, '/dev/null'], {
      keepsInputOpen: true,
      environment: { TERM: 'xterm-256color', npm_config_update_notifier: 'false' },
      onStart: (child) => {
        terminal = child;
        child.stdout?.on('data', (text: string) => {
          shown += text;
        });
      },
    });
  }

  it('the live view shows the attack while it happens, and ends by Ctrl-C with nothing left', async () => {
    type(`${HOLDFAST} --data-dir ${folder} daemon --live --interface ${network.pair.nearInterface}`);
    await showing(' Protected: watching near0.', 60_000);
    expect(shown).toContain(SECOND_SCREEN.enter);
    await showing('None so far.');
    const { stdout } = await runHoldfast(['--data-dir', folder, 'status', '--json']);
    const engine: number = JSON.parse(stdout).cost.pid;
    const [helper] = helpersOf(engine, 'capture');

    const host = network.nextHost();
    await network.run('nmap', '-n', '-Pn', '-sS', '-F', VICTIM);
    await showing(`${host} scanned`);
    await showing('1 alert needs attention.');
    await showing('holdfast alerts show a-');
    expect(shown).toMatch(/◆ MEDIUM/);
    expect(shown).toContain('programs usually');

    terminal?.stdin?.write(CTRL_C);
    const { code, signal } = (await ended) as Run;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(shown.slice(shown.lastIndexOf('Ctrl-C ends Holdfast.'))).toContain(SECOND_SCREEN.leave);
    expect(shown.slice(shown.lastIndexOf(SECOND_SCREEN.leave))).not.toMatch(/error|Error/);
    expect([engine, helper].map(isRunning)).toEqual([false, false]);
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
  });

  it('npm start gives a link that lets one browser in to the app, and ends by Ctrl-C with nothing left', async () => {
    type(`npm start --prefix ${ROOT} -- --data-dir ${folder} --port 7846 --interface ${network.pair.nearInterface}`);
    await showing('Protected: watching near0.', 60_000);
    await showing('token=');
    const [link] = /http:\/\/127\.0\.0\.1:7846\/enter\?token=[\w-]+/.exec(shown) ?? [];
    expect(link).toBeDefined();
    const { stdout } = await runHoldfast(['--data-dir', folder, 'status', '--json']);
    const engine: number = JSON.parse(stdout).cost.pid;

    const visits = await runProgram([...network.inside, process.execPath, '-e', VISIT, link as string]);
    const [entered, again, page] = JSON.parse(visits.stdout);
    expect(entered).toMatchObject({ status: 303, location: '/' });
    expect(again.status).toBeGreaterThanOrEqual(400);
    expect(page.status).toBe(200);
    expect(page.text).toContain('<div id="root">');

    terminal?.stdin?.write(CTRL_C);
    const { code, signal } = (await ended) as Run;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(isRunning(engine)).toBe(false);
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
  }, 90_000);
});

/** A browser's first steps: the link, the same link again without the cookie, and the page with it. */
const VISIT = `
  const [link] = process.argv.slice(1);
  const visit = async (address, headers = {}) => {
    const response = await fetch(address, { redirect: 'manual', headers });
    const text = await response.text();
    return { status: response.status, location: response.headers.get('location'), cookie: response.headers.get('set-cookie'), text };
  };
  const first = await visit(link);
  const second = await visit(link);
  const page = await visit(new URL('/', link), { accept: 'text/html', cookie: first.cookie.split(';')[0] });
  console.log(JSON.stringify([first, second, page]));
`;
