import { describe, expect, it } from 'vitest';
import { EVENT_TITLES, eventProgram, eventWords } from './event-words.ts';
import { HOST_EVENT_TYPES, type HostEvent, type HostProcessWithParents } from './events.ts';

const HOSTILE = '\u202e\u001b[31m\n';
const process: HostProcessWithParents = { pid: 7, image: `/tmp/${HOSTILE}`, commandLine: `sh ${HOSTILE}`, name: 'sh' };
/** Every text that any event has. */
const everything = {
  timeMs: 1,
  process,
  target: process,
  path: HOSTILE,
  previousPath: HOSTILE,
  linkTarget: HOSTILE,
  changed: ['mode'],
  file: { mode: 0o104755, sizeBytes: 5 },
  before: { uid: 1000, euid: 1000 },
  after: { uid: 0, euid: 0, capabilities: [HOSTILE] },
  access: 'trace',
  signal: 9,
  direction: 'inbound',
  protocol: HOSTILE,
  localAddress: '::1',
  localPort: 22,
  remoteAddress: HOSTILE,
  remotePort: 5,
  remoteName: HOSTILE,
  name: HOSTILE,
  recordType: HOSTILE,
  answers: [HOSTILE],
  address: '::1',
  port: 80,
  user: HOSTILE,
  isSuccess: false,
  service: HOSTILE,
  method: HOSTILE,
  message: HOSTILE,
  fields: { [HOSTILE]: HOSTILE },
  subject: 'user',
  action: HOSTILE,
  member: HOSTILE,
  unit: HOSTILE,
  place: 'crontab',
  content: HOSTILE.repeat(1_000),
  source: HOSTILE,
  subsystem: HOSTILE,
  vendorId: HOSTILE,
  productId: HOSTILE,
  table: HOSTILE,
  tool: HOSTILE,
  rulesBefore: 2,
  rulesAfter: 0,
};

describe('events in words', () => {
  it.each(HOST_EVENT_TYPES)('says %s in one safe line', (type) => {
    const event = { ...everything, type } as unknown as HostEvent;
    for (const line of [eventWords(event), eventProgram(event), EVENT_TITLES[type]]) {
      expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
      expect(line.length).toBeLessThanOrEqual(300);
    }
    expect(eventWords(event)).not.toContain('undefined');
  });

  it.each<[HostEvent, string]>([
    [
      {
        type: 'firewall-change',
        timeMs: 1,
        action: 'opened',
        tool: 'nftables',
        table: 'inet filter',
        chain: 'input',
        rulesBefore: 3,
        rulesAfter: 3,
      },
      'table inet filter opened in input: 3 rules before, 3 now',
    ],
    [
      { type: 'process-exit', timeMs: 1, process: { ...process, commandLine: 'ls -l' }, signal: 9 },
      'ls -l by signal 9',
    ],
    [{ type: 'file-renamed', timeMs: 1, path: '/b', previousPath: '/a' }, '/a → /b'],
    [{ type: 'file-written', timeMs: 1, path: '/b', file: { sizeBytes: 2_000 } }, '/b (2 kB)'],
    [
      {
        type: 'network-connection',
        timeMs: 1,
        direction: 'outbound',
        protocol: 'tcp',
        localAddress: '10.0.0.1',
        localPort: 5,
        remoteAddress: '2001:db8::1',
        remotePort: 443,
        remoteName: 'example.org',
      },
      'tcp to [2001:db8::1]:443 (example.org)',
    ],
    [
      {
        type: 'login',
        timeMs: 1,
        user: 'ada',
        isSuccess: false,
        service: 'sshd',
        method: 'password',
        remoteAddress: '203.0.113.7',
      },
      'failed: ada by sshd, password from 203.0.113.7',
    ],
    [
      {
        type: 'process-credentials',
        timeMs: 1,
        process,
        before: { uid: 1000, euid: 1000 },
        after: { uid: 0, euid: 0 },
      },
      'user 1000 → 0',
    ],
  ])('is exact: %o', (event, words) => {
    expect(eventWords(event)).toBe(words);
  });

  it('names the program, or says that it is not known', () => {
    expect(eventProgram({ type: 'process-start', timeMs: 1, process: { ...process, image: '/usr/bin/ls' } })).toBe(
      'ls 7',
    );
    expect(eventProgram({ type: 'file-deleted', timeMs: 1, path: '/a' })).toBe('');
  });
});
