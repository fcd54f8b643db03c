/** `npm start` as a person types it: at a terminal, in the middle of an attack, until Ctrl-C. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { findProgram } from '../scripts/lib/programs.mjs';
import { type Run, runHoldfast, runProgram } from './holdfast.ts';
import { LiveNetwork, VICTIM } from './support/live-network.ts';
import { childrenOf, isRunning } from './support/processes.ts';

const ROOT = join(import.meta.dirname, '..');
const CTRL_C = '\x03';
const SECOND_SCREEN = { enter: '\x1b[?1049h', leave: '\x1b[?1049l' } as const;

const missing = ['nmap', 'npm', 'script', 'stty'].filter((tool) => findProgram(tool) === undefined);
const reason = missing.length > 0 ? `needs ${missing.join(', ')}` : whyNoNamespaces();
if (reason !== undefined) console.warn(`npm start is not tested: ${reason}`);

describe.skipIf(reason !== undefined)('npm start', () => {
  let folder: string;
  let network: LiveNetwork;
  let terminal: ChildProcess | undefined;
  let ended: Promise<Run> | undefined;
  /** Everything that came to the terminal. */
  let shown = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
    network = new LiveNetwork();
  });

  afterAll(async () => {
    // Its terminal gone, the engine ends.
    terminal?.kill('SIGHUP');
    await ended;
    network?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  function showing(text: string, timeout = 5_000): Promise<boolean> {
    return vi.waitUntil(() => shown.includes(text), { timeout });
  }

  it('shows the attack while it happens, and ends by Ctrl-C with nothing left', async () => {
    const start = `npm start --prefix ${ROOT} -- --data-dir ${folder} --interface ${network.pair.nearInterface}`;
    ended = runProgram([...network.inside, 'script', '-qec', `stty cols 100 rows 40; exec ${start}`, '/dev/null'], {
      keepsInputOpen: true,
      environment: { TERM: 'xterm-256color', npm_config_update_notifier: 'false' },
      onStart: (child) => {
        terminal = child;
        child.stdout?.on('data', (text: string) => {
          shown += text;
        });
      },
    });
    await showing(' Protected: watching near0.', 25_000);
    expect(shown).toContain(SECOND_SCREEN.enter);
    await showing('None so far.');
    const { stdout } = await runHoldfast(['--data-dir', folder, 'status', '--json']);
    const engine: number = JSON.parse(stdout).cost.pid;
    const [helper] = childrenOf(engine, 'sense');

    const host = network.nextHost();
    await network.run('nmap', '-n', '-Pn', '-sS', '-F', VICTIM);
    await showing(`${host} scanned`);
    await showing('1 alert needs attention.');
    await showing('holdfast alerts show a-');
    expect(shown).toMatch(/◆ MEDIUM/);
    expect(shown).toContain('programs usually');

    terminal?.stdin?.write(CTRL_C);
    const { code, signal } = await ended;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(shown.slice(shown.lastIndexOf('Ctrl-C ends Holdfast.'))).toContain(SECOND_SCREEN.leave);
    expect(shown.slice(shown.lastIndexOf(SECOND_SCREEN.leave))).not.toMatch(/error|Error/);
    expect([engine, helper].map(isRunning)).toEqual([false, false]);
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
  });
});
