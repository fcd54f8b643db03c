/** Rules, events and files that somebody wrote to harm. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HOST_EVENT_TYPES } from '../../../contract/events.ts';
import { matchFileEvent, readEvents } from './event-file.ts';
import { readRuleFiles } from './folder.ts';
import { SigmaRuleSet } from './rule-set.ts';
import { MAX_RULE_FILE_BYTES } from './yaml.ts';

const RULE = `title: T
logsource: { product: linux, category: process_creation }
detection:
  s: { CommandLine|contains: [curl, wget], 'Image|endswith': /sh, 'CommandLine|re': '(a+)+$' }
  k: [foo, 'b*r']
  f: { User|fieldref: ParentUser, Signal|exists: false, Hashes|contains: x }
  condition: 1 of them`;

function load(text: string): SigmaRuleSet {
  return SigmaRuleSet.load([{ path: 'x.yml', text }]);
}

/** Lines of rules with parts exchanged. */
const mutated = fc
  .array(
    fc.tuple(
      fc.nat(RULE.length),
      fc.nat(8),
      fc.oneof(fc.string(), fc.constantFrom('- ', '\n', ': ', '[', '{', '&a ', '*a', '|', '!!x ', '"', '? ', '%a%')),
    ),
    {
      maxLength: 6,
    },
  )
  .map((changes) => changes.reduce((text, [at, gone, put]) => text.slice(0, at) + put + text.slice(at + gone), RULE));

const hostileProcess = fc.record(
  {
    pid: fc.anything(),
    image: fc.oneof(fc.string(), fc.constant('/bin/sh')),
    commandLine: fc.oneof(fc.string(), fc.constant('curl aaaa!')),
    arguments: fc.oneof(fc.array(fc.string()), fc.anything()),
    ancestors: fc.oneof(fc.array(fc.record({ image: fc.anything() })), fc.anything()),
    user: fc.string({ unit: 'binary' }),
    parent: fc.record({ pid: fc.nat(), image: fc.string(), commandLine: fc.string(), user: fc.string() }),
    hashes: fc.record({ md5: fc.string() }),
  },
  { requiredKeys: ['image', 'commandLine'] },
);

const hostileEvent = fc.record(
  {
    type: fc.constantFrom(...HOST_EVENT_TYPES),
    timeMs: fc.oneof(fc.double(), fc.constant(1e300)),
    process: hostileProcess,
    path: fc.string(),
    message: fc.string(),
    service: fc.oneof(fc.string(), fc.constantFrom('sshd', '__proto__', 'constructor')),
    fields: fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), fc.string()),
    unit: fc.string(),
    target: hostileProcess,
    environment: fc.anything(),
    answers: fc.anything(),
    changed: fc.anything(),
    before: fc.record({ uid: fc.nat() }),
    after: fc.record({ uid: fc.nat() }),
  },
  { requiredKeys: ['type', 'timeMs', 'process'] },
);

describe('hostile input', () => {
  it('of rules is told, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string(), fc.string({ unit: 'binary' })), (text) => {
        const rules = load(text);
        expect(
          rules.detections.length + rules.filters.length + rules.correlations.length + rules.problems.length,
        ).toBeGreaterThan(0);
        for (const { line, reason } of rules.problems) {
          expect(line).toBeGreaterThan(0);
          expect(reason).not.toBe('');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of events matches or does not', () => {
    const rules = load(RULE);
    expect(rules.problems).toEqual([]);
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.oneof(hostileEvent, fc.anything())), fc.string()), (value) => {
        const { events } = readEvents(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
        for (const event of events) expect(matchFileEvent(rules, event).length).toBeLessThan(2);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['deep lists', '['.repeat(100_000)],
    [
      'deep maps',
      Array.from({ length: 2_000 }, (_, depth) => `${' '.repeat(depth)}a:`)
        .join('\n')
        .slice(0, 500_000),
    ],
    ['many keys', Array.from({ length: 10_000 }, (_, index) => `k${index}: 1`).join('\n')],
    [
      'anchors in anchors',
      `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 12 }, (_, index) => `a${index + 1}: &a${index + 1} [${Array(9).fill(`*a${index}`).join(', ')}]`).join('\n')}`,
    ],
    ['itself', 'a: &a [*a]'],
    ['too much', 'x'.repeat(MAX_RULE_FILE_BYTES + 1)],
    ['brackets', RULE.replace('1 of them', `${'('.repeat(5_000)}s${')'.repeat(5_000)}`)],
    ['nots', RULE.replace('1 of them', `${'not '.repeat(3_000)} x`)],
    [
      'placeholders',
      RULE.replace('CommandLine|contains: [curl, wget]', `CommandLine|expand: '${'%a%'.repeat(1_000)}'`),
    ],
  ])('%s end in a problem, and soon', { timeout: 30_000 }, (_name, text) => {
    // Of the processor: others may keep it busy meanwhile, and what grows with the square takes minutes.
    const before = process.cpuUsage();
    expect(load(text).problems).toHaveLength(1);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(5_000);
  });

  it('of many wildcards takes no longer than the text is long', () => {
    const rules = load(RULE.replace('[curl, wget]', `'${'*a'.repeat(500)}*b'`).replace('1 of them', 's'));
    const commandLine = 'a'.repeat(100_000);
    const started = performance.now();
    const event = { type: 'process-start', timeMs: 0, process: { pid: 1, image: '/bin/sh', commandLine } } as const;
    expect(rules.match(event)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('folders', () => {
  it('are read without links, and say what cannot be read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-rules-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep', 'b.yaml'), RULE, { mode: 0o600 });
    writeFileSync(join(folder, 'a.yml'), RULE, { mode: 0o600 });
    writeFileSync(join(folder, 'notes.txt'), 'no rule');
    writeFileSync(join(folder, 'large.yml'), 'x'.repeat(MAX_RULE_FILE_BYTES + 1), { mode: 0o600 });
    symlinkSync(join(folder, 'a.yml'), join(folder, 'link.yml'));
    const { files, problems } = readRuleFiles([folder, join(folder, 'none')], process.getuid?.() ?? 0);
    expect(files.map(({ path }) => path)).toEqual([join(folder, 'a.yml'), join(folder, 'deep', 'b.yaml')]);
    expect(problems.map(({ file }) => file)).toEqual([join(folder, 'large.yml'), join(folder, 'none')]);
    chmodSync(join(folder, 'a.yml'), 0o666);
    if (process.getuid?.() === 0) {
      expect(readRuleFiles([join(folder, 'a.yml')], 0).problems).toMatchObject([
        { reason: expect.stringContaining('chmod') },
      ]);
    }
  });
});
