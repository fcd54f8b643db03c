import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analysisSchema } from '../contract/analysis.ts';
import { quietCapture, scanCapture } from './captures.ts';
import { HOLDFAST, runHoldfast } from './holdfast.ts';

/** After so long the program has read what there is, also on a busy machine. */
const STARTED_MS = 3_000;

let folder: string;
let scan: string;
let quiet: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  scan = join(folder, 'scan.pcap');
  quiet = join(folder, 'quiet.pcap');
  writeFileSync(scan, scanCapture());
  writeFileSync(quiet, quietCapture());
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('holdfast analyze', () => {
  it('prints one JSON document on standard output and nothing else', async () => {
    const { code, stdout, stderr } = await runHoldfast(['analyze', scan, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const document = analysisSchema.parse(JSON.parse(stdout));
    expect(document.capture).toMatchObject({ path: scan, format: 'pcap', packets: 2_000, malformed: 0 });
    expect(document.capture.firstSeen).toBe('2026-01-02T03:04:05.000Z');
    expect(document.alerts).toHaveLength(1);
    expect(document.alerts[0]).toMatchObject({
      kind: 'port-scan',
      attackers: ['192.0.2.66'],
      victims: ['192.0.2.9'],
    });
    expect(document.alerts[0].techniques).toContain('T1046');
  });

  it('tells people who did what to whom, without colours where there is no terminal', async () => {
    const { stdout } = await runHoldfast(['analyze', scan]);
    expect(stdout).toMatch(/^[◆▲■] 1 alert needs attention in scan\.pcap\.\n/);
    expect(stdout).toContain('192.0.2.66');
    expect(stdout).toContain('T1046 Network Service Discovery');
    expect(stdout).not.toContain('\u001b');
  });

  it('says what was looked for where nothing was found', async () => {
    const { code, stdout } = await runHoldfast(['analyze', quiet, '--fail-on', 'info']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ Nothing suspicious found in quiet\.pcap\.\n/);
    expect(stdout).toContain('Looked for');
  });

  it('exits by --fail-on, whatever --min-severity shows', async () => {
    const codes = await Promise.all(
      [['--fail-on', 'low'], ['--fail-on', 'critical'], ['--fail-on', 'low', '--min-severity', 'critical'], []].map(
        async (options) => (await runHoldfast(['analyze', scan, ...options])).code,
      ),
    );
    expect(codes).toEqual([1, 0, 1, 0]);
  });

  it('reads standard input', async () => {
    const { code, stdout } = await runHoldfast(['analyze', '-', '--json'], { stdin: scanCapture() });
    expect(code).toBe(0);
    expect(analysisSchema.parse(JSON.parse(stdout)).capture).toMatchObject({ path: '-', packets: 2_000 });
  });

  it('gives an array for several files, and goes on after one that is no capture', async () => {
    const { code, stdout, stderr } = await runHoldfast(['analyze', '--json', quiet, HOLDFAST, scan]);
    expect(code).toBe(2);
    const documents = JSON.parse(stdout) as { capture: { path: string } }[];
    expect(documents.map(({ capture }) => capture.path)).toEqual([quiet, scan]);
    expect(stderr).toMatch(/^holdfast: .*bin\/holdfast/);
  });

  it.each([
    ['a missing file', ['analyze', '/nonexistent/a.pcap']],
    ['a file that is no capture', ['analyze', HOLDFAST]],
    ['no file', ['analyze']],
    ['a wrong option', ['analyze', '--wrong', 'x']],
    ['a wrong level', ['analyze', '--fail-on', 'terrible', 'x']],
    ['a wrong command', ['analyse', 'x']],
    ['a wrong setting', ['analyze', '--set', 'no.such=1', 'x']],
    ['a wrong profile', ['analyze', '--profile', 'no-such', 'x']],
    ['a wrong configuration', ['analyze', '--config', '/nonexistent.yaml', 'x']],
    ['two formats', ['flows', '--csv', '--json', 'x']],
  ])('exits with 2 for %s, with words and without a stack trace', async (_what, args) => {
    const { code, stdout, stderr } = await runHoldfast(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^holdfast: \S/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('writes a report beside, whole or not at all', async () => {
    const report = join(folder, 'report.html');
    expect((await runHoldfast(['analyze', scan, '--json', '--report', report])).code).toBe(0);
    const html = readFileSync(report, 'utf8');
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).toContain('192.0.2.66');
    const { code, stderr } = await runHoldfast(['analyze', scan, '--report', '/nonexistent/report.html']);
    expect(code).toBe(3);
    expect(stderr).toContain('folder does not exist');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('gives what was found so far when it is interrupted, twice at once as npm may do', async () => {
    const { code, stdout } = await runHoldfast(['analyze', '-', '--json'], {
      stdin: scanCapture(),
      keepsInputOpen: true,
      onStart: (child) =>
        setTimeout(() => {
          child.kill('SIGINT');
          child.kill('SIGINT');
        }, STARTED_MS),
    });
    expect(code).toBe(130);
    const { capture } = analysisSchema.parse(JSON.parse(stdout));
    expect(capture.packets).toBeGreaterThan(0);
    expect(capture.notes.map((note) => note.code)).toContain('stopped');
  });
});

describe('holdfast flows', () => {
  it('writes CSV with a line for each flow', async () => {
    const { code, stdout, stderr } = await runHoldfast(['flows', scan, '--csv']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split(/\r?\n/);
    expect(lines).toHaveLength(1 + 1_000);
    expect(lines[0]).toMatch(/^Flow ID,/);
  });

  it('writes JSON, to a file too', async () => {
    const path = join(folder, 'flows.json');
    const { code, stdout } = await runHoldfast(['flows', quiet, '--output', path]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ flows: [expect.anything()] });
  });

  it('sums up for people', async () => {
    const { stdout } = await runHoldfast(['flows', quiet]);
    expect(stdout).toMatch(/^1 flow between 2 hosts/);
    expect(stdout).toContain('198.51.100.7');
  });

  it('leaves no file behind for what is no capture', async () => {
    const path = join(folder, 'none.csv');
    expect((await runHoldfast(['flows', HOLDFAST, '--output', path])).code).toBe(2);
    expect(existsSync(path)).toBe(false);
  });

  it('ends quietly when nobody reads any more', () => {
    const { stdout, stderr, status } = spawnSync(
      'bash',
      ['-c', 'set -o pipefail; "$0" flows "$1" --csv | head -n 1', HOLDFAST, scan],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout.split('\n')).toHaveLength(2);
  });
});

describe('holdfast', () => {
  it('prints its version and its help', async () => {
    const version = await runHoldfast(['--version']);
    expect(version.stdout).toMatch(/^holdfast \d+\.\d+\.\d+\n$/);
    expect((await runHoldfast([])).stdout).toContain('analyze');
    expect((await runHoldfast(['help', 'analyze'])).stdout).toContain('--fail-on');
  });

  it('gives an example of a configuration that is right as it stands', async () => {
    const { stdout } = await runHoldfast(['config', 'example']);
    const path = join(folder, 'config.yaml');
    writeFileSync(path, stdout, { mode: 0o600 });
    const check = await runHoldfast(['config', 'check', '--config', path]);
    expect({ code: check.code, stderr: check.stderr }).toEqual({ code: 0, stderr: '' });
    writeFileSync(path, 'store:\n  nonsense: 1\n', { mode: 0o600 });
    const wrong = await runHoldfast(['config', 'check', '--config', path]);
    expect(wrong.code).toBe(2);
    expect(wrong.stdout).toContain(`${path}:2`);
  });
});
