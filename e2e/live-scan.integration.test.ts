/** A program that rules in YARA know, run on a computer with an engine on it: seen by the real sensors, and told. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { sensorSwitch } from './holdfast.ts';
import { LiveEngine } from './support/live-engine.ts';

const reason = whyNoNamespaces();
if (reason !== undefined) console.warn(`Live scanning is not tested: ${reason}`);

/** Nobody else's content. */
const MARK = 'holdfast-test-mark-5f2c9a';
const RULE = `rule Marked_program
{
  meta:
    description = "A program that a test has marked"
    severity = "high"
  strings:
    $mark = "${MARK}"
  condition:
    uint32(0) == 0x464c457f and $mark
}
`;
/** The rules are compiled when the first file comes; a loaded machine takes its time. */
const SOON = { timeout: 30_000, interval: 50 };

interface ListedRule {
  readonly id: string;
  readonly hits: number;
}

describe.skipIf(reason !== undefined)('a new program', () => {
  let folder: string;
  let engine: LiveEngine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
    engine = await LiveEngine.start({
      dataDirectory: join(folder, 'data'),
      prefix: [],
      daemonArguments: ['--interface', 'lo'],
      environment: { [sensorSwitch('processes')]: 'true' },
    });
    await engine.health('processes', ({ detail }) => /watched|is seen/.test(detail));
    writeFileSync(join(folder, 'marked.yar'), RULE, { mode: 0o600 });
    expect((await engine.holdfast('rules', 'import', join(folder, 'marked.yar'))).code).toBe(0);
  });

  afterAll(async () => {
    await engine?.kill();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  /** A program that does nothing, with the mark at its end. */
  function marked(name: string): string {
    const path = join(folder, name);
    copyFileSync('/usr/bin/true', path);
    appendFileSync(path, MARK);
    chmodSync(path, 0o755);
    return path;
  }

  const told = (path: string) => engine.heard.find(({ alert }) => alert.files?.some((file) => file.path === path));

  it('is told when it is run, with the process and the rule, which is counted', async () => {
    const path = marked('marked-one');
    const begunMs = Date.now();
    execFileSync(path);
    const { alert, heardMs } = await vi.waitUntil(() => told(path), SOON);
    console.log(`A harmful program is told after ${heardMs - begunMs} ms: ${alert.title}`);
    expect(alert).toMatchObject({ kind: 'malware', severity: 'high' });
    expect(alert.title).toContain('Marked_program');
    expect(alert.processes?.[0]?.image).toBe(path);
    const listed = await engine.holdfast('rules', 'list', '--engine', 'yara', '--json');
    const { rules } = JSON.parse(listed.stdout) as { readonly rules: readonly ListedRule[] };
    expect(rules.find(({ id }) => id === 'marked.yar#Marked_program')?.hits).toBe(1);
    await engine.health('scanner', ({ state, counters }) => state === 'ok' && (counters.found ?? 0) === 1);
  });

  it('is told within a second once the rules are there', async () => {
    const path = marked('marked-two');
    appendFileSync(path, 'another content');
    const begunMs = Date.now();
    execFileSync(path);
    const { alert, heardMs } = await vi.waitUntil(() => told(path), SOON);
    console.log(`The next one is told after ${heardMs - begunMs} ms: ${alert.title}`);
    expect(heardMs - begunMs).toBeLessThan(2_500);
  });

  it('is not told by a rule that is off', async () => {
    expect((await engine.holdfast('rules', 'disable', 'marked.yar#Marked_program')).code).toBe(0);
    const { counters } = await engine.health('scanner', () => true);
    const path = marked('marked-three');
    appendFileSync(path, 'a third content');
    execFileSync(path);
    await engine.health('scanner', (entry) => (entry.counters.scanned ?? 0) > (counters.scanned ?? 0));
    expect(told(path)).toBeUndefined();
  });
});
