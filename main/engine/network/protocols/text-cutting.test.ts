import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../../contract/facts.ts';
import { feed, mutations, type Side } from './testing.ts';
import { type Exchange, SAMPLES, SIP_SAMPLE } from './text-testing.ts';

const SECRETS = ['hunter2', 'hunter3', 'tops3cret', 'secret%21X', 'secret!X'];

/** Facts without their times, which depend on how many packets there are. */
function heard(facts: readonly Fact[]): string[] {
  return facts.map((fact) => JSON.stringify({ ...fact, timeUs: 0 }));
}

/** The same bytes in pieces of the lengths given, again and again. */
function cut(exchange: Exchange, lengths: readonly number[]): Exchange {
  const pieces: [Side, Uint8Array][] = [];
  let next = 0;
  for (const [side, bytes] of exchange) {
    for (let at = 0; at < bytes.length; ) {
      const length = lengths[next++ % lengths.length];
      pieces.push([side, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return pieces;
}

describe.each([...SAMPLES.map((sample) => [sample.definition.id, sample] as const)])('%s', (id, sample) => {
  const { definition, exchange } = sample;
  const whole = feed(definition, exchange);

  it('is told by its bytes on any port', () => {
    const onOther = feed(definition, exchange, { responderPort: 51_234 });
    expect(onOther[0]).toMatchObject({ type: 'protocol', protocol: id, isUsualPort: false });
    expect(heard(onOther.slice(1))).toEqual(heard(whole.slice(1)));
    expect(whole.length).toBeGreaterThan(2);
  });

  it('says the same however the stream is cut', () => {
    expect(heard(feed(definition, exchange, { segmentBytes: 1 })).sort()).toEqual(heard(whole).sort());
    const lengths = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lengths, (pieces) => {
        expect(heard(feed(definition, cut(exchange, pieces))).sort()).toEqual(heard(whole).sort());
      }),
      { numRuns: 25 },
    );
  });

  it('never gives a secret away', () => {
    const said = JSON.stringify(whole);
    for (const secret of SECRETS) expect(said).not.toContain(secret);
  });

  it('bears damaged messages', () => {
    for (const [index, [side, bytes]] of exchange.entries()) {
      for (const damaged of mutations(bytes, index + 1, 40)) {
        const others = exchange.map((said, at) => (at === index ? ([side, damaged] as const) : said));
        const facts = feed(definition, others, { segmentBytes: 1 + (damaged.length % 97) });
        expect(facts.filter((fact) => fact.type === 'broken' && fact.reason === 'parser-failed')).toEqual([]);
      }
    }
  });

  it('bears random bytes behind its opening', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, fromInitiator) => {
        const opening = exchange.slice(0, 2);
        const facts = feed(definition, [...opening, [fromInitiator ? 'initiator' : 'responder', bytes]]);
        expect(facts.filter((fact) => fact.type === 'broken' && fact.reason === 'parser-failed')).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('sip', () => {
  it('tells who registers, and what becomes of it', () => {
    const facts = feed(SIP_SAMPLE.definition, SIP_SAMPLE.exchange);
    expect(facts.filter((fact) => fact.type === 'login')).toMatchObject([
      { user: 'ida', outcome: 'failure', method: 'digest', fromInitiator: true },
    ]);
    expect(facts).toContainEqual(expect.objectContaining({ name: 'user-agent', value: 'friendly-scanner' }));
    expect(facts).toContainEqual(expect.objectContaining({ name: 'from', value: 'sip:ida@example.org' }));
    expect(facts.filter((fact) => fact.type === 'command').map((fact) => [fact.command, fact.status])).toEqual([
      ['REGISTER', -1],
      ['REGISTER', 401],
      ['REGISTER', -1],
      ['REGISTER', 403],
    ]);
  });

  it('keeps no passwords of addresses', () => {
    const lines = [
      'REGISTER sip:ida:geheim@example.org SIP/2.0',
      'From: <sip:ida:geheim@example.org:5060>;tag=1',
      'CSeq: 1 REGISTER',
    ];
    const message = new TextEncoder().encode(`${lines.join('\r\n')}\r\nTo: sip:ida@example.org:5060\r\n\r\n`);
    const facts = feed(SIP_SAMPLE.definition, [['initiator', message]]);
    expect(JSON.stringify(facts)).not.toContain('geheim');
    expect(facts).toContainEqual(expect.objectContaining({ name: 'from', value: 'sip:ida@example.org:5060' }));
    expect(facts).toContainEqual(expect.objectContaining({ name: 'to', value: 'sip:ida@example.org:5060' }));
  });

  it('bears damaged messages', () => {
    for (const [index, [side, bytes]] of SIP_SAMPLE.exchange.entries()) {
      for (const damaged of mutations(bytes, index + 1, 60)) {
        const facts = feed(SIP_SAMPLE.definition, [[side, damaged]]);
        expect(facts.filter((fact) => fact.type === 'broken' && fact.reason === 'parser-failed')).toEqual([]);
      }
    }
  });
});
