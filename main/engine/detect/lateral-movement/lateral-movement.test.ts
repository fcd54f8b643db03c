import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProtocolId } from '../../../../contract/facts.ts';
import { FINISHED, NO_ROLES, Player, type ToldFact } from '../testing.ts';
import { lateralMovementDetector } from './lateral-movement.ts';
import { isAdminShare, remoteActionOf } from './remote-action.ts';

const SOURCE = '10.0.0.5';
const PORTS: Readonly<Record<string, number>> = { ssh: 22, telnet: 23, smb: 445, rpc: 135, vnc: 5900 };

function host(number: number): string {
  return `10.0.0.${number}`;
}

function loginFact(protocol: ProtocolId, user = '', method = ''): ToldFact {
  const outcome = 'success';
  return {
    type: 'login',
    fromInitiator: true,
    protocol,
    user,
    domain: '',
    host: '',
    outcome,
    isCleartext: false,
    method,
  };
}

function command(name: string, argument: string, status = 0, protocol: ProtocolId = 'smb'): ToldFact {
  return { type: 'command', fromInitiator: true, protocol, command: name, argument, status };
}

function session(player: Player, from: string, to: string, protocol: ProtocolId, facts: readonly ToldFact[]): void {
  const steps = facts.map((fact) => ({ fact }));
  player.play({ from, to, port: PORTS[protocol] ?? 445, steps: ['> x', '< y', ...steps], end: FINISHED });
  player.wait(1);
}

const visit = (player: Player, from: string, to: string, protocol: ProtocolId) =>
  session(player, from, to, protocol, [loginFact(protocol)]);

/** What PsExec and its likes do: a program on the administrative share, and a service that starts it. */
function takeOver(player: Player, from: string, to: string): void {
  const share = `\\\\${to}\\ADMIN$`;
  session(player, from, to, 'smb', [
    loginFact('smb', 'admin', 'ntlmv2'),
    { type: 'property', fromInitiator: true, protocol: 'smb', name: 'share', value: share },
    command('tree-connect', share),
    command('create', 'kqzxwvhb.exe'),
    command('rpc-call', 'svcctl.OpenSCManagerW'),
    command('rpc-call', 'svcctl.CreateServiceW'),
  ]);
}

describe('told', () => {
  it('a service that is created on another computer', () => {
    const player = new Player(lateralMovementDetector);
    takeOver(player, SOURCE, host(9));
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      kind: 'lateral-movement',
      severity: 'medium',
      attackers: [SOURCE],
      victims: [host(9)],
      title: '10.0.0.5 started programs as services on 10.0.0.9',
    });
    expect(player.alerts[0]!.techniques).toEqual(
      expect.arrayContaining(['T1569.002', 'T1543.003', 'T1570', 'T1021.002']),
    );
  });

  it('three of them with one account, high', () => {
    const player = new Player(lateralMovementDetector);
    for (let i = 10; i < 15; i++) takeOver(player, SOURCE, host(i));
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'high', victimCount: 5 });
    expect(player.alerts[0]!.techniques).toContain('T1550.002');
    expect(player.findings.length).toBeLessThan(6);
  });

  it('one that goes on from where it came in', () => {
    const player = new Player(lateralMovementDetector);
    takeOver(player, SOURCE, host(9));
    player.wait(300);
    takeOver(player, host(9), host(10));
    const second = player.alerts.find(({ attackers }) => attackers[0] === host(9));
    expect(second).toMatchObject({ severity: 'high', victims: [host(10)] });
    expect(second!.explanation).toContain('10.0.0.5 had reached it in the same way');
  });

  it.each([
    ['a scheduled task', [command('rpc-call', 'schedule.SchRpcRegisterTask')]],
    ['a task of the old kind', [command('call', 'atsvc.NetrJobAdd', 0, 'rpc')]],
    ['another program for a service', [command('rpc-call', 'svcctl.ChangeServiceConfigW')]],
    ['the service of PsExec', [command('create', 'PSEXESVC')]],
  ])('%s', (_name, facts) => {
    const player = new Player(lateralMovementDetector);
    session(player, SOURCE, host(9), 'smb', facts);
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', victims: [host(9)] });
  });

  it('commands by WMI, whose output is read from the share', () => {
    const player = new Player(lateralMovementDetector);
    session(player, SOURCE, host(9), 'rpc', [command('call', 'wmi-services.ExecMethod', 0, 'rpc')]);
    expect(player.alerts).toEqual([]);
    session(player, SOURCE, host(9), 'smb', [
      { type: 'property', fromInitiator: true, protocol: 'smb', name: 'share', value: '\\\\10.0.0.9\\ADMIN$' },
      command('create', '__1700000123.4567'),
    ]);
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', title: '10.0.0.5 started programs on 10.0.0.9' });
  });

  it('administrative shares of several computers', () => {
    const player = new Player(lateralMovementDetector);
    for (let i = 10; i < 14; i++) {
      session(player, SOURCE, host(i), 'smb', [
        loginFact('smb', 'admin', 'ntlmv2'),
        command('tree-connect', `\\\\${host(i)}\\C$`),
      ]);
    }
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: [SOURCE] });
    expect(player.alerts[0]!.title).toContain('administrative shares');
  });

  it('Telnet from computer to computer, as bots spread', () => {
    const player = new Player(lateralMovementDetector);
    visit(player, SOURCE, host(9), 'telnet');
    for (let i = 10; i < 14; i++) visit(player, host(9), host(i), 'telnet');
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [host(9)] });
  });

  it('a long chain of logins by SSH', () => {
    const player = new Player(lateralMovementDetector);
    for (let i = 9; i < 12; i++) visit(player, host(i), host(i + 1), 'ssh');
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: [host(11)], victims: [host(12)] });
  });

  it('wide sessions: a notice at first, more where it is known that they are not usual', () => {
    const player = new Player(lateralMovementDetector);
    for (let i = 10; i < 20; i++) visit(player, SOURCE, host(i), 'ssh');
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'low', techniques: ['T1021.004'] });

    const learnt = new Player(lateralMovementDetector, NO_ROLES, { learnHours: 2 });
    for (let hour = 0; hour < 4; hour++) {
      visit(learnt, SOURCE, host(9), 'ssh');
      learnt.wait(3700);
    }
    for (let i = 10; i < 20; i++) visit(learnt, SOURCE, host(i), 'ssh');
    learnt.finish();
    expect(learnt.alerts[0]).toMatchObject({ severity: 'medium' });
  });

  it('remote desktop and remote management', () => {
    const player = new Player(lateralMovementDetector, NO_ROLES, { hosts: 3 });
    for (let i = 10; i < 12; i++) {
      const told: ToldFact = { type: 'protocol', fromInitiator: true, protocol: 'rdp', isUsualPort: true };
      const picture = { from: '<', bytes: new Uint8Array(50_000) } as const;
      const keys = { from: '>', bytes: new Uint8Array(5_000) } as const;
      player.play({
        from: SOURCE,
        to: host(i),
        port: 3389,
        steps: ['> x', { fact: told }, keys, picture],
        end: FINISHED,
      });
    }
    const base = {
      fromInitiator: true,
      protocol: 'http',
      index: 0,
      contentType: '',
      contentLength: -1,
      headers: [],
      bodyStart: '',
    } as const;
    const request: ToldFact = {
      ...base,
      type: 'http-request',
      method: 'POST',
      host: 'srv',
      hostPort: 5985,
      uri: '/wsman',
      version: '1.1',
      userAgent: 'Microsoft WinRM Client',
      referrer: '',
      user: '',
      authorization: 'negotiate',
    };
    const response: ToldFact = {
      ...base,
      fromInitiator: false,
      type: 'http-response',
      status: 200,
      reason: 'OK',
      server: '',
      location: '',
    };
    player.play({
      from: SOURCE,
      to: host(12),
      port: 5985,
      steps: ['> x', { fact: request }, { fact: response }],
      end: FINISHED,
    });
    player.wait(2);
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'low', victimCount: 3 });
    expect(player.alerts[0]!.techniques).toEqual(expect.arrayContaining(['T1021.001', 'T1021.006']));
  });
});

describe('silent', () => {
  const quiet = (play: (player: Player) => void, settings: object = {}) => {
    const player = new Player(lateralMovementDetector, NO_ROLES, settings);
    play(player);
    player.finish();
    return player.alerts;
  };

  it('clients of file servers, which are clients of others', () => {
    expect(
      quiet((player) => {
        for (let i = 10; i < 60; i++) {
          for (const server of [2, 3, 4]) {
            session(player, host(i), host(server), 'smb', [
              loginFact('smb', `user${i}`),
              command('tree-connect', `\\\\srv${server}\\data`),
            ]);
            visit(player, host(server), host(2 + ((server - 1) % 3)), 'smb');
          }
        }
      }),
    ).toEqual([]);
  });

  it('programs on ordinary shares, what was refused, and questions about services', () => {
    expect(
      quiet((player) => {
        for (let i = 10; i < 15; i++) {
          session(player, SOURCE, host(i), 'smb', [
            loginFact('smb'),
            { type: 'property', fromInitiator: true, protocol: 'smb', name: 'share', value: '\\\\srv\\tools' },
            command('create', 'setup.exe'),
            command('tree-connect', '\\\\srv\\ADMIN$', 0xc0000022),
            command('rpc-call', 'svcctl.CreateServiceW', 5),
            command('rpc-call', 'svcctl.QueryServiceStatus'),
            command('call', 'wmi-services.ExecQuery', 0, 'rpc'),
          ]);
        }
      }),
    ).toEqual([]);
  });

  it('somebody who administers over a host in between, and who works outside', () => {
    expect(
      quiet((player) => {
        visit(player, SOURCE, host(9), 'ssh');
        for (let i = 10; i < 16; i++) visit(player, host(9), host(i), 'ssh');
        for (let i = 10; i < 60; i++) visit(player, SOURCE, `93.184.216.${i}`, 'ssh');
      }),
    ).toEqual([]);
  });

  it('a server for management, once it is known', () => {
    const player = new Player(lateralMovementDetector);
    for (let hour = 0; hour < 30; hour++) {
      for (let i = 10; i < 40; i++) visit(player, SOURCE, host(i), 'ssh');
      for (let i = 40; i < 43; i++) takeOver(player, SOURCE, host(i));
      player.wait(3600);
    }
    const before = player.findings.length;
    for (let hour = 0; hour < 5; hour++) {
      for (let i = 10; i < 40; i++) visit(player, SOURCE, host(i), 'ssh');
      for (let i = 40; i < 43; i++) takeOver(player, SOURCE, host(i));
      player.wait(3600);
    }
    expect(player.findings.slice(before)).toEqual([]);
  });

  it('a scanner that the owner has excepted', () => {
    const player = new Player(lateralMovementDetector, { ...NO_ROLES, mayBeAttacker: () => false });
    for (let i = 10; i < 15; i++) takeOver(player, SOURCE, host(i));
    player.finish();
    expect(player.alerts).toEqual([]);
  });
});

it('reads shares and names', () => {
  expect(['\\\\a\\ADMIN$', '\\\\a\\c$', '\\\\a\\IPC$', '\\\\a\\print$', 'ADMIN'].map(isAdminShare)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.boolean(), (name, argument, has) => {
      remoteActionOf(
        { type: 'command', timeUs: 0, fromInitiator: true, protocol: 'smb', command: name, argument, status: 0 },
        has,
      );
    }),
  );
});
