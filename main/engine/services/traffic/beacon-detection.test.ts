/** Beacons as bytes on the wire, through flows and parsers to the detector, and how they rank beside ordinary calls. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import { LINK_TYPE } from '../../../../contract/traffic.ts';
import { BeaconWatcher, beaconingSettings, EMPTY_SEED, LearnedLandscape, NO_INDICATORS } from '../../detect/index.ts';
import { flowSettings, TrafficEngine } from '../../network/index.ts';
import { type LoggedCall, rateCalls, rateCapture } from '../captures/beacon-review.ts';
import { DEFAULT_SETTINGS } from './default-settings.ts';

const CAPTURES = join(process.env.HOLDFAST_TEST_DATA ?? resolve('../shared/data'), 'attacks/beaconing');

const HOST = [192, 168, 1, 20];
const SERVER = [203, 0, 113, 7];
const FLAG = { fin: 0x01, syn: 0x02, ack: 0x10, push: 0x08 } as const;
const SECOND = 1_000_000;

/** One TCP connection from the host to the server, and what is found in it. */
class Connection {
  nowUs = 1_700_000_000 * SECOND;
  readonly findings: Finding[] = [];
  readonly #engine: TrafficEngine;
  readonly #port: number;
  readonly #next = [1_000, 5_000];

  constructor(port: number) {
    const landscape = new LearnedLandscape(EMPTY_SEED);
    const watcher = new BeaconWatcher({
      settings: DEFAULT_SETTINGS.section('detect.beaconing', beaconingSettings),
      landscape,
      indicators: NO_INDICATORS,
      report: (finding) => this.findings.push(finding),
    });
    this.#port = port;
    this.#engine = new TrafficEngine({
      settings: { ...DEFAULT_SETTINGS.section('network', flowSettings), flowCapacity: 1_024 },
      observers: [landscape, watcher],
    });
    this.#packet(0, FLAG.syn, '');
    this.#packet(1, FLAG.syn | FLAG.ack, '');
    this.#packet(0, FLAG.ack, '');
  }

  say(client: string, server: string): void {
    this.#packet(0, FLAG.push | FLAG.ack, client);
    this.#packet(1, FLAG.push | FLAG.ack, server);
  }

  wait(seconds: number): void {
    // As the engine is told live, so that flows are updated, cut and ended in time.
    for (const end = this.nowUs + seconds * SECOND; this.nowUs < end; ) {
      this.nowUs = Math.min(end, this.nowUs + SECOND);
      this.#engine.advance(this.nowUs);
    }
  }

  finish(): Finding | undefined {
    this.#packet(0, FLAG.fin | FLAG.ack, '');
    this.#packet(1, FLAG.fin | FLAG.ack, '');
    this.#engine.finish();
    return this.findings.at(-1);
  }

  #packet(side: 0 | 1, flags: number, said: string): void {
    const data = new TextEncoder().encode(said);
    const frame = new Uint8Array(54 + data.length);
    const view = new DataView(frame.buffer);
    view.setUint16(12, 0x0800);
    frame[14] = 0x45;
    view.setUint16(16, 40 + data.length);
    frame[22] = 64;
    frame[23] = 6;
    frame.set(side === 0 ? HOST : SERVER, 26);
    frame.set(side === 0 ? SERVER : HOST, 30);
    view.setUint16(34, side === 0 ? 40_000 : this.#port);
    view.setUint16(36, side === 0 ? this.#port : 40_000);
    view.setUint32(38, this.#next[side]!);
    view.setUint32(42, this.#next[1 - side]!);
    frame[46] = 0x50;
    frame[47] = flags;
    view.setUint16(48, 1_024);
    frame.set(data, 54);
    this.#next[side]! += data.length + (flags & (FLAG.syn | FLAG.fin) ? 1 : 0);
    this.nowUs += 10_000;
    this.#engine.frame(frame, 0, frame.length, frame.length, this.nowUs, LINK_TYPE.ethernet);
  }
}

/** Pauses of 30 to 60 seconds in an order that looks like chance: multiples of the golden section. */
const pauseOf = (call: number) => 30 + 30 * ((call * 0.618_033_988_75) % 1);

const ask = 'GET /gate HTTP/1.1\r\nHost: 203.0.113.7\r\nUser-Agent: Go-http-client/1.1\r\n\r\n';
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nbm90aGluZw==';

describe('beacons on the wire', () => {
  it('are found by the requests of one connection, also when it is cut for its length', () => {
    const connection = new Connection(80);
    for (let call = 0; call < 60; call++) {
      connection.say(ask, answer);
      connection.wait(pauseOf(call));
    }
    const finding = connection.finish();
    expect(finding).toMatchObject({
      kind: 'beaconing',
      severity: 'medium',
      attackers: ['203.0.113.7'],
      victims: ['192.168.1.20'],
      techniques: ['T1071.001'],
    });
    expect(finding?.evidence[0]).toMatchObject({ name: 'calls', value: 60 });
    expect(connection.findings.length).toBeLessThan(6);
  });

  it('are found by messages after a silence where nobody knows the protocol', () => {
    const connection = new Connection(9_001);
    for (let call = 0; call < 60; call++) {
      connection.say(`\x01\x80\xfe${'\x13'.repeat(300)}`, '\x01\x81\xff'.repeat(40));
      connection.wait(pauseOf(call));
    }
    expect(connection.finish()).toMatchObject({
      severity: 'medium',
      attackers: ['203.0.113.7'],
      techniques: ['T1095'],
    });
  });

  it('are not people who read a page now and then', () => {
    const connection = new Connection(80);
    for (let call = 0; call < 60; call++) {
      connection.say(ask.replace('/gate', `/page${call}`), answer);
      connection.wait(3 * (call % 7) ** 2 + (call % 3));
    }
    expect(connection.finish()).toBeUndefined();
  });

  it.skipIf(!existsSync(CAPTURES))(
    'are found in real captures, in both directions right',
    async () => {
      const expected = [
        ['c2-caldera-sandcat.pcap', '172.18.0.3', '172.18.0.2'],
        ['empire-stager.pcap', '172.18.39.5', '10.10.10.5'],
        ['beacon-2s.pcap', '147.32.80.37', '141.193.213.20'],
      ] as const;
      for (const [file, client, server] of expected) {
        const found = (await rateCapture(join(CAPTURES, file))).filter(({ severity }) => severity !== undefined);
        expect(found, file).toHaveLength(1);
        expect(found[0]?.destination.client).toBe(client);
        expect(found[0]?.destination.server.slice(0, 11)).toBe(server.slice(0, 11));
      }
    },
    20_000,
  );
});

describe('calls of a log', () => {
  const base = { type: 'connection', client: '10.0.0.5', port: 443, channel: 'tls', isUsualPort: true } as const;
  const every = (seconds: number, calls: number, server: string, name: string): LoggedCall[] =>
    Array.from({ length: calls }, (_, call) => ({
      ...base,
      server,
      name,
      timeUs: (1_700_000_000 + call * seconds) * SECOND,
      sentBytes: 400,
      answeredBytes: 900,
    }));

  it('are judged like those of packets', () => {
    const calls = [...every(60, 50, '203.0.113.7', ''), ...every(60, 50, '203.0.113.8', 'updates.example.org')];
    const rated = rateCalls(calls.sort((a, b) => a.timeUs - b.timeUs));
    const byAddress = rated.find(({ destination }) => destination.name === '');
    const byName = rated.find(({ destination }) => destination.name === 'updates.example.org');
    expect(byAddress?.score.score).toBeGreaterThan(0.95);
    expect(byName?.score.score).toBeGreaterThan(0.95);
    expect(byAddress!.standing).toBeGreaterThan(byName!.standing);
    expect(byName?.severity).toBeUndefined();
  });
});
