/** Learning from captures and judging others by it, as a person does it at the command line. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnalysisDocument, analysisSchema } from '../contract/analysis.ts';
import { runHoldfast } from './holdfast.ts';
import { ordinaryCapture } from './ordinary-capture.ts';

/** Where it is about the way and not about the result. */
const QUICK = ['--models', 'baseline'];
/** What finds most, and is learnt in a few seconds. */
const GOOD = ['--models', 'baseline,autoencoder'];
const LONG_MS = 60_000;

let folder: string;
const file = (name: string): string => join(folder, name);
const run = (...args: string[]) => runHoldfast([...args, '--data-dir', file('data')]);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-train-'));
  writeFileSync(file('day.pcap'), ordinaryCapture({ connections: 600 }));
  writeFileSync(file('next.pcap'), ordinaryCapture({ connections: 150, seed: 7 }));
  writeFileSync(file('upload.pcap'), ordinaryCapture({ connections: 150, seed: 9, uploadBytes: 1_000_000 }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function analysed(...args: string[]): Promise<AnalysisDocument> {
  const { code, stdout, stderr } = await run('analyze', '--json', ...args);
  expect([code, stderr]).toEqual([0, '']);
  return analysisSchema.parse(JSON.parse(stdout));
}

describe('holdfast train', () => {
  it('learns from a capture, and what it learnt judges others', { timeout: LONG_MS }, async () => {
    const trained = await run('train', '--from', file('day.pcap'), ...GOOD);
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/Learnt from 900 conversations \(600 tcp, 300 udp\) of capture day\.pcap/);
    expect(trained.stderr).toContain('flow tcp: learning autoencoder');
    expect(readdirSync(file('data/models')).sort()).toEqual(['flow.hfmodel', 'key.pem']);

    const ordinary = await analysed(file('next.pcap'), '--model');
    expect(ordinary.alerts).toEqual([]);
    expect(ordinary.anomalies).toMatchObject({ state: 'on', judged: 225, unjudged: 0, shown: 0 });

    const unusual = await analysed(file('upload.pcap'), '--model');
    expect(unusual.anomalies).toMatchObject({
      state: 'on',
      shown: 1,
      model: { source: 'file flow.hfmodel', rows: 900 },
    });
    const [alert] = unusual.alerts;
    expect(alert).toMatchObject({ kind: 'anomaly', attackers: ['203.0.113.77'], victims: ['192.168.1.20'] });
    expect(alert?.evidence.some(({ usualRange }) => usualRange !== undefined)).toBe(true);

    const report = await run('analyze', file('upload.pcap'), '--report', file('report.html'), '--model');
    expect(report.stdout).toMatch(/1\s+conversation\s+too\s+unusual\s+to\s+be\s+chance/);
    expect(readFileSync(file('report.html'), 'utf8')).toContain('<svg class="range"');
  });

  it('tells programs of each step, a document a line', { timeout: LONG_MS }, async () => {
    const out = file('other.hfmodel');
    const { code, stdout, stderr } = await run('train', '--from', file('day.pcap'), ...QUICK, '--json', '--out', out);
    expect([code, stderr]).toEqual([0, '']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['reading', 'progress', 'trained']));
    expect(events.at(-1)).toMatchObject({ event: 'trained', path: out, profile: null, rows: 900, flagged: 0 });
    expect(existsSync(out)).toBe(true);
  });

  it('learns from tables of flows, the same as from their capture', { timeout: LONG_MS }, async () => {
    expect((await run('flows', file('day.pcap'), '--csv', '--output', file('day.csv'))).code).toBe(0);
    const { code, stdout } = await run(
      'train',
      '--csv',
      file('day.csv'),
      ...QUICK,
      '--json',
      '--out',
      file('csv.hfmodel'),
    );
    expect(code).toBe(0);
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({
      rows: 900,
      unreadable: 0,
      groups: [
        { group: 'tcp', rows: 600 },
        { group: 'udp', rows: 300 },
      ],
    });
  });

  it('leaves nothing half-written when it is stopped, and goes on', { timeout: LONG_MS }, async () => {
    const args = ['train', '--from', file('day.pcap'), ...GOOD, '--out', file('stopped.hfmodel')];
    const stopped = await runHoldfast([...args, '--data-dir', file('data')], {
      onStart: (child) =>
        child.stderr?.on('data', (text: Buffer) => {
          if (text.toString().includes('learning autoencoder')) child.kill('SIGINT');
        }),
    });
    expect(stopped.code).toBe(130);
    expect(existsSync(file('stopped.hfmodel'))).toBe(false);
    expect(readdirSync(file('data/models')).filter((name) => name.endsWith('.work'))).toHaveLength(1);
    const resumed = await run(...args, '--resume', '--verbose');
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('Going on: 1 file read')]);
    expect(resumed.stderr).not.toContain('reading ');
    expect(readdirSync(file('data/models')).filter((name) => name.includes('.work'))).toEqual([]);
  });

  it.each([
    [[], 'There is nothing to learn from'],
    [['--from', 'missing.pcap'], 'missing.pcap'],
    [['--csv', 'package.json'], 'is no table of flows'],
    [['--from', 'a.pcap', '--table', 'host'], 'Captures hold conversations'],
    [['--from', 'a.pcap', 'a.pcap'], 'named twice'],
    [['--live', 'soon'], 'no span of time'],
    [['--live', '1m', '--from', 'a.pcap'], '--live is done by the running engine'],
    [['--from', 'a.pcap', '--models', 'magic'], 'is none of'],
  ])('refuses %j and says why', async (args, text) => {
    const { code, stderr } = await run('train', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  });

  it('says that there is no engine to watch with', async () => {
    const { code, stderr } = await run('train', '--live', '0s');
    expect([code, stderr]).toEqual([3, expect.stringContaining('not running here')]);
  });
});

describe('holdfast analyze', () => {
  it('trains on one capture and judges another', { timeout: LONG_MS }, async () => {
    const { anomalies } = await analysed(file('upload.pcap'), '--train', file('next.pcap'));
    // Of look-ups there are too few in it to learn from.
    const model = { source: 'capture next.pcap', rows: 150, kinds: ['baseline', 'isolation-forest', 'autoencoder'] };
    expect(anomalies).toMatchObject({ state: 'on', judged: 151, unjudged: 75, model });
  });

  it('says that and why nothing was judged', async () => {
    const off = await analysed(file('next.pcap'));
    expect(off.anomalies).toMatchObject({ state: 'off', model: null, judged: 0 });
    expect(off.anomalies?.detail).toContain('no model was asked for');
    const text = await run('analyze', file('next.pcap'));
    expect(text.stdout).toContain('Anomaly scoring was off');
    const empty = await runHoldfast(['analyze', file('next.pcap'), '--json', '--data-dir', file('empty'), '--model']);
    expect(JSON.parse(empty.stdout).anomalies.detail).toContain('no engine runs here, and there is no');
  });

  it('takes no other file for what was learnt', async () => {
    const { code, stderr } = await run('analyze', file('next.pcap'), '--model', file('day.pcap'));
    expect([code, stderr]).toEqual([2, expect.stringContaining('no profile that can be taken in')]);
  });
});
