/** Real logs with known contents: every line must be recognised and its fields be right. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostEvent, HostEventOf } from '../../../../contract/events.ts';
import { auditParser } from './audit-join.ts';
import { readAuditLine } from './audit-record.ts';
import { form, readForm } from './form.ts';
import { eventsOfEntry, readEntry } from './programs.ts';
import { readSyslogLine } from './syslog-line.ts';

const DATA = process.env.HOLDFAST_TEST_DATA ?? resolve('../shared/data');
const SSH = join(DATA, 'logs/OpenSSH_2k.log');
const AUDIT = join(DATA, 'host-events/auditd-golden');
const hasData = existsSync(SSH) && existsSync(AUDIT);
const NOW_MS = Date.UTC(2025, 11, 20);

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '');
}

function logins(events: readonly HostEvent[]): HostEventOf<'login'>[] {
  return events.filter((event) => event.type === 'login');
}

/** A template with <*> for what varies, as a form. */
function valuesOf(template: string, message: string): readonly string[] | undefined {
  for (const mark of ['', '...']) {
    let index = 0;
    const fields = readForm(form(template.replaceAll('<*>', () => `{v${index++}${mark}}`)), message);
    if (fields !== undefined) return Object.values(fields);
  }
  return undefined;
}

describe.skipIf(!hasData)('goldens (skipped: no ../shared/data/logs)', () => {
  it('recognises every line of two thousand of sshd, with the values that the templates mark', () => {
    const entries = linesOf(SSH).map((line) => readSyslogLine(line, { nowMs: NOW_MS, file: '/var/log/auth.log' }));
    const read = entries.map(readEntry);
    const missed = entries.filter((_, index) => read[index]?.isRecognised === false).map(({ message }) => message);
    expect(entries).toHaveLength(2000);
    expect(missed).toEqual([]);
    expect(new Set(entries.map(({ identifier, host }) => `${host} ${identifier}`))).toEqual(new Set(['LabSZ sshd']));
    expect(entries[0]?.timeMs).toBe(new Date(2025, 11, 10, 6, 55, 46).getTime());

    const table = readFileSync(join(DATA, 'logs/OpenSSH_2k.log_structured.csv'), 'utf8').split(/\r?\n/).slice(1);
    let compared = 0;
    const wrong: string[] = [];
    for (const [index, entry] of entries.entries()) {
      const template = table[index]?.split(/,E\d+,/)[1]?.replace(/^"|"$/g, '');
      const values =
        template === undefined ? undefined : valuesOf(template, entry.message.trimEnd().replace('  ', ' '));
      if (values === undefined) continue;
      compared += 1;
      // Words rather than values: one template ends before "ssh2", and names may begin with a space.
      const mine = new Set(Object.values(read[index]?.fields ?? {}).flatMap((value) => value.trim().split(' ')));
      const words = values.flatMap((value) => value.trim().split(' ')).filter((word) => word !== 'ssh2');
      if (!words.every((word) => mine.has(word))) wrong.push(entry.message);
    }
    console.log(
      `sshd: ${entries.length - missed.length} of ${entries.length} lines recognised, fields of ${compared} compared, ${wrong.length} differ`,
    );
    expect(compared).toBeGreaterThan(1_900);
    expect(wrong).toEqual([]);
  });

  it('counts the failures of every source as the labels do, and finds the one login', () => {
    const labels: {
      'OpenSSH_2k.log': { sources: { source: string; failures: number }[] };
    } = JSON.parse(readFileSync(join(DATA, 'logs/labels.json'), 'utf8'));
    const lines = linesOf(SSH);
    const told = logins(lines.flatMap((line) => eventsOfEntry(readSyslogLine(line, { nowMs: NOW_MS }))));
    const failures = Map.groupBy(
      lines
        .flatMap((line) => {
          const entry = readSyslogLine(line, { nowMs: NOW_MS });
          // The labels count lines, repeated ones once.
          return logins(eventsOfEntry(entry)).slice(0, 1);
        })
        .filter(({ isSuccess }) => !isSuccess),
      ({ remoteAddress }) => remoteAddress,
    );
    for (const { source, failures: expected } of labels['OpenSSH_2k.log'].sources) {
      expect([source, failures.get(source)?.length]).toEqual([source, expected]);
    }
    expect(told.filter(({ isSuccess }) => isSuccess)).toMatchObject([
      { user: 'fztu', remoteAddress: '119.137.62.142', remotePort: 49116, method: 'password', service: 'sshd' },
    ]);
  });
});

interface Golden {
  readonly record_type: string;
  readonly sequence: number;
  readonly '@timestamp': string;
  readonly data: Readonly<Record<string, string>>;
}

/** Names and values that the golden interprets beyond what the record says. */
const INTERPRETED = new Set(['arch', 'exit', 'syscall', 'result', 'tags']);
const RENAMED: Readonly<Record<string, string>> = { result: 'res' };

describe.skipIf(!hasData)('goldens of the audit system (skipped: no ../shared/data/host-events/auditd-golden)', () => {
  it('reads the records of test2.log as the golden has them', () => {
    const goldens: Golden[] = JSON.parse(readFileSync(join(AUDIT, 'test2.log.golden'), 'utf8'));
    const records = linesOf(join(AUDIT, 'test2.log')).map(readAuditLine);
    expect(records).toHaveLength(goldens.length);
    let compared = 0;
    for (const [index, golden] of goldens.entries()) {
      const record = records[index];
      expect(record).toMatchObject({
        recordType: golden.record_type.toUpperCase(),
        serial: golden.sequence,
        timeMs: Date.parse(golden['@timestamp']),
      });
      for (const [name, value] of Object.entries(golden.data)) {
        if (INTERPRETED.has(name) || name.startsWith('subj_') || name.startsWith('obj_')) continue;
        const mine = record?.fields[RENAMED[name] ?? name];
        const expected = value === 'unset' ? '4294967295' : value;
        expect([golden.record_type, name, mine]).toEqual([golden.record_type, name, expected]);
        compared += 1;
      }
    }
    console.log(`audit: ${records.length} records, ${compared} fields as the golden has them`);
  });

  it('joins the events of every test: names of calls, titles, arguments', () => {
    let seen = 0;
    for (const name of [
      'random-internet',
      'ubuntu-16.04-linux-4.13.0',
      'ubuntu-17.04-linux-4.10.0',
      'ubuntu-20.04.6-linux-5.15.0-1034-gcp',
      'ubuntu-21.10-linux-5.13',
      'ubuntu-24.04-linux-6.8.0',
    ]) {
      const lines = readFileSync(join(AUDIT, `${name}.yaml`), 'utf8')
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line.startsWith('type='));
      const goldens: {
        event: {
          sequence: number;
          process?: { title?: string; args?: string[]; exe?: string };
          data?: Record<string, string>;
        };
      }[] = JSON.parse(readFileSync(join(AUDIT, `${name}.json.golden`), 'utf8'));
      const parser = auditParser();
      const events = [
        ...lines.flatMap((line) => parser.parse(line, { nowMs: 0 })),
        ...parser.flush(Number.POSITIVE_INFINITY),
      ];
      const records = events.filter((event) => event.type === 'audit-record');
      expect(records).toHaveLength(lines.length);
      for (const { event } of goldens) {
        const own = records.filter(({ serial }) => serial === event.sequence);
        const call = own.find(({ recordType }) => recordType === 'SYSCALL');
        const title = own.find(({ recordType }) => recordType === 'PROCTITLE');
        const { syscall } = event.data ?? {};
        if (syscall !== undefined) expect(call?.fields.SYSCALL).toBe(syscall);
        if (event.process?.title !== undefined && title !== undefined)
          expect(title.fields.proctitle).toBe(event.process.title);
        if (event.process?.args !== undefined && syscall === 'execve') {
          const start = events.find((each) => each.type === 'process-start' && each.timeMs === call?.timeMs);
          expect(start).toMatchObject({ process: { arguments: event.process.args, image: event.process.exe } });
        }
        seen += 1;
      }
    }
    console.log(`audit: ${seen} joined events as the goldens have them`);
  });

  it('keeps records of one event together when they come out of order', () => {
    const parser = auditParser();
    const lines = linesOf(join(AUDIT, 'out_of_order.log'));
    const events = [
      ...lines.flatMap((line) => parser.parse(line, { nowMs: 0 })),
      ...parser.flush(Number.POSITIVE_INFINITY),
    ];
    const starts = events.filter((event) => event.type === 'process-start').map(({ process }) => process.commandLine);
    expect(starts).toEqual(['grep --color=auto mapping', 'cat securitybeat']);
    const addresses = events.flatMap((event) =>
      event.type === 'audit-record' && event.recordType === 'SOCKADDR' ? [event.fields] : [],
    );
    expect(addresses).toMatchObject([{ laddr: '169.254.169.254', lport: '80' }, { path: 'public/pickup' }]);
  });

  it('tells the programs of a recorded attack', () => {
    const parser = auditParser();
    const lines = linesOf(join(DATA, 'host-events/auditd-arp_cache.log'));
    const starts = lines
      .flatMap((line) => parser.parse(line, { nowMs: 0 }))
      .filter((event) => event.type === 'process-start');
    expect(starts.map(({ process }) => [process.image, process.arguments, process.currentDirectory])).toEqual([
      ['/usr/sbin/arp', ['arp', '-a'], '/home/wardog'],
      ['/bin/grep', ['grep', '-v', '^?'], '/home/wardog'],
    ]);
  });
});
