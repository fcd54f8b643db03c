import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import type { Indicator } from '../../../../contract/indicators.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { importedYaraRules, OWN_YARA_RULES } from '../../yara/index.ts';
import type { FileVerdict, ScanHit, ScanWorkerData } from '../rules/scan-messages.ts';
import type { ScanSettings } from '../rules/scan-settings.ts';
import type { ScanOutcome } from '../rules/scan-thread.ts';
import { type FileScanner, FileWatchScan } from './file-watch-scan.ts';
import { wantedOf } from './file-watch-wants.ts';

const SHA256 = 'a'.repeat(64);
const HIT: ScanHit = {
  rule: 'Miner',
  description: 'Mines for somebody else',
  severity: 'high',
  techniques: ['T1496.001'],
  source: join(OWN_YARA_RULES, 'miners.yar'),
  inside: 'a.zip',
  patterns: ['$pool at 4'],
};
const CURL: HostProcessWithParents = {
  pid: 40,
  image: '/usr/bin/curl',
  commandLine: 'curl -o x',
  package: 'dpkg:curl',
};
const BASH: HostProcessWithParents = { pid: 30, image: '/usr/bin/bash', commandLine: 'bash' };

/** A thread that answers what it was told, and remembers what it was asked. */
class FakeScanner implements FileScanner {
  readonly asked: string[] = [];
  isClosed = false;
  readonly #hits: (path: string) => readonly ScanHit[];

  constructor(hits: (path: string) => readonly ScanHit[]) {
    this.#hits = hits;
  }

  async ready() {
    return { rules: 3, problems: [] };
  }

  async scan(path: string, _openAt?: string | Uint8Array): Promise<ScanOutcome> {
    this.asked.push(path);
    return { verdict: verdictOf(path, this.#hits(path)) };
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

function verdictOf(path: string, hits: readonly ScanHit[]): FileVerdict {
  return { path, sizeBytes: 5, sha256: SHA256, sha1: 'b', md5: 'c', hits, contents: 1, gaps: [] };
}

describe('new files, looked at as they come', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-watch-'));
  const own = join(folder, 'own');
  let clock: ManualClock;
  let health: HealthRegistry;
  let scanners: FakeScanner[];
  let begun: ScanWorkerData[];
  let findings: Finding[];
  let counted: string[];
  let disabled: Set<string>;
  let listed: Indicator | undefined;
  let settings: ScanSettings;
  let watch: FileWatchScan;

  beforeEach(() => {
    mkdirSync(own, { recursive: true });
    clock = new ManualClock();
    health = new HealthRegistry();
    [scanners, begun, findings, counted] = [[], [], [], []];
    disabled = new Set();
    listed = undefined;
    settings = { enabled: true, places: [folder], largestMebibytes: 4, beforeRun: false, beforeRunMs: 500 };
    watch = new FileWatchScan({
      dataDirectory: own,
      ownDirectories: [own],
      settings: () => settings,
      clock,
      health,
      isEnabled: (id) => !disabled.has(id),
      indicatorOf: (type, hash) => (type === 'sha256' && hash === SHA256 ? listed : undefined),
      onHit: (id) => counted.push(id),
      onFinding: (finding) => findings.push(finding),
      begin: (data) => {
        begun.push(data);
        const scanner = new FakeScanner((path) => (path.includes('bad') ? [HIT] : []));
        scanners.push(scanner);
        return scanner;
      },
    });
    watch.start();
  });

  afterEach(async () => {
    await watch.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function file(name: string, text = name): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  }

  const written = (path: string, process?: HostProcessWithParents): HostEvent => ({
    type: 'file-written',
    timeMs: 1_000,
    path,
    file: { mode: 0o755, kind: 'file' },
    process,
  });
  const run = (path: string, timeMs = 2_000, more: Partial<HostProcessWithParents> = {}): HostEvent => ({
    type: 'process-start',
    timeMs,
    process: { pid: 50, image: path, commandLine: path, parent: BASH, ...more },
  });
  const counters = () => health.report().entries.find(({ part }) => part === 'scanner')!.counters;
  const asked = () => scanners.flatMap((scanner) => scanner.asked);

  /** Until nothing waits any more. */
  async function settle(): Promise<void> {
    clock.advance(200);
    await vi.waitFor(() => expect(counters()?.waiting).toBe(0), 20_000);
  }

  it('says who wrote a file in which a rule found something, and counts the hit', async () => {
    const path = file('bad');
    watch.take([written(path, { ...CURL, parent: BASH })]);
    await settle();
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      detector: 'yara',
      kind: 'malware',
      origin: 'host',
      cause: `yara/miners.yar#Miner/${path}`,
      severity: 'high',
      techniques: ['T1496.001', 'T1105'],
      files: [{ path }],
      processes: [{ image: '/usr/bin/curl' }, { image: '/usr/bin/bash' }],
    });
    expect(findings[0].title).toMatch(/^curl wrote a harmful file: .*\(Miner\)$/);
    expect(findings[0].evidence).toContainEqual(expect.objectContaining({ name: 'SHA-256', value: SHA256 }));
    expect(counted).toEqual(['miners.yar#Miner']);
    expect(begun[0]).toMatchObject({ maxFileBytes: 4 * 2 ** 20, isGentle: true, rules: [OWN_YARA_RULES] });
  });

  it('looks at one content once, and says again that it is run', async () => {
    const [bad, fine] = [file('bad'), file('fine')];
    watch.take([written(bad), written(fine), written(bad), run(fine)]);
    await settle();
    expect(asked().toSorted()).toEqual([bad, fine]);
    watch.take([run(bad), run(fine, 90_000)]);
    await settle();
    expect(asked()).toHaveLength(2);
    expect(findings.map(({ title }) => title.split(':')[0])).toEqual([
      'There is a harmful file',
      'A program was run from a harmful file',
    ]);
    expect(new Set(findings.map(({ cause }) => cause)).size).toBe(1);
    writeFileSync(fine, 'something else now');
    watch.take([written(fine)]);
    await settle();
    expect(asked()).toHaveLength(3);
  });

  it('looks at no program anew because many new files came', async () => {
    const program = file('program');
    watch.take([run(program)]);
    await settle();
    for (let begun = 0; begun < 21_000; begun += 1_500) {
      const names = Array.from({ length: 1_500 }, (_, index) => file(`new-${begun + index}`));
      watch.take(names.map((path) => written(path)));
      await settle();
    }
    const before = asked().length;
    watch.take([run(program, 90_000)]);
    await settle();
    expect(before).toBe(21_001);
    expect(asked()).toHaveLength(before);
  }, 60_000);

  it('leaves out rules that are off, and says what a list knows', async () => {
    disabled.add('miners.yar#Miner');
    const path = file('bad');
    watch.take([written(path)]);
    await settle();
    expect([findings, counted]).toEqual([[], []]);
    listed = { type: 'sha256', value: SHA256, label: 'Emotet', source: 'bad.txt' };
    watch.reload();
    watch.take([written(path)]);
    await settle();
    expect(findings[0]).toMatchObject({ detector: 'indicators', kind: 'malware', severity: 'high' });
    expect(findings[0].title).toContain('(Emotet)');
    expect(scanners[0].isClosed).toBe(true);
  });

  it('names rules that were taken in as the lists of rules do', async () => {
    vi.spyOn(FakeScanner.prototype, 'scan').mockImplementationOnce(async (path) => ({
      verdict: verdictOf(path, [{ ...HIT, source: join(importedYaraRules(own), 'mine.yar') }]),
    }));
    watch.take([written(file('bad'))]);
    await settle();
    expect(counted).toEqual(['mine.yar#Miner']);
  });

  it('lets the thread go when nothing comes, and begins another for the next file', async () => {
    watch.take([written(file('one'))]);
    await settle();
    clock.advance(61_000);
    expect(scanners[0].isClosed).toBe(true);
    watch.take([written(file('two'))]);
    await settle();
    expect(scanners).toHaveLength(2);
  });

  it('holds so many files and counts the others', async () => {
    expect(health.report().entries.find(({ part }) => part === 'scanner')?.state).toBe('ok');
    watch.take(Array.from({ length: 2_500 }, (_, index) => written(join(folder, `gone-${index}.sh`))));
    expect(counters()).toMatchObject({ waiting: 2_000, dropped: 500 });
    expect(health.report().entries.find(({ part }) => part === 'scanner')?.state).toBe('degraded');
    await settle();
    expect(asked()).toEqual([]);
  });

  it('opens names that are not UTF-8 by their bytes', async () => {
    const bytes = Buffer.concat([Buffer.from(join(folder, 'bad-')), Buffer.from([0xff, 0xfe])]);
    writeFileSync(bytes, 'x');
    const openAt: unknown[] = [];
    const scan = vi.spyOn(FakeScanner.prototype, 'scan').mockImplementation(async (path, at) => {
      openAt.push(at);
      return { verdict: verdictOf(path, [HIT]) };
    });
    watch.take([{ ...written(bytes.toString()), pathBytes: bytes.toString('hex') } as HostEvent]);
    await settle();
    scan.mockRestore();
    expect(openAt).toEqual([bytes]);
    expect(findings).toHaveLength(1);
  });

  it('looks at nothing while it is off, and says so', async () => {
    settings = { ...settings, enabled: false };
    watch.configure();
    watch.take([written(file('bad'))]);
    clock.advance(1_000);
    expect(counters()?.waiting).toBe(0);
    expect(health.report().entries.find(({ part }) => part === 'scanner')?.state).toBe('off');
  });

  it('tells that the scanner cannot begin, and tries it again', async () => {
    vi.spyOn(FakeScanner.prototype, 'ready').mockRejectedValueOnce(new Error('no memory'));
    watch.take([written(file('bad'))]);
    clock.advance(200);
    await vi.waitFor(
      () => expect(health.report().entries.find(({ part }) => part === 'scanner')?.state).toBe('failed'),
      20_000,
    );
    clock.advance(61_000);
    watch.take([written(file('bad'))]);
    await settle();
    expect(findings).toHaveLength(1);
  });

  it('wants programs, scripts and archives, and neither its own files nor those of package managers', () => {
    const wants = { places: [folder], ownDirectories: [own], ownPid: 7 };
    const event = (path: string, mode: number, process?: HostProcessWithParents): HostEvent => ({
      type: 'file-written',
      timeMs: 1,
      path,
      file: { mode, kind: 'file' },
      process,
    });
    const isWanted = (...from: Parameters<typeof event>): boolean => wantedOf(event(...from), wants) !== undefined;
    // What is executed counts, not who executes it: a packaged shell runs anybody's script.
    const executed = (path: string, uid: number, image: string): boolean =>
      wantedOf(
        {
          type: 'file-executed',
          timeMs: 1,
          path,
          file: { uid, mode: 0o755 },
          process: { ...BASH, image, package: 'dpkg:bash' },
        },
        wants,
      ) !== undefined;
    expect(executed('/home/anna/run.sh', 1_000, '/usr/bin/bash')).toBe(true);
    expect(executed('/usr/bin/true', 0, '/usr/bin/bash')).toBe(false);
    expect(executed('/usr/bin/true', 1_000, '/usr/bin/bash')).toBe(true);
    expect(executed('/usr/local/bin/own', 0, '/usr/bin/bash')).toBe(true);
    expect(executed('/home/anna/app', 1_000, '/home/anna/app')).toBe(false);
    expect(isWanted(join(folder, 'tool'), 0o755)).toBe(true);
    expect(isWanted(join(folder, 'note.txt'), 0o644)).toBe(false);
    expect(isWanted(join(folder, 'note.SH'), 0o644)).toBe(true);
    expect(isWanted('/elsewhere/tool', 0o755)).toBe(false);
    expect(isWanted(join(own, 'rules.sh'), 0o755)).toBe(false);
    expect(isWanted(join(folder, 'tool'), 0o755, { ...CURL, pid: 7 })).toBe(false);
    expect(isWanted(join(folder, 'tool'), 0o755, { pid: 8, image: '/usr/bin/dpkg', commandLine: 'dpkg' })).toBe(false);
    expect(wantedOf(run('/anywhere/tool'), wants)).toMatchObject({ how: 'run', path: '/anywhere/tool' });
    expect(wantedOf(run('/usr/bin/curl', 1, { package: 'dpkg:curl' }), wants)).toBeUndefined();
    expect(wantedOf(run('memfd:x'), wants)).toBeUndefined();
  });
});
