import { describe, expect, it } from 'vitest';
import { CallBook, MAX_PAIRS, MAX_PAIRS_OF_ONE } from './book.ts';
import { type BeaconCall, connectionCall } from './call.ts';
import { START_US } from './testing.ts';

const SECOND = 1_000_000;

function callOf(client: string, server: string, timeUs: number, name = ''): BeaconCall {
  return connectionCall({
    timeUs,
    client,
    server,
    port: 443,
    channel: 'tls',
    name,
    isUsualPort: true,
    sentBytes: 100,
    answeredBytes: 200,
  });
}

/** So many calls of a pair, a second apart. */
function callAgain(book: CallBook, client: string, server: string, calls: number, startUs = START_US): void {
  for (let call = 0; call < calls; call++) book.add(callOf(client, server, startUs + call * SECOND));
}

const address = (block: number, index: number) => `10.${block}.${index >> 8}.${index & 255}`;

describe('the book of calls', () => {
  it('gives a place to those who call again, and remembers when they began', () => {
    const book = new CallBook();
    for (let call = 0; call < 3; call++) {
      expect(book.add(callOf('10.0.0.1', '192.0.2.1', START_US + call * SECOND))).toBeUndefined();
    }
    const pair = book.add(callOf('10.0.0.1', '192.0.2.1', START_US + 3 * SECOND));
    expect(pair?.calls).toBe(4);
    expect(pair?.firstUs).toBe(START_US);
    expect(book.size).toBe(1);
  });

  it('takes what comes close together for one call', () => {
    const book = new CallBook();
    for (let call = 0; call < 100; call++) book.add(callOf('10.0.0.1', '192.0.2.1', START_US + call * 1_000));
    expect(book.size).toBe(0);
  });

  it('knows the addresses of one name as one destination', () => {
    const book = new CallBook();
    for (let call = 0; call < 8; call++) {
      book.add(callOf('10.0.0.1', `192.0.2.${call % 2}`, START_US + call * SECOND, 'Example.org.'));
    }
    const [pair] = [...book.pairs()];
    expect(pair?.calls).toBe(8);
    expect(pair?.servers.top().map(([server]) => server)).toEqual(['192.0.2.1', '192.0.2.0']);
  });

  it('counts the hosts of a name', () => {
    const book = new CallBook();
    for (let host = 0; host < 20; host++) book.add(callOf(address(0, host), '192.0.2.1', START_US, 'example.org'));
    expect(book.crowd('example.org')).toBe(8);
    expect(book.crowd('example.net')).toBe(0);
  });

  it('lets a host that calls the whole world push out only its own', () => {
    const book = new CallBook();
    callAgain(book, '10.0.0.1', '192.0.2.1', 10);
    for (let server = 0; server < 3_000; server++) callAgain(book, '10.0.0.66', address(1, server), 4);
    expect([...book.pairsOf('10.0.0.66')]).toHaveLength(MAX_PAIRS_OF_ONE);
    expect([...book.pairsOf('10.0.0.1')]).toHaveLength(1);
  });

  it('takes a place from the busiest host when there is none left', () => {
    const book = new CallBook();
    callAgain(book, '10.0.0.1', '192.0.2.1', 10);
    for (let client = 0; client < 24; client++) {
      for (let server = 0; server < 300; server++) callAgain(book, address(2, client), address(1, server), 4);
    }
    expect(book.size).toBe(MAX_PAIRS);
    expect([...book.pairsOf('10.0.0.1')]).toHaveLength(1);
  });

  it('keeps those who called twice from being pushed out by strangers', () => {
    const book = new CallBook();
    callAgain(book, '10.0.0.1', '192.0.2.1', 3);
    for (let server = 0; server < 40_000; server++)
      book.add(callOf('10.0.0.66', address(server >> 16, server), START_US));
    expect(book.add(callOf('10.0.0.1', '192.0.2.1', START_US + 3_600 * SECOND))?.calls).toBe(4);
  });
});
