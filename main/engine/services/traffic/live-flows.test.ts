import { describe, expect, it } from 'vitest';
import {
  FLOW_CALLS,
  type Flow,
  type FlowProgram,
  MAX_FLOWS_PER_ITEM,
  MAX_LIVE_FLOWS,
} from '../../../../contract/api-flows.ts';
import { MAX_MESSAGE_BYTES } from '../../../../contract/api-roles.ts';
import { END_REASON, PROTOCOL, SERVICES, TCP_STATE } from '../../../../contract/traffic.ts';
import { LIVE_OPEN, LIVE_ROW, LIVE_ROW_WORDS, type RecordedFlow } from '../../network/index.ts';
import { parseAddress } from '../../runtime/address.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { type LiveFlowsItem, LiveFlowView } from './live-flows.ts';

interface RowFields {
  readonly number: number;
  /** Told in the names of the snapshot. */
  readonly name?: string;
  readonly packets?: number;
  readonly bytes?: number;
  readonly answered?: number;
  readonly firstUs?: number;
  readonly tcpState?: number;
  readonly endReason?: number;
}

const SECOND = 1_000_000;
const LONG_ADDRESS = parseAddress('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff') ?? [0, 0, 0, 0];

function rowsOf(flows: readonly RowFields[]): Float64Array {
  const rows = new Float64Array(flows.length * LIVE_ROW_WORDS);
  for (const [index, flow] of flows.entries()) {
    const at = index * LIVE_ROW_WORDS;
    rows[at + LIVE_ROW.id] = flow.number;
    rows[at + LIVE_ROW.firstUs] = flow.firstUs ?? 0;
    rows[at + LIVE_ROW.lastUs] = (flow.firstUs ?? 0) + 1_234.567;
    rows.set(LONG_ADDRESS, at + LIVE_ROW.initiator);
    rows.set(LONG_ADDRESS, at + LIVE_ROW.responder);
    rows[at + LIVE_ROW.initiatorPort] = 40_000;
    rows[at + LIVE_ROW.responderPort] = 65_535;
    rows[at + LIVE_ROW.protocol] = PROTOCOL.tcp;
    rows[at + LIVE_ROW.service] = SERVICES.indexOf('postgresql');
    rows[at + LIVE_ROW.initiatorPackets] = flow.packets ?? 1;
    rows[at + LIVE_ROW.responderPackets] = flow.answered ?? 0;
    rows[at + LIVE_ROW.initiatorBytes] = flow.bytes ?? 60;
    rows[at + LIVE_ROW.responderBytes] = flow.answered ?? 0;
    rows[at + LIVE_ROW.tcpState] = flow.tcpState ?? TCP_STATE.established;
    rows[at + LIVE_ROW.endReason] = flow.endReason ?? LIVE_OPEN;
  }
  return rows;
}

class Scene {
  readonly clock = new ManualClock();
  readonly switched: boolean[] = [];
  /** What the sensors know. */
  program: FlowProgram | undefined;
  asked = 0;
  readonly view = new LiveFlowView(
    (isWatched) => this.switched.push(isWatched),
    this.clock,
    () => {
      this.asked++;
      return this.program;
    },
  );

  watch(): { readonly items: LiveFlowsItem[]; readonly leave: () => void } {
    const items: LiveFlowsItem[] = [];
    return { items, leave: this.view.watch((item) => items.push(item)) };
  }

  take(second: number, open: readonly RowFields[], ended: readonly RowFields[] = [], count = open.length): void {
    const names = open.flatMap(({ number, name }) =>
      name === undefined ? [] : [{ number, application: 'tls' as const, name }],
    );
    this.view.take({ nowUs: second * SECOND, open: count, rows: rowsOf(open), ended: rowsOf(ended), names });
  }
}

const ids = (flows: readonly Flow[] | undefined) => flows?.map(({ id }) => id);

describe('LiveFlowView', () => {
  it('tells the program as soon as it is known, also of a silent flow and of one that ended meanwhile', () => {
    const scene = new Scene();
    const { items } = scene.watch();
    scene.take(1, [{ number: 1 }, { number: 2 }]);
    scene.program = { path: '/usr/bin/curl', pid: 42 };
    scene.take(2, [{ number: 1 }], [{ number: 2 }]);
    expect(items.at(-1)?.flows.map(({ id, program, end }) => [id, program?.path, end !== null])).toEqual([
      ['o-2', '/usr/bin/curl', false],
      ['o-1', '/usr/bin/curl', false],
    ]);
    const before = scene.asked;
    scene.take(3, [{ number: 1 }]);
    expect(scene.asked).toBe(before);
  });

  it('does not ask for ever for a program that nobody knows', () => {
    const scene = new Scene();
    scene.watch();
    for (let second = 1; second < 20; second++) scene.take(second, [{ number: 1 }]);
    expect(scene.asked).toBeLessThan(8);
  });

  it('asks for snapshots only while somebody watches', () => {
    const scene = new Scene();
    scene.take(1, [{ number: 1 }]);
    const [one, other] = [scene.watch(), scene.watch()];
    one.leave();
    expect(scene.switched).toEqual([true]);
    other.leave();
    other.leave();
    expect(scene.switched).toEqual([true, false]);
    scene.take(2, [{ number: 1 }]);
    expect([one.items, other.items]).toEqual([[], []]);
    expect(scene.view.get(1)).toBeUndefined();
  });

  it('tells all, then what is new, changed and ended', () => {
    const scene = new Scene();
    const { items } = scene.watch();
    scene.take(10, [{ number: 1 }, { number: 2, bytes: 1_000 }]);
    scene.take(11, [
      { number: 1 },
      { number: 2, bytes: 3_000, packets: 3, answered: 500 },
      { number: 3, firstUs: 10.5 * SECOND, bytes: 70 },
    ]);
    scene.take(
      12,
      [{ number: 1 }, { number: 3, firstUs: 10.5 * SECOND, bytes: 70 }],
      [{ number: 2, bytes: 4_000, endReason: END_REASON.finished, tcpState: TCP_STATE.closed }],
    );
    expect(items.map(({ isComplete, open, timeMs }) => [isComplete, open, timeMs])).toEqual([
      [true, 2, 10_000],
      [false, 3, 11_000],
      [false, 2, 12_000],
    ]);
    expect(ids(items[0].flows)).toEqual(['o-1', 'o-2']);
    expect(items[0].flows[1]).toMatchObject({
      initiator: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
      transport: 'tcp',
      service: 'postgresql',
      initiatorBytes: 1_000,
      initiatorBytesPerSecond: 0,
      end: null,
    });
    expect(items[1].flows).toMatchObject([
      { id: 'o-2', initiatorBytesPerSecond: 2_000, responderBytesPerSecond: 500, initiatorPackets: 3 },
      { id: 'o-3', initiatorBytesPerSecond: 70 },
    ]);
    // The one that fell silent comes once more, with a rate of 0.
    expect(items[2].flows).toMatchObject([
      { id: 'o-2', end: 'fin', initiatorBytes: 4_000, initiatorBytesPerSecond: 0 },
      { id: 'o-3', end: null, initiatorBytesPerSecond: 0 },
    ]);
    expect(items.flatMap(({ gone }) => gone)).toEqual([]);
  });

  it('names flows from the moment on when their bytes told, also when they have ended', () => {
    const scene = new Scene();
    const { items } = scene.watch();
    scene.take(10, [{ number: 1 }]);
    scene.take(11, [{ number: 1, name: 'example.org' }]);
    scene.take(12, [], [{ number: 1, endReason: END_REASON.finished }]);
    expect(items.map(({ flows }) => flows.map(({ name, application }) => [name, application]))).toEqual([
      [['', '']],
      [['example.org', 'tls']],
      [['example.org', 'tls']],
    ]);
  });

  it('says which flows are no longer told though they are open', () => {
    const scene = new Scene();
    const { items } = scene.watch();
    scene.take(1, [{ number: 1 }, { number: 2 }]);
    scene.take(2, [{ number: 2 }], [], 2);
    expect(items[1]).toMatchObject({ open: 2, flows: [], gone: ['o-1'] });
  });

  it('makes up no rates from snapshots that are far apart or of a clock that was set', () => {
    const scene = new Scene();
    const { items } = scene.watch();
    scene.take(100, [{ number: 1 }]);
    scene.take(200, [{ number: 1, bytes: 5_000, packets: 9 }]);
    scene.take(150, [{ number: 1, bytes: 9_000, packets: 12 }]);
    expect(items.slice(1).map(({ flows }) => flows[0].initiatorBytesPerSecond)).toEqual([0, 0]);
  });

  it('is right again after lost items: everything comes every ten seconds, and at once for who comes later', () => {
    const scene = new Scene();
    const first = scene.watch();
    for (let second = 1; second <= 21; second++) scene.take(second, [{ number: 1 }, { number: 2 }]);
    const complete = first.items.flatMap(({ isComplete }, index) => (isComplete ? [index] : []));
    expect(complete).toEqual([0, 10, 20]);
    expect(first.items[10].flows).toHaveLength(2);
    const second = scene.watch();
    expect(second.items).toMatchObject([{ isComplete: true, timeMs: 21_000, flows: [{ id: 'o-1' }, { id: 'o-2' }] }]);
  });

  it('says that there is nothing when the traffic thread says nothing', () => {
    const scene = new Scene();
    const { items } = scene.watch();
    scene.clock.advance(2_000);
    expect(items).toMatchObject([{ isComplete: true, open: 0, flows: [] }]);
    scene.take(5, [{ number: 1 }]);
    expect(items[1]).toMatchObject({ isComplete: false, flows: [{ id: 'o-1' }] });
  });

  it('keeps every message below the limit, whatever the flows', () => {
    const scene = new Scene();
    const { items } = scene.watch();
    const huge = (number: number): RowFields => ({
      number: 2 ** 52 + number,
      name: '"'.repeat(120),
      firstUs: 1.7e15 + 0.123456,
      bytes: 2 ** 52 - 1,
      packets: 2 ** 52 - 1,
      answered: 2 ** 52 - 1,
    });
    const all = (from: number) => Array.from({ length: MAX_LIVE_FLOWS }, (_, number) => huge(from + number));
    scene.take(1, all(0));
    // Every flow is another one: as much as there can be.
    scene.take(2, all(MAX_LIVE_FLOWS));
    expect(items.map(({ isComplete, flows, gone }) => [isComplete, flows.length, gone.length])).toEqual([
      [true, MAX_FLOWS_PER_ITEM, 0],
      ...Array.from({ length: 4 }, () => [false, MAX_FLOWS_PER_ITEM, 0]),
      [false, MAX_FLOWS_PER_ITEM, MAX_LIVE_FLOWS],
      ...Array.from({ length: 4 }, () => [false, MAX_FLOWS_PER_ITEM, 0]),
    ]);
    for (const item of items) {
      expect(Buffer.byteLength(JSON.stringify({ id: 1, item, dropped: 0 }))).toBeLessThan(MAX_MESSAGE_BYTES);
      expect(FLOW_CALLS['flows.watch'].output.safeParse(item).success).toBe(true);
    }
  });

  it('remembers the flows that ended last, a bounded number of them', () => {
    const scene = new Scene();
    const ended = (number: number) => ({ number }) as RecordedFlow;
    scene.view.remember(Array.from({ length: 5_000 }, (_, number) => ended(number)));
    expect(scene.view.recentlyEnded(4_999)).toEqual({ number: 4_999 });
    expect(scene.view.recentlyEnded(2_999)).toBeUndefined();
  });
});
