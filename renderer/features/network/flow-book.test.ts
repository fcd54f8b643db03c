import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../contract/api-flows.ts';
import { byDestination, ENDED_SHOWN_MS, FlowBook, matchesFlow, programName } from './flow-book.ts';

function flow(id: string, change: Partial<Flow> = {}): Flow {
  return {
    id,
    startMs: 0,
    lastMs: 0,
    initiator: '10.0.0.5',
    initiatorPort: 40_000,
    responder: '192.0.2.7',
    responderPort: 443,
    transport: 'tcp',
    service: 'tls',
    application: '',
    name: '',
    initiatorPackets: 1,
    responderPackets: 1,
    initiatorBytes: 100,
    responderBytes: 200,
    initiatorBytesPerSecond: 1,
    responderBytesPerSecond: 2,
    end: null,
    ...change,
  };
}

const item = (timeMs: number, flows: readonly Flow[], isComplete = false, gone: readonly string[] = []) => ({
  timeMs,
  open: flows.length,
  isComplete,
  flows,
  gone,
});
const ids = (book: FlowBook) => book.list().map(({ id }) => id);

describe('the book of open flows', () => {
  it('takes changes in, and shows an ended flow for a while', () => {
    const book = new FlowBook();
    book.take(item(1_000, [flow('a'), flow('b')], true));
    book.take(item(2_000, [flow('a', { initiatorBytes: 500 }), flow('b', { end: 'fin' })]));
    expect(book.list().find(({ id }) => id === 'a')?.initiatorBytes).toBe(500);
    expect(ids(book)).toEqual(['a', 'b']);
    book.take(item(2_000 + ENDED_SHOWN_MS + 1, []));
    expect(ids(book)).toEqual(['a']);
    book.take(item(20_000, [], false, ['a']));
    expect(ids(book)).toEqual([]);
  });

  it('forgets what a complete telling does not name, once all of its items have come', () => {
    const book = new FlowBook();
    book.take(item(1_000, [flow('a'), flow('b'), flow('c')], true));
    book.take(item(5_000, [flow('b')], true));
    book.take(item(5_000, [flow('c')]));
    expect(ids(book).sort()).toEqual(['a', 'b', 'c']);
    book.take(item(6_000, []));
    expect(ids(book).sort()).toEqual(['b', 'c']);
  });
});

describe('destinations', () => {
  it('gather flows to the same place', () => {
    const flows = [flow('a'), flow('b', { initiator: '10.0.0.6' }), flow('c', { responderPort: 80, service: 'http' })];
    expect(byDestination(flows.map((one) => ({ ...one, endedMs: null })))).toMatchObject([
      { address: '192.0.2.7', port: 443, flows: 2, hosts: 2, bytes: 600, bytesPerSecond: 6 },
      { port: 80, service: 'http', flows: 1, hosts: 1 },
    ]);
  });
});

describe('the search', () => {
  it('wants all words, in any place', () => {
    expect(matchesFlow(flow('a'), '10.0.0.5 tls')).toBe(true);
    expect(matchesFlow(flow('a'), ':443')).toBe(true);
    expect(matchesFlow(flow('a'), '10.0.0.5 ssh')).toBe(false);
    expect(matchesFlow(flow('a', { name: 'shop.Example', application: 'quic' }), 'shop.example quic')).toBe(true);
  });
});

describe('the program of a flow', () => {
  it('is shown by its name, and found by its path', () => {
    const known = flow('o-1', { program: { path: '/usr/bin/curl', pid: 42 } });
    expect([known, flow('o-2'), flow('o-3', { program: { path: 'memfd:x', pid: 1 } })].map(programName)).toEqual([
      'curl',
      '',
      'memfd:x',
    ]);
    expect(matchesFlow(known, '/usr/bin curl')).toBe(true);
    expect(matchesFlow(flow('o-2'), 'curl')).toBe(false);
  });
});
