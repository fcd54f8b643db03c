import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_REASON } from '../../../contract/traffic.ts';
import { connectionFloodDetector } from './connection-flood.ts';
import { ConnectionTraffic, type SocketOptions, type TestSocket } from './connection-flood-testing.ts';
import { NO_ROLES } from './testing.ts';

const WEB: SocketOptions = { from: '10.0.0.5', to: '10.0.0.9', port: 80, service: 'http' };
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: example.org\r\n\r\n`;

function traffic(): ConnectionTraffic {
  return new ConnectionTraffic(connectionFloodDetector);
}

/** One request, one answer, one connection. */
function visit(world: ConnectionTraffic, options: SocketOptions, path: string, bytes: number): void {
  world.open(options).send(get(path)).answer(bytes).close();
}

describe('floods by rate', () => {
  it('tells a connection per request at hundreds per second, with attacker and victim', () => {
    const world = traffic();
    world.repeat(200, 9, (index) => visit(world, WEB, `/?${index}`, 5000 + (index % 40)));
    expect(world.alerts).toHaveLength(1);
    expect(world.alerts[0]).toMatchObject({
      kind: 'denial-of-service',
      cause: 'denial-of-service/10.0.0.9',
      attackers: ['10.0.0.5'],
      victims: ['10.0.0.9'],
      attackerCount: 1,
      title: '10.0.0.5 flooded 10.0.0.9:80 with one connection after another',
    });
    expect(world.alerts[0]!.techniques).toContain('T1499.002');
  });

  it('is surer and severer when the server gives no answers any more', () => {
    const well = traffic();
    const ill = traffic();
    well.repeat(150, 9, (index) => visit(well, WEB, `/?${index}`, 5000));
    ill.repeat(150, 9, (index) =>
      ill
        .open(WEB)
        .send(get(`/?${index}`))
        .reset(),
    );
    expect(well.alerts[0]!.severity).toBe('medium');
    expect(ill.alerts[0]!.severity).toBe('high');
    expect(ill.alerts[0]!.confidence).toBeGreaterThan(well.alerts[0]!.confidence);
  });

  it('tells requests for one page in a few lasting connections', () => {
    const world = traffic();
    const sockets = Array.from({ length: 8 }, () => world.open(WEB));
    world.repeat(1000, 8, (index) => sockets[index % 8]!.send(get(`/search?q=${index}`)).answer(300));
    expect(world.alerts).toHaveLength(1);
    expect(world.alerts[0]).toMatchObject({ attackers: ['10.0.0.5'], victims: ['10.0.0.9'] });
    expect(world.alerts[0]!.title).toContain('web requests');
  });

  it('names the busy ones of several that together are too much', () => {
    const world = traffic();
    world.repeat(400, 9, (index) => visit(world, { ...WEB, from: `203.0.113.${index % 8}` }, `/?${index}`, 900));
    expect(world.alerts).toHaveLength(1);
    expect(world.alerts[0]!.attackers).toHaveLength(8);
    expect(world.alerts[0]!.attackerCount).toBe(8);
  });

  it('does not name whom the host itself has said to be no attacker', () => {
    const world = new ConnectionTraffic(connectionFloodDetector, { ...NO_ROLES, mayBeAttacker: () => false });
    world.repeat(200, 9, (index) => visit(world, WEB, `/?${index}`, 5000));
    expect(world.alerts[0]).toMatchObject({ attackers: [], victims: ['10.0.0.9'] });
  });
});

describe('floods by held connections', () => {
  it('tells slow headers, and goes on telling while they last', () => {
    const world = traffic();
    const sockets: TestSocket[] = [];
    world.repeat(100, 3, () => sockets.push(world.open(WEB).send('GET /?1 HTTP/1.1\r\nUser-Agent: a\r\n')));
    world.wait(9);
    expect(world.alerts).toHaveLength(1);
    for (let round = 0; round < 12; round++) {
      for (const socket of sockets) socket.send('X-a: 1\r\n');
      world.wait(10);
    }
    const alert = world.alerts[0]!;
    expect(world.alerts).toHaveLength(1);
    expect(alert).toMatchObject({ severity: 'high', attackers: ['10.0.0.5'], victims: ['10.0.0.9'] });
    expect(alert.title).toBe('10.0.0.5 flooded 10.0.0.9:80 with requests that never end');
    // The first few pass before the server is watched.
    expect(alert.evidence[0]!.value).toBeGreaterThan(285);
    expect(alert.lastSeenMs - alert.firstSeenMs).toBeGreaterThan(120_000);
  });

  it('tells slow bodies', () => {
    const world = traffic();
    const sockets = Array.from({ length: 150 }, () =>
      world.open(WEB).send('POST /form HTTP/1.1\r\nContent-Length: 100000\r\n\r\n'),
    );
    world.wait(8);
    for (const socket of sockets) socket.send('a');
    world.wait(6);
    expect(world.alerts[0]?.title).toContain('requests that never end');
  });

  it('tells slow reading by tiny windows', () => {
    const world = traffic();
    for (let index = 0; index < 200; index++)
      world
        .open({ ...WEB, window: 1152 })
        .send(get('/big'))
        .answer(1152);
    world.wait(15);
    expect(world.alerts[0]?.title).toContain('hardly take any data');
  });

  it('tells connections that say nothing', () => {
    const world = traffic();
    world.repeat(60, 10, () => world.open({ from: '10.0.0.5', to: '10.0.0.9', port: 9000 }));
    world.wait(15);
    expect(world.alerts[0]).toMatchObject({ attackers: ['10.0.0.5'] });
    expect(world.alerts[0]!.techniques[0]).toBe('T1499.001');
  });

  it('tells slow headers from many clients, of whom none has many', () => {
    const world = traffic();
    const from = (index: number) => `198.51.${index % 100}.7`;
    for (let index = 0; index < 600; index++)
      world.open({ ...WEB, from: from(index) }).send('GET /?1 HTTP/1.1\r\nUser-Agent: a\r\n');
    world.wait(15);
    expect(world.alerts).toHaveLength(1);
    expect(world.alerts[0]!.attackerCount).toBeGreaterThan(80);
  });

  it('forgets connections that were closed', () => {
    const world = traffic();
    const sockets = Array.from({ length: 300 }, () => world.open(WEB).send('GET / HTTP/1.1\r\n'));
    world.wait(6);
    for (const socket of sockets) socket.close();
    world.wait(30);
    expect(world.alerts).toHaveLength(0);
  });
});

describe('ordinary traffic', () => {
  const PLAIN: Readonly<Record<string, (world: ConnectionTraffic) => void>> = {
    'sixty browsers that load a page of a hundred parts at once': (world) => {
      for (let browser = 0; browser < 60; browser++) {
        const sockets = Array.from({ length: 6 }, () => world.open({ ...WEB, from: '192.0.2.1' }));
        for (let part = 0; part < 100; part++) {
          sockets[part % 6]!.send(get(`/part${part}.png`)).answer(500 + ((part * 7919) % 1000));
          world.wait(0.0004);
        }
        for (const socket of sockets) socket.close();
      }
      world.wait(20);
    },
    'a program with thirty requests per second, each in its own connection': (world) => {
      world.repeat(30, 30, (index) => visit(world, WEB, '/api/v1/items', 400 + (index % 7)));
    },
    'a proxy that passes on three hundred visits per second': (world) => {
      world.repeat(300, 15, (index) => visit(world, WEB, `/page/${index % 500}`, 500 + ((index * 7919) % 9000)));
    },
    'a pool of two hundred used connections': (world) => {
      const pool = { ...WEB, port: 5432, service: 'postgresql' as const };
      for (let index = 0; index < 200; index++) world.open(pool).send('startup').answer(80);
      world.wait(120);
    },
    'a hundred workers that each hold a connection to a log collector': (world) => {
      const workers = Array.from({ length: 100 }, () => world.open({ from: '10.0.0.5', to: '10.0.0.9', port: 514 }));
      for (let minute = 0; minute < 3; minute++) {
        for (const worker of workers) worker.send('<34>Oct 11 22:14:15 host app: line');
        world.wait(20);
      }
    },
    'a crowd of two thousand visitors': (world) => {
      world.repeat(400, 15, (index) =>
        visit(world, { ...WEB, from: `100.64.${index % 200}.${index % 10}` }, '/', 7000 + (index % 90)),
      );
    },
    'three hundred logins per second, which are for another detector': (world) => {
      const ssh = { from: '10.0.0.5', to: '10.0.0.9', port: 22, service: 'ssh' as const };
      world.repeat(300, 8, () => world.open(ssh).send('SSH-2.0-x\r\n').answer(900).close());
    },
    'a scan of many ports': (world) => {
      world.repeat(500, 10, (index) => world.open({ from: '10.0.0.5', to: '10.0.0.9', port: 1 + index }).close());
    },
    'a package manager that fetches eight hundred files per second': (world) => {
      const sockets = Array.from({ length: 20 }, () => world.open(WEB));
      world.repeat(800, 10, (index) => sockets[index % 20]!.send(get(`/package-${index}.tgz`)).answer(900));
    },
    'a hundred peers of a file-sharing program': (world) => {
      world.repeat(50, 20, (index) =>
        world
          .open({ from: '10.0.0.5', to: `198.51.100.${index % 200}`, port: 6881 })
          .send('hello')
          .answer(60),
      );
    },
    'sixty uploads at once that take their time': (world) => {
      const header = 'PUT /file HTTP/1.1\r\nContent-Length: 50000000\r\n\r\n';
      const uploads = Array.from({ length: 60 }, () => world.open(WEB).send(header));
      for (let part = 0; part < 11; part++) {
        for (const upload of uploads) upload.send('x'.repeat(1448));
        world.wait(3);
      }
    },
    'a thousand browsers with long headers': (world) => {
      const header = `GET / HTTP/1.1\r\nCookie: ${'c'.repeat(1400)}`;
      for (let index = 0; index < 1000; index++) {
        const socket = world.open({ ...WEB, from: `100.64.${index >> 8}.${index & 255}` });
        socket.send(header).send('\r\n\r\n').answer(900);
        world.wait(0.05);
      }
    },
    'forty hanging requests': (world) => {
      for (let index = 0; index < 40; index++) world.open(WEB).send(get('/events'));
      world.wait(60);
    },
  };
  for (const [what, play] of Object.entries(PLAIN)) {
    it(`says nothing of ${what}`, () => {
      const world = traffic();
      play(world);
      expect(world.alerts).toEqual([]);
    });
  }
});

describe('bounds', () => {
  it('ends a flood at the end of a capture without taking its connections for closed', () => {
    const world = traffic();
    const sockets = Array.from({ length: 200 }, () => world.open(WEB).send('GET / HTTP/1.1\r\n'));
    world.nowUs += 12e6;
    for (const { flow } of sockets) world.observer.flowEnd?.(flow, END_REASON.stopped);
    world.observer.tick?.(world.nowUs);
    expect(world.alerts).toHaveLength(1);
  });

  it('begins anew when the clock jumps back', () => {
    const world = traffic();
    for (let index = 0; index < 200; index++) world.open(WEB).send('GET / HTTP/1.1\r\n');
    world.wait(5);
    world.nowUs -= 3600e6;
    world.observer.clockReset?.(world.nowUs);
    for (let second = 0; second < 30; second++) world.observer.tick?.(world.nowUs + second * 1e6);
    expect(world.alerts).toHaveLength(0);
  });

  it('reports one flood of several thousand clients a handful of times', () => {
    const world = traffic();
    world.repeat(2000, 10, (index) =>
      world.open({ ...WEB, from: `10.${index & 31}.${(index >> 5) & 255}.1` }).send('GET /?1 HTTP/1.1\r\n'),
    );
    world.wait(20);
    expect(world.alerts).toHaveLength(1);
    expect(world.findings.length).toBeLessThan(15);
    expect(world.alerts[0]!.attackers.length).toBeLessThanOrEqual(64);
  });

  it('never throws and never claims what cannot be, whatever comes in whatever order', () => {
    const step = fc.record({
      client: fc.nat(40),
      server: fc.nat(400),
      act: fc.constantFrom('open', 'send', 'answer', 'close', 'reset', 'evict', 'wait', 'back'),
      which: fc.nat(50),
      bytes: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const world = new ConnectionTraffic(connectionFloodDetector, NO_ROLES, {
          connectionsPerSecond: 5,
          slowConnections: 10,
          idleConnections: 10,
          pooledConnections: 10,
          heldSeconds: 2,
          sustainedSeconds: 2,
        });
        const sockets: TestSocket[] = [];
        for (const { client, server, act, which, bytes } of steps) {
          const socket = sockets[which % Math.max(1, sockets.length)];
          const text = String.fromCharCode(...bytes);
          if (act === 'open') {
            for (let times = 0; times < 20; times++) {
              const to = `10.1.${server >> 8}.${server & 255}`;
              sockets.push(world.open({ from: `10.0.0.${client}`, to, port: 80, service: 'http' }));
            }
          } else if (act === 'wait') world.wait(which / 10);
          else if (act === 'back') world.nowUs -= 1e6;
          else if (act === 'send') socket?.send(`GET ${text}`);
          else if (act === 'answer') socket?.answer(bytes.length);
          else if (act === 'close') socket?.close();
          else if (act === 'reset') socket?.reset();
          else if (socket !== undefined) world.observer.flowEnd?.(socket.flow, END_REASON.evicted);
        }
        world.wait(30);
        for (const finding of world.findings) {
          expect(finding.attackers.length).toBeLessThanOrEqual(64);
          expect(finding.firstSeenMs).toBeLessThanOrEqual(finding.lastSeenMs);
          for (const { value } of finding.evidence) {
            if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0);
            if (typeof value === 'number') expect(value).toBeLessThanOrEqual(80_000);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
