import { describe, expect, it } from 'vitest';
import type { ProcessDetail, ProcessRow } from '../../../contract/api-processes.ts';
import { plainText } from '../../../contract/text.ts';
import { paintFor } from '../terminal/paint.ts';
import { listenersText, processesText, processText } from './process-text.ts';

const plain = { width: 110, paint: paintFor(false) };
const HOSTILE = '\x1b[2Jevil\u202Egpj.exe';

/** No terminal obeys anything in it. */
function expectPlain(lines: readonly string[]): void {
  for (const line of lines) expect(plainText(line, line.length)).toBe(line);
}

function row(pid: number, change: Partial<ProcessRow> = {}): ProcessRow {
  return {
    pid,
    startedMs: Date.UTC(2026, 10, 20) + pid,
    parentPid: 0,
    name: 'nginx',
    image: '/usr/sbin/nginx',
    commandLine: 'nginx: worker process',
    user: 'www-data',
    uid: 33,
    package: 'nginx',
    unit: 'nginx.service',
    container: '',
    isKernelThread: false,
    connections: 0,
    listeners: 2,
    cpu: 0.004,
    memoryBytes: 12_300_000,
    risk: null,
    ...change,
  };
}

function detail(change: Partial<ProcessDetail> = {}): ProcessDetail {
  return {
    process: row(7),
    commandLine: 'nginx: worker process',
    workingDirectory: '/',
    terminal: '',
    session: null,
    sha256: 'ab'.repeat(32),
    endedMs: null,
    exitCode: null,
    lineage: [row(5), row(1, { name: 'systemd', commandLine: '/sbin/init', image: '/usr/lib/systemd/systemd' })],
    children: Array.from({ length: 30 }, (_, index) => row(100 + index)),
    childCount: 40,
    sockets: [],
    socketCount: 0,
    files: [],
    fileCount: 0,
    alerts: [],
    unknown: [],
    ...change,
  };
}

describe('the list of processes', () => {
  it('says of each what it uses and what it is', () => {
    const lines = processesText([row(7), row(9, { risk: 'high', cpu: null, memoryBytes: null })], plain);
    expect(lines[0]).toBe('PID  USER        CPU   MEMORY  CONN  LISTEN  UNIT           PROGRAM');
    expect(lines[1]).toBe('  7  www-data  0.4 %  12.3 MB     –       2  nginx.service  nginx: worker process');
    expect(lines[2]).toBe('  9  www-data      –        –     –       2  nginx.service  ▲ HIGH nginx: worker process');
    expect(lines.at(-1)).toBe('2 programs, 1 named by alerts.');
  });

  it('is a tree where that is wanted, also of a ring', () => {
    const some = [row(3, { parentPid: 2 }), row(2, { parentPid: 1 }), row(1, { parentPid: 3 })];
    expect(
      processesText(some, { ...plain, isTree: true })
        .slice(1, 4)
        .map((line) => line.indexOf('nginx: ')),
    ).toEqual([60, 62, 64]);
  });

  it('fits the terminal, and is safe to look at', () => {
    const evil = row(7, { name: HOSTILE, commandLine: `${HOSTILE} ${'x'.repeat(280)}`, user: HOSTILE, unit: HOSTILE });
    for (const width of [40, 80, 200]) {
      const text = processesText([evil], { ...plain, width });
      expectPlain(text);
      if (width >= 80) expect(Math.max(...text.map((line) => line.length))).toBeLessThanOrEqual(width);
    }
  });
});

describe('one process', () => {
  it('is told with its family, the first program on top', () => {
    const text = processText(detail(), plain);
    expect(text[0]).toBe('nginx 7 running');
    const above = text.indexOf('Started by');
    expect(text.slice(above + 1, above + 3)).toEqual(['  1 systemd: /sbin/init', '    5 nginx: worker process']);
    expect(text).toContain('  … 20 more: --json has them');
  });

  it('says when and how it ended', () => {
    const { process } = detail();
    const ended = { process: { ...process, memoryBytes: null }, endedMs: process.startedMs + 61_000, exitCode: 137 };
    expect(processText(detail(ended), plain).join('\n')).toMatch(/Ended .*, after 1 min 1 s, with status 137/);
    expect(processText(detail({ ...ended, endedMs: null }), plain).join('\n')).toMatch(/when it ended was not seen/);
  });

  it('is safe to look at', () => {
    const evil = row(7, { name: HOSTILE, image: HOSTILE, user: HOSTILE, package: HOSTILE, commandLine: HOSTILE });
    const text = processText(
      detail({
        process: evil,
        commandLine: HOSTILE,
        workingDirectory: HOSTILE,
        lineage: [evil],
        children: [evil],
        files: [{ timeMs: 0, path: HOSTILE, action: 'renamed', previousPath: HOSTILE }],
        alerts: [{ id: 'a-1', title: HOSTILE, severity: 'low', lastSeenMs: 0 }],
        unknown: [HOSTILE],
      }),
      plain,
    );
    expectPlain(text);
  });
});

describe('the list of ports', () => {
  it('says who listens and who reaches it', () => {
    const listener = {
      protocol: 'tcp',
      address: '::',
      port: 443,
      isOpenToOthers: true,
      sinceMs: 0,
      process: row(7),
    } as const;
    const own = { ...listener, address: '127.0.0.1', port: 631, isOpenToOthers: false, process: null };
    const lines = listenersText([listener, own], plain);
    expect(lines[1]).toMatch(/^ 443 +tcp +others +:: +nginx +7 +www-data +nginx\.service /);
    expect(lines[2]).toMatch(/^ 631 .* this computer .* not known/);
    expect(lines.at(-1)).toBe('2 ports, 1 reachable by others.');
  });
});
