import { expect, it } from 'vitest';
import type { FlowView } from '../../../../contract/traffic.ts';
import { type ExpectedConnection, ExpectedConnections } from './expected.ts';

const A = 0x0a000001;
const B = 0x0a000002;

function flow(initiator: number, responder: number, responderPort: number): FlowView {
  const words = { initiator0: 0, initiator1: 0, initiator2: 0xffff, responder0: 0, responder1: 0, responder2: 0xffff };
  return { ...words, initiator3: initiator, responder3: responder, responderPort } as FlowView;
}

function announcement(port: number, atInitiator: boolean): ExpectedConnection {
  return { port, atInitiator, protocol: 'ftp-data', file: { name: 'x' } };
}

it('finds a connection at the end where it was announced, once', () => {
  const expected = new ExpectedConnections();
  expected.announce(flow(A, B, 21), announcement(5_000, false), 0);
  expect(expected.take(flow(A, B, 5_001), 1)).toBeUndefined();
  expect(expected.take(flow(B, A, 5_000), 1)).toBeUndefined();
  expect(expected.take(flow(A, B, 5_000), 1)?.file.name).toBe('x');
  expect(expected.take(flow(A, B, 5_000), 1)).toBeUndefined();
  expected.announce(flow(A, B, 21), announcement(6_000, true), 0);
  expect(expected.take(flow(B, A, 6_000), 1)?.protocol).toBe('ftp-data');
});

it('forgets what does not come, and the oldest of too many', () => {
  const expected = new ExpectedConnections();
  expected.announce(flow(A, B, 21), announcement(5_000, false), 0);
  expect(expected.take(flow(A, B, 5_000), 61_000_000)).toBeUndefined();
  for (let port = 1; port <= 4_097; port++) expected.announce(flow(A, B, 21), announcement(port, false), 0);
  expect(expected.take(flow(A, B, 1), 1)).toBeUndefined();
  expect(expected.take(flow(A, B, 4_097), 1)).toBeDefined();
});
