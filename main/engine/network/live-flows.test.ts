import { describe, expect, it } from 'vitest';
import { END_REASON, type EndReason, PROTOCOL, TCP_FLAG } from '../../../contract/traffic.ts';
import { formatAddress } from '../runtime/address.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { FEATURES } from './features.ts';
import { flowId, flowNumber } from './flow-number.ts';
import { FlowRecorder } from './flow-recorder.ts';
import { flowSettings } from './flow-settings.ts';
import { LIVE_OPEN, LIVE_ROW, LIVE_ROW_WORDS, LiveFlows } from './live-flows.ts';
import { type PacketFields, packetOf } from './testing.ts';
import { TrafficEngine } from './traffic-engine.ts';

const ID_BASE = 2 ** 40;
const SECOND = 1_000_000;

class Scene {
  readonly live: LiveFlows;
  readonly recorder: FlowRecorder;
  readonly #engine: TrafficEngine;

  constructor(limit = 100) {
    this.live = new LiveFlows(() => this.#engine.flowSource, limit, ID_BASE);
    this.recorder = new FlowRecorder(() => this.#engine.features, 100, ID_BASE);
    this.#engine = new TrafficEngine({
      settings: { ...defaultsOf(flowSettings), flowCapacity: 4_096, conversationCapacity: 1_024 },
      observers: [this.live, this.recorder],
    });
  }

  play(...packets: PacketFields[]): void {
    for (const fields of packets) {
      Object.assign(this.#engine.packet, packetOf(fields));
      this.#engine.deliver(60);
    }
  }

  advance(nowUs: number): void {
    this.#engine.advance(nowUs);
  }

  finish(): void {
    this.#engine.finish();
  }

  /** Ports of the initiators in the snapshot. */
  ports(nowUs: number): number[] {
    const { rows } = this.live.snapshot(nowUs);
    return column(rows, LIVE_ROW.initiatorPort).sort((a, b) => a - b);
  }
}

function column(rows: Float64Array, word: number): number[] {
  return Array.from({ length: rows.length / LIVE_ROW_WORDS }, (_, n) => rows[n * LIVE_ROW_WORDS + word]);
}

const lone = (sourcePort: number, timeUs: number): PacketFields => ({ timeUs, sourcePort, flags: TCP_FLAG.syn });

describe('LiveFlows', () => {
  it('shows open flows as they are now', () => {
    const scene = new Scene();
    scene.play(
      { timeUs: SECOND, sourcePort: 5_000, flags: TCP_FLAG.syn },
      {
        timeUs: 2 * SECOND,
        from: '10.0.0.2',
        to: '10.0.0.1',
        sourcePort: 80,
        destinationPort: 5_000,
        flags: TCP_FLAG.syn | TCP_FLAG.ack,
      },
    );
    const { rows, open, ended } = scene.live.snapshot(2 * SECOND);
    expect([open, ended.length, rows.length]).toEqual([1, 0, LIVE_ROW_WORDS]);
    expect(rows[LIVE_ROW.id]).toBe(ID_BASE + 1);
    expect([rows[LIVE_ROW.firstUs], rows[LIVE_ROW.lastUs]]).toEqual([SECOND, 2 * SECOND]);
    const words = Array.from(rows.slice(LIVE_ROW.responder, LIVE_ROW.responder + 4));
    expect(formatAddress(words[0], words[1], words[2], words[3])).toBe('10.0.0.2');
    expect([rows[LIVE_ROW.initiatorPort], rows[LIVE_ROW.responderPort]]).toEqual([5_000, 80]);
    expect(rows[LIVE_ROW.protocol]).toBe(PROTOCOL.tcp);
    expect([rows[LIVE_ROW.initiatorPackets], rows[LIVE_ROW.responderPackets]]).toEqual([1, 1]);
    expect([rows[LIVE_ROW.initiatorBytes], rows[LIVE_ROW.responderBytes]]).toEqual([54, 54]);
    expect(rows[LIVE_ROW.endReason]).toBe(LIVE_OPEN);
  });

  it('tells once of those it has shown that they have ended, with the number that the record bears', () => {
    const scene = new Scene();
    scene.play(lone(1, SECOND), lone(2, SECOND));
    scene.live.snapshot(SECOND);
    scene.play(lone(3, 2 * SECOND));
    scene.finish();
    const { ended, rows, open } = scene.live.snapshot(3 * SECOND);
    expect([open, rows.length]).toEqual([0, 0]);
    expect(column(ended, LIVE_ROW.id).sort()).toEqual([ID_BASE + 1, ID_BASE + 2]);
    expect(new Set(column(ended, LIVE_ROW.endReason))).toEqual(new Set<EndReason>([END_REASON.stopped]));
    expect(scene.live.snapshot(4 * SECOND).ended).toHaveLength(0);
    expect(scene.recorder.take().map(({ number }) => number)).toEqual([ID_BASE + 1, ID_BASE + 2, ID_BASE + 3]);
  });

  it('keeps conversations before lone packets, and the latest active', () => {
    const scene = new Scene(3);
    scene.play(lone(1, SECOND), { timeUs: 2 * SECOND, sourcePort: 1, flags: TCP_FLAG.ack });
    for (let port = 10; port < 200; port++) scene.play(lone(port, port * SECOND * 0.1));
    const { open } = scene.live.snapshot(19.9 * SECOND);
    expect(open).toBe(191);
    const shown = scene.ports(19.9 * SECOND);
    expect(shown).toHaveLength(3);
    expect(shown[0]).toBe(1);
    // Of the same second any will do.
    expect(shown.slice(1).every((port) => port >= 189)).toBe(true);
  });

  it('gives the features of one open flow, and of none that is not open', () => {
    const scene = new Scene();
    scene.play(lone(1, SECOND), lone(2, SECOND), { timeUs: 3 * SECOND, sourcePort: 2, payload: new Uint8Array(100) });
    const detail = scene.live.detail(ID_BASE + 2);
    expect(detail?.row[LIVE_ROW.initiatorPackets]).toBe(2);
    const value = (name: string) => detail?.features[FEATURES.findIndex((feature) => feature.name === name)];
    expect(value('Flow Duration')).toBe(2 * SECOND);
    expect(value('Total Length of Fwd Packets')).toBe(100);
    expect(scene.live.detail(2)).toBeUndefined();
    expect(scene.live.detail(ID_BASE + 3)).toBeUndefined();
    scene.finish();
    expect(scene.live.detail(ID_BASE + 2)).toBeUndefined();
  });

  it('forgets everything when nobody watches any more', () => {
    const scene = new Scene();
    scene.play(lone(1, SECOND));
    scene.live.snapshot(SECOND);
    scene.live.forget();
    scene.finish();
    expect(scene.live.snapshot(2 * SECOND).ended).toHaveLength(0);
  });

  it('follows slots that are given up and taken again', () => {
    const scene = new Scene();
    scene.play(lone(1, SECOND), lone(2, SECOND), lone(3, 50 * SECOND));
    // The two that nobody answered end after a minute.
    scene.advance(70 * SECOND);
    expect(scene.ports(70 * SECOND)).toEqual([3]);
    scene.play(lone(4, 71 * SECOND));
    expect(scene.ports(71 * SECOND)).toEqual([3, 4]);
  });
});

describe('flowNumber', () => {
  it('tells numbers beyond 32 bits', () => {
    const span = 2 ** 32;
    expect(flowNumber(7, 9)).toBe(7);
    expect(flowNumber(-1, span + 5)).toBe(span - 1);
    expect(flowNumber(3, span + 5)).toBe(span + 3);
    expect(flowNumber(-(2 ** 31), 3 * span + 5)).toBe(2 * span + 2 ** 31);
    for (const number of [1, 2 ** 31, span - 1, span + 7, 5 * span + 2 ** 31]) {
      expect(flowNumber(flowId(number), number + 9)).toBe(number);
    }
  });
});
