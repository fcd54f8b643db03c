import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { credentialAccessBehaviour } from './credential-access.ts';
import { privilegeEscalationBehaviour } from './privilege-escalation.ts';
import { findingsOf, program, START_MS } from './testing.ts';

const USER = { uid: 1000, euid: 1000 };
const ROOT = { uid: 0, euid: 0 };

function becomes(process: HostProcessWithParents, after = ROOT): HostEvent {
  return { type: 'process-credentials', timeMs: START_MS, process, before: USER, after };
}

function mode(path: string, process: HostProcessWithParents, now: number, before = 0o755): HostEvent {
  return {
    type: 'file-attributes',
    timeMs: START_MS,
    path,
    process,
    changed: ['mode'],
    file: { mode: now, uid: 0 },
    before: { mode: before },
  };
}

function opens(process: HostProcessWithParents, path: string): HostEvent {
  return { type: 'file-opened', timeMs: START_MS, path, process };
}

function reaches(
  process: HostProcessWithParents,
  target: HostProcess,
  access: 'trace' | 'read-memory' | 'write-memory',
): HostEvent {
  return { type: 'process-access', timeMs: START_MS, process, target, access };
}

const chmod = program('/usr/bin/chmod u+s x', ['/usr/bin/bash']);

describe('privilege escalation', () => {
  const attacks: readonly [string, HostEvent, string][] = [
    ['an exploit that becomes root', becomes(program('/tmp/pwn')), 'critical'],
    ['a shell that becomes root by itself', becomes(program('/usr/bin/bash -p', ['/usr/bin/vim'])), 'critical'],
    ['a set-uid shell', mode('/tmp/.bash', chmod, 0o4755), 'high'],
    ['a set-uid file elsewhere', mode('/usr/local/bin/x', chmod, 0o4755), 'medium'],
    [
      'a new member of sudo',
      {
        type: 'account-change',
        timeMs: START_MS,
        subject: 'group',
        action: 'member-added',
        name: 'sudo',
        member: 'eve',
      },
      'high',
    ],
    [
      'a second root',
      { type: 'account-change', timeMs: START_MS, subject: 'user', action: 'added', name: 'toor', id: 0 },
      'high',
    ],
  ];
  for (const [name, event, severity] of attacks) {
    it(`tells of ${name}`, () =>
      expect(findingsOf(privilegeEscalationBehaviour, [event])).toMatchObject([
        { kind: 'privilege-escalation', severity },
      ]));
  }

  it('is silent about sudo, sessions, packages, and modes that give nothing away', () => {
    const usual: readonly HostEvent[] = [
      becomes(program('/usr/bin/sudo -i')),
      becomes(program('/usr/bin/bash', ['/usr/bin/su -'])),
      becomes(program('/usr/bin/ping 10.0.0.1'), { uid: 1000, euid: 0 }),
      becomes(program('/usr/bin/fusermount3 -u x'), { uid: 1000, euid: 0 }),
      becomes(program('/usr/bin/bash'), { uid: 1001, euid: 1001 }),
      mode('/usr/bin/sudo', program('/usr/bin/dpkg --unpack sudo.deb'), 0o4755),
      mode('/home/anna/x.sh', chmod, 0o755, 0o644),
      mode('/usr/bin/sudo', chmod, 0o4755, 0o4711),
      { type: 'account-change', timeMs: START_MS, subject: 'user', action: 'added', name: 'bob', id: 1001 },
      {
        type: 'account-change',
        timeMs: START_MS,
        subject: 'group',
        action: 'member-added',
        name: 'audio',
        member: 'bob',
      },
    ];
    for (const event of usual)
      expect(findingsOf(privilegeEscalationBehaviour, [event]), JSON.stringify(event)).toEqual([]);
  });
});

describe('credential access', () => {
  const agent = program('/usr/bin/ssh-agent');
  const attacks: readonly [string, HostEvent, string][] = [
    ['cat of the shadow file', opens(program('/usr/bin/cat /etc/shadow'), '/etc/shadow'), 'high'],
    ['a copied key', opens(program('/usr/bin/cp .ssh/id_ed25519 /tmp'), '/home/anna/.ssh/id_ed25519'), 'medium'],
    [
      'a stealer at the browser',
      opens(program('/usr/bin/python3 steal.py'), '/home/anna/.mozilla/firefox/a.default/logins.json'),
      'high',
    ],
    ['a program that only calls itself sshd', opens(program('/tmp/sshd'), '/etc/shadow'), 'high'],
    ['a memory dump', reaches(program('/usr/bin/dd if=/proc/9/mem'), agent, 'read-memory'), 'high'],
  ];
  for (const [name, event, severity] of attacks) {
    it(`tells of ${name}`, () => expect(findingsOf(credentialAccessBehaviour, [event])).toMatchObject([{ severity }]));
  }

  it('is silent about those whose they are, backups, packages and debuggers', () => {
    const tests = program('/home/anna/bin/runner');
    const usual: readonly HostEvent[] = [
      opens(program('/usr/sbin/sshd -D'), '/etc/shadow'),
      opens(program('/usr/bin/sudo -i'), '/etc/shadow'),
      opens(program('/usr/bin/restic backup /'), '/etc/shadow'),
      opens(program('/usr/bin/cp -a', ['/usr/bin/dash x.postinst', '/usr/bin/dpkg']), '/etc/shadow'),
      opens(program('/usr/bin/ssh host'), '/home/anna/.ssh/id_ed25519'),
      opens(program('/usr/bin/cat'), '/home/anna/.ssh/id_ed25519.pub'),
      opens(program('/usr/lib/firefox-esr/firefox-esr'), '/home/anna/.mozilla/firefox/a.default/logins.json'),
      opens(program('/usr/bin/kubectl get pods'), '/home/anna/.kube/config'),
      reaches(program('/usr/bin/gdb -p 9'), agent, 'read-memory'),
      reaches(tests, program('/home/anna/bin/child', ['/home/anna/bin/runner']), 'read-memory'),
    ];
    for (const event of usual)
      expect(findingsOf(credentialAccessBehaviour, [event]), JSON.stringify(event)).toEqual([]);
  });
});
