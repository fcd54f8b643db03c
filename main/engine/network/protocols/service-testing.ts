/** Support for tests of parsers of services: bytes of messages, and what every parser must stand. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Fact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import type { ProtocolDefinition } from './protocol.ts';
import { type FeedOptions, feed, mutations, type Side } from './testing.ts';

export type Exchange = readonly (readonly [Side, Uint8Array])[];

/** Joins texts (Latin-1), numbers (one byte each) and bytes. */
export function bytesOf(...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => {
      if (typeof part === 'number') return [part & 0xff];
      return typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : [...part];
    }),
  );
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

export function big16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

export function big32(value: number): Uint8Array {
  return Uint8Array.of((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

export function little16(value: number): Uint8Array {
  return big16(value).reverse();
}

export function little32(value: number): Uint8Array {
  return big32(value).reverse();
}

export function utf16(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'utf16le'));
}

/** An element of BER with its length. */
export function ber(tag: number, ...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  const content = bytesOf(...parts);
  if (content.length < 0x80) return bytesOf(tag, content.length, content);
  return bytesOf(tag, 0x82, big16(content.length), content);
}

/** Facts without their time. */
export function told(facts: readonly Fact[]): unknown[] {
  return facts.map(({ timeUs: _timeUs, ...rest }) => rest);
}

/** Values of a property. */
export function propertiesOf(facts: readonly Fact[], name: string): string[] {
  return facts.flatMap((fact) => (fact.type === 'property' && fact.name === name ? [fact.value] : []));
}

/** "user@domain outcome method", with "cleartext" where it was. */
export function loginsOf(facts: readonly Fact[]): string[] {
  return facts.flatMap((fact) => {
    if (fact.type !== 'login') return [];
    const domain = fact.domain === '' ? '' : `@${fact.domain}`;
    return [`${fact.user}${domain} ${fact.outcome} ${fact.method}${fact.isCleartext ? ' cleartext' : ''}`];
  });
}

/** "command argument status". */
export function commandsOf(facts: readonly Fact[]): string[] {
  return facts.flatMap((fact) => (fact.type === 'command' ? [`${fact.command} ${fact.argument} ${fact.status}`] : []));
}

const CUTS = [1, 2, 3, 7, 64, 333];
/** Of each message; the fuzz run of the whole test suite does more. */
const MUTATIONS = 40;

/**
 * What every parser must stand: the same facts however a stream is cut; damaged and random messages without a parser
 * that fails; texts that are bounded.
 */
export function expectRobust(protocol: ProtocolDefinition, exchange: Exchange, options: FeedOptions = {}): void {
  const whole = feed(protocol, exchange, options);
  expect(whole[0]).toMatchObject({ type: 'protocol', protocol: protocol.id });
  if ((options.transport ?? protocol.transports[0]) === PROTOCOL.tcp) {
    for (const segmentBytes of CUTS) {
      expect(told(feed(protocol, exchange, { ...options, segmentBytes })), `cut to ${segmentBytes}`).toEqual(
        told(whole),
      );
    }
  }
  for (const [index, [side, bytes]] of exchange.entries()) {
    let seed = 0;
    for (const damaged of mutations(bytes, 7 + index, MUTATIONS)) {
      const facts = feed(protocol, exchange.with(index, [side, damaged]), {
        ...options,
        segmentBytes: 1 + (seed++ % 97),
      });
      expectBounded(facts);
    }
  }
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.constantFrom<Side>('initiator', 'responder'), fc.uint8Array({ minLength: 1, maxLength: 300 })),
        { maxLength: 4 },
      ),
      (rest) => {
        expectBounded(feed(protocol, [...exchange.slice(0, 1), ...rest], options));
        expectBounded(feed(protocol, rest, options));
      },
    ),
    { numRuns: 40 },
  );
}

function expectBounded(facts: readonly Fact[]): void {
  for (const fact of facts) {
    if (fact.type === 'broken') expect(fact.reason).not.toBe('parser-failed');
    for (const value of Object.values(fact))
      if (typeof value === 'string') expect(value.length).toBeLessThanOrEqual(512);
  }
}
