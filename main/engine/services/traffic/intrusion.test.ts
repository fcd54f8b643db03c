/** A whole intrusion as bytes on the wire: the steps are found by their detectors and told as one attack. */
import { describe, expect, it } from 'vitest';
import { type Said, Wire } from './wire-testing.ts';

const ATTACKER = '203.0.113.66';
const VICTIM = '10.0.0.9';

const ftp = (user: string, password: string, isRight: boolean): readonly Said[] => [
  '< 220 ready\r\n',
  `> USER ${user}\r\n`,
  '< 331 Password required\r\n',
  `> PASS ${password}\r\n`,
  isRight ? '< 230 Logged in\r\n' : '< 530 Login incorrect\r\n',
];

/** What somebody types into a shell, and what it answers. */
const SHELL: readonly Said[] = [
  '> bash: no job control in this shell\nwww-data@web:/$ ',
  3,
  '< id\n',
  0.2,
  '> uid=33(www-data) gid=33(www-data) groups=33(www-data)\nwww-data@web:/$ ',
  4,
  '< uname -a\n',
  0.2,
  '> Linux web 6.1.0-18-amd64 #1 SMP Debian x86_64 GNU/Linux\nwww-data@web:/$ ',
  5,
  '< cat /etc/passwd\n',
  0.2,
  '> root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nwww-data@web:/$ ',
  3,
];

describe('an intrusion', () => {
  it('is one alert that tells its steps in order', { timeout: 20_000 }, () => {
    const wire = new Wire();
    for (let port = 1; port <= 400; port++) wire.probe(ATTACKER, VICTIM, port);
    wire.wait(60);
    for (let n = 0; n < 60; n++) {
      wire.talk({ from: ATTACKER, to: VICTIM, port: 21 }, ftp('admin', `guess${n}`, false));
      wire.wait(1);
    }
    wire.talk({ from: ATTACKER, to: VICTIM, port: 21 }, ftp('admin', 'letmein', true));
    wire.wait(120);
    wire.talk({ from: VICTIM, to: ATTACKER, port: 4_444 }, SHELL);
    wire.wait(30);
    const alerts = wire.finish().filter(({ severity }) => severity !== 'low' && severity !== 'info');
    expect(alerts).toHaveLength(1);
    const [alert] = alerts;
    expect(alert).toMatchObject({ severity: 'critical', attackers: [ATTACKER], victims: [VICTIM] });
    expect(alert?.stages?.map(({ kind }) => kind)).toEqual(['port-scan', 'brute-force', 'reverse-shell']);
    expect(alert?.title).toContain('scanned ports, guessed passwords, had a shell');
    expect(alert?.explanation).toContain('minutes later');
    expect(alert?.techniques).toEqual(expect.arrayContaining(['T1046', 'T1110.001', 'T1078', 'T1059.004']));
  });

  it('is not made up of what different computers do', { timeout: 20_000 }, () => {
    const wire = new Wire();
    for (let port = 1; port <= 400; port++) wire.probe('203.0.113.77', VICTIM, port);
    wire.wait(60);
    wire.talk({ from: VICTIM, to: ATTACKER, port: 4_444 }, SHELL);
    const alerts = wire.finish().filter(({ severity }) => severity !== 'low' && severity !== 'info');
    expect(alerts.map(({ kind }) => kind).sort()).toEqual(['port-scan', 'reverse-shell']);
    for (const { stages } of alerts) expect(stages).toBeUndefined();
  });
});
