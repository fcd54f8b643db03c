import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../contract/facts.ts';
import { END_REASON, type FlowView } from '../../../contract/traffic.ts';
import { FlowNotes, NO_NOTE } from './flow-notes.ts';

const flow = (id: number): FlowView => ({ id }) as FlowView;
const BASE = { timeUs: 0, fromInitiator: true } as const;

function request(uri: string, host = 'shop.example'): Fact {
  return {
    ...BASE,
    type: 'http-request',
    protocol: 'http',
    index: 0,
    method: 'GET',
    host,
    hostPort: -1,
    uri,
    version: '1.1',
    userAgent: '',
    referrer: '',
    contentType: '',
    contentLength: -1,
    user: '',
    authorization: '',
    headers: [],
    bodyStart: '',
  };
}

const login: Fact = {
  ...BASE,
  type: 'login',
  protocol: 'ftp',
  user: 'bob\u001b[2J',
  domain: '',
  host: '',
  outcome: 'failure',
  isCleartext: true,
  method: 'password',
};

describe('FlowNotes', () => {
  it('keeps the protocol, the name and what was said, without what may be secret', () => {
    const notes = new FlowNotes();
    notes.fact(flow(7), { ...BASE, type: 'protocol', protocol: 'http', isUsualPort: true });
    notes.fact(flow(7), request('/cart?token=geheim'));
    notes.fact(flow(7), request('/cart?token=geheim', 'other.example'));
    notes.fact(flow(7), request('/cart;jsessionid=geheim'));
    notes.fact(flow(7), login);
    expect(notes.of(7)).toEqual({
      application: 'http',
      name: 'shop.example',
      said: ['GET /cart', 'login of bob\\u{1b}[2J by password: failure'],
    });
    expect(notes.of(8)).toBe(NO_NOTE);
  });

  it('forgets a flow with its end, but not one that is cut and goes on', () => {
    const notes = new FlowNotes();
    notes.fact(flow(1), request('/a'));
    notes.fact(flow(2), request('/b'));
    notes.flowEnd(flow(1), END_REASON.finished);
    notes.flowEnd(flow(2), END_REASON.activeTimeout);
    notes.flowRenewed(2, flow(3));
    expect([notes.of(1), notes.of(2)]).toEqual([NO_NOTE, NO_NOTE]);
    expect(notes.of(3)).toEqual({ application: '', name: 'shop.example', said: [] });
  });

  it('holds a bounded number of flows, lines and characters', () => {
    const notes = new FlowNotes();
    for (let id = 0; id < 20_000; id++) notes.fact(flow(id), request('/'));
    const kept = Array.from({ length: 20_000 }, (_, id) => notes.of(id) !== NO_NOTE);
    expect(kept.filter(Boolean).length).toBeLessThanOrEqual(16_384);
    expect(kept.slice(-8_192)).not.toContain(false);
    notes.flowEnd(flow(12_000), END_REASON.idleTimeout);
    expect(notes.of(12_000)).toBe(NO_NOTE);
    for (let line = 0; line < 50; line++) notes.fact(flow(19_999), request(`/${line}/${'x'.repeat(5_000)}`));
    notes.fact(flow(20_001), request('/', 'h'.repeat(5_000)));
    const { said } = notes.of(19_999);
    expect(said).toHaveLength(12);
    expect(Math.max(...said.map(({ length }) => length))).toBe(200);
    expect(notes.of(20_001).name).toHaveLength(120);
  });
});
