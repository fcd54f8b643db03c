import { describe, expect, it } from 'vitest';
import type { HostEvent, LogLineEvent } from '../../../contract/events.ts';
import { matchFileEvent, readEvents } from './event-file.ts';
import { type RuleSetOptions, SigmaRuleSet } from './rule-set.ts';

const HEAD = 'title: T\nlogsource:\n  category: process_creation\n  product: linux\n';

function load(text: string, options?: RuleSetOptions): SigmaRuleSet {
  return SigmaRuleSet.load([{ path: 'a.yml', text }], options);
}

/** Whether a rule of one detection matches an event with these fields. */
function matches(detection: string, fields: Readonly<Record<string, unknown>>, options?: RuleSetOptions): boolean {
  const rules = load(`${HEAD}detection:\n${detection.replaceAll(/^/gm, '  ')}`, options);
  expect(rules.problems).toEqual([]);
  const { events } = readEvents(JSON.stringify({ category: 'process_creation', ...fields }));
  return matchFileEvent(rules, events[0]).length > 0;
}

/** The same of one field with modifiers. */
function fits(field: string, value: string, actual: unknown, options?: RuleSetOptions): boolean {
  return matches(`s:\n  F${field}: ${value}\ncondition: s`, { F: actual }, options);
}

describe('values', () => {
  it.each([
    ['', 'whoami', 'WhoAmI', true],
    ['', 'whoami', 'whoami ', false],
    ['', "'a*c'", 'abbbc', true],
    ['', "'a?c'", 'abc', true],
    ['', "'a?c'", 'ac', false],
    ['', "'a?c'", 'a😀c', true],
    ['', String.raw`'a\*c'`, 'a*c', true],
    ['', String.raw`'a\*c'`, 'abc', false],
    ['', String.raw`'a\\*c'`, String.raw`a\xc`, true],
    ['', String.raw`'a\\\*c'`, String.raw`a\*c`, true],
    ['', String.raw`'a\\b'`, String.raw`a\b`, true],
    ['', String.raw`'a\b'`, String.raw`a\b`, true],
    ['', String.raw`'a\\\\b'`, String.raw`a\\b`, true],
    ['', "'*'", '', true],
    ['', "''", '', true],
    ['', "''", 'x', false],
    ['', "''", undefined, false],
    ['', 'null', undefined, true],
    ['', 'null', null, true],
    ['', 'null', '', false],
    ['', '4624', 4624, true],
    ['', '4624', '4624', true],
    ['', '4624', 46, false],
    ['', "'true'", true, true],
    ['', 'true', 'True', true],
    ['', '[a, b]', 'B', true],
    ['', 'a', ['x', 'A'], true],
    ['|contains', 'ell', 'hELLo', true],
    ['|contains', "'l*o'", 'hello!', true],
    ['|startswith', 'he', 'hello', true],
    ['|startswith', 'lo', 'hello', false],
    ['|endswith', "'l?'", 'hello', true],
    ['|endswith', 'he', 'hello', false],
    ['|contains|all', '[a, b]', 'ba', true],
    ['|contains|all', '[a, c]', 'ba', false],
    ['|cased', 'abc', 'abc', true],
    ['|cased', 'abc', 'Abc', false],
    ['|contains|cased', 'B', 'abc', false],
    ['|neq', 'a', 'b', true],
    ['|neq', '[a, b]', 'b', false],
    ['|contains|neq', 'x', 'b', true],
    ['|re', 'a.c', 'xabcx', true],
    ['|re', 'A.c', 'xabcx', false],
    ['|re|i', 'A.c', 'xabcx', true],
    ['|re', "'^b'", 'a\nb', false],
    ['|re|m', "'^b'", 'a\nb', true],
    ['|re', "'a.b'", 'a\nb', false],
    ['|re|s', "'a.b'", 'a\nb', true],
    ['|cidr', '10.0.0.0/8', '10.255.1.2', true],
    ['|cidr', '10.0.0.0/8', '11.0.0.1', false],
    ['|cidr', 'fe80::/10', 'febf::1', true],
    ['|cidr', 'fe80::/10', 'fec0::1', false],
    ['|cidr', '0.0.0.0/0', '::1', false],
    ['|cidr', '10.0.0.0/8', 'ten', false],
    ['|lt', '5', 4, true],
    ['|lt', '5', 5, false],
    ['|lte', '5', '5', true],
    ['|gt', '5', 'six', false],
    ['|gte', '5', 5.5, true],
    ['|exists', 'true', '', true],
    ['|exists', 'false', '', false],
    ['|exists', 'false', undefined, true],
    ['|base64|contains', 'foobar', 'xx Zm9vYmFy', true],
    ['|base64offset|contains', '/bin/bash', btoa('x/bin/bash -i'), true],
    ['|base64offset|contains', '/bin/bash', btoa('xy/bin/bash -i'), true],
    ['|base64offset|contains', '/bin/bash', btoa('xyz/bin/bash -i'), true],
    ['|base64offset|contains', '/bin/bash', btoa('/bin/dash -i'), false],
    ['|wide|base64offset|contains', 'ping', btoa('p\0i\0n\0g\0'), true],
    ['|utf16le|base64|contains', 'ping', btoa('p\0i\0n\0g\0'), true],
    ['|utf16be|base64|contains', 'ping', btoa('\0p\0i\0n\0g'), true],
    ['|utf16|base64|contains', 'ping', btoa('\xff\xfep\0i\0n\0g\0'), true],
    ['|windash|contains', "' -f '", 'rm /f x', true],
    ['|windash|contains', "' -f '", 'rm –f x', true],
    ['|windash|contains', "'a-f'", 'a/f', false],
    ['|minute', '5', '2026-11-21T21:05:00Z', true],
    ['|hour', '21', '2026-11-21 21:05:00', true],
    ['|day', '21', Date.UTC(2026, 10, 21), true],
    ['|week', '47', '2026-11-21', true],
    ['|week', '53', '2027-01-01', true],
    ['|month', '11', '2026-11-21', true],
    ['|year|gte', '2026', '2026-11-21', true],
    ['|hour|lt', '6', '2026-11-21T21:05:00Z', false],
    ['|hour', '0', 'never', false],
  ])('F%s: %s and %j are %s', (modifiers, value, actual, expected) => {
    expect(fits(modifiers, value, actual)).toBe(expected);
  });

  it('compares fields with each other', () => {
    const rule = 's:\n  A|fieldref: B\ncondition: s';
    expect(matches(rule, { A: 'x', B: 'X' })).toBe(true);
    expect(matches(rule, { A: 'x', B: 'y' })).toBe(false);
    expect(matches('s:\n  A|fieldref|neq: B\ncondition: s', { A: 'x', B: 'y' })).toBe(true);
    expect(matches('s:\n  A|fieldref|startswith: B\ncondition: s', { A: 'xy', B: 'x' })).toBe(true);
  });

  it('puts values in the place of placeholders, and refuses those that it does not know', () => {
    const placeholders = new Map([['Servers', ['srv*', '100%']]]);
    expect(fits('|expand', "'%Servers%.lan'", 'srv7.lan', { placeholders })).toBe(true);
    expect(fits('|expand', "'%Servers%'", '100%', { placeholders })).toBe(true);
    expect(fits('|expand', String.raw`'\%a%Servers%'`, '%asrv1', { placeholders })).toBe(true);
    expect(fits('', "'%Servers%'", '%servers%')).toBe(true);
    const unknown = load(`${HEAD}detection:\n  s:\n    F|expand: '%Nobody%'\n  condition: s`);
    expect(unknown.problems).toMatchObject([{ line: 7, reason: expect.stringContaining('%Nobody%') }]);
  });
});

describe('searches and conditions', () => {
  const SEARCHES = 'sel_a:\n  A: 1\nsel_b:\n  B: 1\nfilter:\n  C: 1\n_hidden:\n  D: 1\n';

  it.each([
    ['sel_a and sel_b', { A: 1, B: 1 }, true],
    ['sel_a and sel_b', { A: 1 }, false],
    ['sel_a or sel_b and filter', { A: 1 }, true],
    ['(sel_a or sel_b) and filter', { A: 1 }, false],
    ['sel_a and not filter', { A: 1 }, true],
    ['sel_a AND NOT filter', { A: 1, C: 1 }, false],
    ['not not sel_a', { A: 1 }, true],
    ['1 of sel_*', { B: 1 }, true],
    ['all of sel_*', { B: 1 }, false],
    ['any of sel_*', { B: 1 }, true],
    ['2 of them', { A: 1, C: 1 }, true],
    ['2 of them', { A: 1, D: 1 }, false],
    ['1 of them', { D: 1 }, false],
    ['1 of _*', { D: 1 }, true],
    ['all of them', { A: 1, B: 1, C: 1 }, true],
    ['not 1 of sel_* and not filter', {}, true],
    ['[sel_a, sel_b]', { B: 1 }, true],
  ])('%s of %j is %s', (condition, fields, expected) => {
    expect(matches(`${SEARCHES}condition: ${condition}`, fields)).toBe(expected);
  });

  it('joins maps by and, lists of maps by or, and looks for keywords everywhere', () => {
    const list = 's:\n  - A: 1\n    B: 1\n  - C: 1\ncondition: s';
    expect(matches(list, { A: 1 })).toBe(false);
    expect(matches(list, { A: 1, B: 1 })).toBe(true);
    expect(matches(list, { C: 1 })).toBe(true);
    expect(matches('s:\n  - foo*bar\n  - 7x\ncondition: s', { Z: 'a FOO and bar' })).toBe(true);
    expect(matches('s: foo\ncondition: s', { Z: 'a Foo' })).toBe(true);
    const all = "s:\n  '|all':\n    - foo\n    - bar\ncondition: s";
    expect(matches(all, { Z: 'bar foo' })).toBe(true);
    expect(matches(all, { Z: 'bar' })).toBe(false);
    expect(matches("s:\n  '|re': '^ba.$'\ncondition: s", { Z: 'bar' })).toBe(true);
  });
});

describe('what cannot be used', () => {
  it.each([
    ['detection:\n  s:\n    F: 1\n  condition: t', 8, '"t"'],
    ['detection:\n  s:\n    F: 1\n  condition: s | count() > 5', 8, 'correlation'],
    ['detection:\n  s:\n    F: 1\n  condition: (s', 8, 'not closed'],
    ['detection:\n  s:\n    F: 1\n  condition: s s', 8, '"s"'],
    ['detection:\n  s:\n    F: 1\n  condition: 1 of x*', 8, '"x*"'],
    ['detection:\n  s:\n    F: 1', 6, 'no condition'],
    ['detection:\n  s:\n    F|contians: 1\n  condition: s', 7, '"contians"'],
    ['detection:\n  s:\n    F|re: "a(?=b)"\n  condition: s', 7, 'look-ahead'],
    ['detection:\n  s:\n    F|re: "(a)\\\\1"\n  condition: s', 7, 'back-reference'],
    ['detection:\n  s:\n    F|re: "("\n  condition: s', 7, 'not closed'],
    ['detection:\n  s:\n    F|cidr: 10.0.0.0/33\n  condition: s', 7, 'no network'],
    ['detection:\n  s:\n    F|gt: many\n  condition: s', 7, 'numbers'],
    ['detection:\n  s:\n    F: []\n  condition: s', 7, 'no values'],
    ['detection:\n  s:\n    F:\n      a: 1\n  condition: s', 7, 'map'],
    ['detection:\n  s: {}\n  condition: s', 6, 'no fields'],
    ['detection:\n  s:\n    F: 1\n    F: 2\n  condition: s', 8, 'twice'],
    ['level: loud\ndetection:\n  s:\n    F: 1\n  condition: s', 5, '"loud"'],
    ['detection: [\n', 6, 'no YAML'],
    ['', 1, 'no detection'],
  ])('%j: line %i, %s', (text, line, words) => {
    const good = `${HEAD}detection:\n  s:\n    F: 1\n  condition: s`;
    const rules = SigmaRuleSet.load([
      { path: 'bad.yml', text: HEAD + text },
      { path: 'good.yml', text: good },
    ]);
    expect(rules.problems).toMatchObject([{ file: 'bad.yml', line, reason: expect.stringContaining(words) }]);
    expect(rules.detections).toHaveLength(1);
  });

  it('does not take two rules of one id', () => {
    const rule = `id: x\n${HEAD}detection:\n  s:\n    F: 1\n  condition: s\n`;
    const rules = load(`${rule}---\n${rule}`);
    expect(rules.detections).toHaveLength(1);
    expect(rules.problems).toMatchObject([{ line: 11, rule: 'T', reason: expect.stringContaining('a.yml:1') }]);
  });
});

const SHELL: HostEvent = {
  type: 'process-start',
  timeMs: 1_000,
  process: {
    pid: 7,
    image: '/usr/bin/bash',
    commandLine: 'bash -i',
    arguments: ['bash', '-i'],
    user: 'www-data',
    parent: { pid: 6, image: '/usr/sbin/nginx', commandLine: 'nginx: worker' },
  },
};

function logLine(service: string, message: string, fields?: Readonly<Record<string, string>>): LogLineEvent {
  return { type: 'log-line', timeMs: 1_000, service, message, fields };
}

describe('log sources', () => {
  it('tells what in the event matched', () => {
    const rules = load(`
title: Shell of a web server
id: web-shell
level: high
tags: [attack.persistence, attack.t1505.003, cve.2021-1]
logsource: { category: process_creation, product: linux }
detection:
  parent: { ParentImage|endswith: [/apache2, /nginx] }
  shell: { Image|endswith: /bash }
  not_root: { User: root }
  condition: parent and shell and not not_root`);
    const [hit] = rules.match(SHELL);
    expect(hit.rule).toMatchObject({ severity: 'high', techniques: ['T1505.003'], tactics: ['persistence'] });
    expect(hit.matched).toEqual([
      { search: 'parent', field: 'ParentImage', value: '/usr/sbin/nginx', pattern: '*/nginx' },
      { search: 'shell', field: 'Image', value: '/usr/bin/bash', pattern: '*/bash' },
    ]);
  });

  it.each([
    ['service: sshd', logLine('sshd', 'Bad protocol'), true],
    ['service: auth', logLine('sshd', 'Bad protocol'), true],
    ['product: linux', logLine('sshd', 'Bad protocol'), true],
    ['service: cron', logLine('sshd', 'Bad protocol'), false],
    ['service: syslog', logLine('some-daemon', 'bad'), true],
    ['category: webserver', logLine('nginx', 'GET /bad'), true],
    ['{ product: apache, service: access }', logLine('apache', 'GET /bad'), true],
    ['{ product: windows, service: sshd }', logLine('sshd', 'bad'), false],
    ['category: antivirus', logLine('clamav', 'bad FOUND'), true],
  ])('a rule for %s hears %j: %s', (source, event, expected) => {
    const logsource = source.startsWith('{') ? source : `{ ${source} }`;
    const rules = load(`title: T\nlogsource: ${logsource}\ndetection: { k: [bad], condition: k }`);
    expect(rules.match(event)).toHaveLength(expected ? 1 : 0);
  });

  it('reads what the parser of a log found, and records of the audit system', () => {
    const sudo = load("title: T\nlogsource: { service: sudo }\ndetection: { s: { USER: '#-*' }, condition: s }");
    expect(sudo.match(logLine('sudo', 'x', { USER: '#-1' }))).toHaveLength(1);
    const text = 'title: T\nlogsource: { service: auditd }\ndetection: { s: { type: EXECVE, a1: -i }, condition: s }';
    const fields = { a0: 'bash', a1: '-i' };
    expect(load(text).match({ type: 'audit-record', timeMs: 0, recordType: 'EXECVE', serial: 1, fields })).toHaveLength(
      1,
    );
    expect(load(text).match(SHELL)).toHaveLength(0);
    expect(load(text, { emulateAudit: true }).match(SHELL)).toHaveLength(1);
  });

  it('leaves out disabled rules', () => {
    const text = `id: x\n${HEAD}detection: { s: { User: www-data }, condition: s }`;
    expect(load(text).match(SHELL)).toHaveLength(1);
    expect(load(text, { disabled: new Set(['x']) }).match(SHELL)).toHaveLength(0);
  });
});

describe('filters', () => {
  const RULE = `id: x\nname: shell\n${HEAD}detection: { s: { Image|endswith: /bash }, condition: s }\n`;
  const filter = (rules: string, condition: string, category = 'process_creation'): string =>
    `---\ntitle: F\nlogsource: { category: ${category} }\nfilter:\n  rules: ${rules}\n  known: { User: www-data }\n  condition: ${condition}\n`;

  it.each(['[x]', '[shell]', 'any'])('silence rules: %s', (rules) => {
    expect(load(RULE + filter(rules, 'not known')).match(SHELL)).toHaveLength(0);
    expect(load(RULE + filter(rules, 'known')).match(SHELL)).toHaveLength(0);
  });

  it('concern their log source only, and name rules that are there', () => {
    const other = load(RULE + filter('[x]', 'not known', 'file_event'));
    expect(other.match(SHELL)).toHaveLength(1);
    expect(other.problems).toMatchObject([{ rule: 'F', reason: expect.stringContaining('another log source') }]);
    expect(load(RULE + filter('[y]', 'not known')).problems).toMatchObject([
      { reason: expect.stringContaining('"y"') },
    ]);
  });
});
