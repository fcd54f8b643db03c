import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import { type FlowView, PROTOCOL, SERVICES, TCP_FLAG } from '../../../../contract/traffic.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { flowSettings } from '../flow-settings.ts';
import { type PacketFields, packetOf } from '../testing.ts';
import { TrafficEngine } from '../traffic-engine.ts';
import { startsWith } from './bytes.ts';
import type { InspectionLimits } from './limits.ts';
import {
  MAX_UNTAKEN_BYTES,
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
} from './protocol.ts';
import { feed } from './testing.ts';

const text = (value: string) => new TextEncoder().encode(value);
const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A protocol of lines that begins with a word; it tells each line as a property, and knows a few commands. */
function lines(id: ProtocolId, word: string, port = 7_000, more: Partial<ProtocolDefinition> = {}): ProtocolDefinition {
  return {
    id,
    transports: [PROTOCOL.tcp, PROTOCOL.udp],
    ports: [port],
    identify: ({ initiator, responder }: Opening) => {
      const first = initiator.length > 0 ? initiator : responder;
      if (startsWith(first, word)) return 2;
      return word.startsWith(read(first)) ? 1 : 0;
    },
    parser: (context) => new LineParser(id, context),
    ...more,
  };
}

class LineParser implements Parser {
  constructor(id: ProtocolId, context: ParserContext) {
    this.#id = id;
    this.#context = context;
  }
  readonly #id: ProtocolId;
  readonly #context: ParserContext;

  read(bytes: Uint8Array): number {
    let at = 0;
    for (let end = bytes.indexOf(10, at); end >= 0; end = bytes.indexOf(10, at)) {
      const line = read(bytes.subarray(at, end));
      at = end + 1;
      this.#tell('line', line);
      if (line.startsWith('skip ')) return at + Number(line.slice(5));
      if (line === 'finish') this.#context.finish();
      if (line === 'throw') throw new Error('a mistake of ours');
      if (line.startsWith('become ')) {
        const next = line.slice(7);
        this.#context.become(next === 'anything' ? undefined : (next as ProtocolId));
        return at;
      }
    }
    return at;
  }

  gap(missingBytes: number): void {
    this.#tell('gap', String(missingBytes));
  }

  end(): void {
    this.#tell('end', '');
  }

  #tell(name: string, value: string): void {
    this.#context.tell({ type: 'property', protocol: this.#id, name, value });
  }
}

/** What facts say, in short. */
function short(facts: readonly Fact[]): string[] {
  return facts.map((fact) => {
    const side = fact.fromInitiator ? '>' : '<';
    if (fact.type === 'property') return `${side} ${fact.protocol} ${fact.name} ${fact.value}`.trimEnd();
    if (fact.type === 'protocol') return `${fact.protocol}${fact.isUsualPort ? '' : ' (not its port)'}`;
    return fact.type === 'broken' ? `broken ${fact.protocol} ${fact.reason}` : fact.type;
  });
}

interface Sent extends Partial<PacketFields> {
  readonly from?: string;
  readonly acknowledgment?: number;
}

const A = '10.0.0.1';
const B = '10.0.0.2';

/** An engine that is sent single packets. */
class Wire {
  readonly facts: Fact[] = [];
  readonly byFlow = new Map<number, Fact[]>();
  readonly services: string[] = [];
  readonly engine: TrafficEngine;
  #timeUs = 1_000_000;

  constructor(
    protocols: readonly ProtocolDefinition[],
    settings: Partial<Record<keyof typeof flowSettings, number>> = {},
    inspection: Partial<InspectionLimits> = {},
  ) {
    const small = { flowCapacity: 2_048, conversationCapacity: 2_048 };
    this.engine = new TrafficEngine({
      settings: { ...defaultsOf(flowSettings), ...small, ...settings },
      protocols,
      inspection,
      observers: [
        {
          fact: (flow: FlowView, fact: Fact) => {
            this.facts.push(fact);
            this.byFlow.set(flow.id, [...(this.byFlow.get(flow.id) ?? []), fact]);
          },
          flowEnd: (flow: FlowView) => this.services.push(SERVICES[flow.service]),
        },
      ],
    });
  }

  send({ from = A, payload, acknowledgment = 0, ...fields }: Sent): this {
    const isInitiator = from !== B;
    const packet = packetOf({
      timeUs: this.#timeUs + 1_000,
      from,
      to: isInitiator ? B : A,
      sourcePort: isInitiator ? 40_000 : 7_000,
      destinationPort: isInitiator ? 7_000 : 40_000,
      flags: TCP_FLAG.ack,
      payload: payload ?? new Uint8Array(0),
      ...fields,
    });
    packet.acknowledgment = acknowledgment;
    Object.assign(this.engine.packet, packet);
    this.#timeUs = packet.timeUs;
    this.engine.deliver(packet.wireBytes);
    return this;
  }

  handshake(initiator: number, responder: number, fields: Sent = {}): this {
    return this.send({ ...fields, flags: TCP_FLAG.syn, sequence: initiator })
      .send({ from: B, flags: TCP_FLAG.syn | TCP_FLAG.ack, sequence: responder, acknowledgment: initiator + 1 })
      .send({ ...fields, sequence: initiator + 1, acknowledgment: responder + 1 });
  }

  get inspection() {
    const { inspection } = this.engine.counters();
    if (inspection === undefined) throw new Error('nothing is looked into');
    return inspection;
  }
}

const HELLO = lines('irc', 'HELLO');
const OTHER = lines('redis', 'OTHER', 8_000);

describe('telling and reading', () => {
  it('gives the same facts however the bytes are cut', () => {
    const exchange = [
      ['initiator', text('HELLO\none\n')],
      ['responder', text('HELLO back\n')],
      ['initiator', text('two\nfinish\nthree\n')],
    ] as const;
    const whole = short(feed(HELLO, exchange));
    expect(whole).toEqual([
      'irc',
      '> irc line HELLO',
      '> irc line one',
      '< irc line HELLO back',
      '> irc line two',
      '> irc line finish',
      '> irc line three',
      '> irc end',
    ]);
    for (const segmentBytes of [1, 2, 3, 5]) {
      // What follows in the packet with `finish` is at the parser; what follows in the next is not shown.
      const cut = short(feed(HELLO, exchange, { segmentBytes, others: [OTHER] }));
      expect(cut).toEqual([...whole.slice(0, 6), ...(segmentBytes < 12 ? [] : [whole[6]]), whole[7]]);
    }
  });

  it('hears a greeting before the answer that tells the protocol', () => {
    const polite: ProtocolDefinition = { ...HELLO, identify: ({ initiator }) => (initiator.length === 0 ? 1 : 2) };
    const wire = new Wire([polite]).handshake(100, 500);
    wire.send({ from: B, sequence: 501, acknowledgment: 101, payload: text('welcome\n') });
    wire.send({ sequence: 101, acknowledgment: 509, payload: text('thanks\n') });
    expect(short(wire.facts)).toEqual(['irc', '< irc line welcome', '> irc line thanks']);
  });

  it('says whether a protocol is on a port of its own, and lets the usual one have the first word', () => {
    expect(short(feed(HELLO, [['initiator', text('HELLO\n')]], { responderPort: 443 }))[0]).toBe('irc (not its port)');
    const twin = lines('redis', 'HELLO', 9_000);
    expect(short(feed(HELLO, [['initiator', text('HELLO\n')]], { responderPort: 9_000, others: [twin] }))[0]).toBe(
      'redis',
    );
  });

  it('takes the port of whoever is met answering, in the middle of a conversation, for its own', () => {
    const answering = { sourcePort: 7_000, destinationPort: 40_000, payload: text('HELLO\n') };
    expect(short(new Wire([HELLO]).send(answering).facts)[0]).toBe('irc');
    const begun = new Wire([HELLO]).handshake(100, 500, { sourcePort: 7_000, destinationPort: 40_000 });
    begun.send({ ...answering, sequence: 101 });
    expect(short(begun.facts)[0]).toBe('irc (not its port)');
    const datagrams = { transport: PROTOCOL.udp, initiatorPort: 7_000, responderPort: 40_000 };
    expect(short(feed(HELLO, [['initiator', text('HELLO\n')]], datagrams))[0]).toBe('irc');
    const others = { ...datagrams, initiatorPort: 40_001 };
    expect(short(feed(HELLO, [['initiator', text('HELLO\n')]], others))[0]).toBe('irc (not its port)');
  });

  it('calls no port unusual where there are none', () => {
    const portless: ProtocolDefinition = { ...HELLO, transports: [PROTOCOL.esp], ports: [] };
    expect(short(feed(portless, [['initiator', text('HELLO\n')]], { responderPort: 0 }))[0]).toBe('irc');
  });

  it('stays silent on what nobody knows, and looks no further', () => {
    const wire = new Wire([HELLO]).handshake(1, 1);
    wire.send({ sequence: 2, payload: text('what') });
    expect(wire.inspection.conversations).toBe(0);
    wire.send({ sequence: 6, payload: text('HELLO\n') });
    expect(wire.facts).toEqual([]);
  });

  it('gives up a protocol that is never told', () => {
    const never: ProtocolDefinition = { ...HELLO, identify: () => 1 };
    const wire = new Wire([never]);
    for (let n = 0; n < 5; n++) wire.send({ sequence: n * 1_000, payload: new Uint8Array(1_000) });
    expect(wire.inspection).toMatchObject({ conversations: 0, broken: 0 });
    const datagrams = new Wire([never]);
    for (let n = 0; n < 4; n++) datagrams.send({ protocol: PROTOCOL.udp, flags: 0, payload: text('x') });
    expect(datagrams.inspection.conversations).toBe(0);
  });

  it('shows datagrams one by one, the earlier one of the other side first', () => {
    const answered: ProtocolDefinition = {
      ...HELLO,
      identify: ({ initiator, responder }) => (initiator.length > 0 && responder.length > 0 ? 2 : 1),
    };
    const facts = feed(
      answered,
      [
        ['initiator', text('HELLO\n')],
        ['responder', text('OK\n')],
        ['initiator', text('BYE\n')],
      ],
      { transport: PROTOCOL.udp },
    );
    expect(short(facts)).toEqual(['irc', '> irc line HELLO', '< irc line OK', '> irc line BYE', '> irc end']);
  });

  it('makes the told protocol the service of the flow', () => {
    const redis = lines('redis', 'HELLO');
    const wire = new Wire([redis]).handshake(1, 1, { destinationPort: 7_000 });
    wire.send({ sequence: 2, payload: text('HELLO\n') }).engine.finish();
    expect(wire.services).toEqual(['redis']);
  });

  it('costs nothing where nobody wants to hear', () => {
    const engine = new TrafficEngine({ settings: defaultsOf(flowSettings), observers: [{ payload: () => {} }] });
    expect(engine.counters().inspection).toBeUndefined();
  });
});

describe('order', () => {
  it('knows the true beginning of both sides from the handshake', () => {
    const wire = new Wire([HELLO]).handshake(-3, 2 ** 31 - 2);
    wire.send({ sequence: 2, payload: text('O\nnext\n') });
    wire.send({ sequence: -2, payload: text('HELLO\n').slice(0, 4) });
    wire.send({ sequence: 1, payload: text('LO') });
    wire.send({ from: B, sequence: -(2 ** 31) + 1, payload: text('lo\n'), acknowledgment: 0 });
    wire.send({ from: B, sequence: 2 ** 31 - 1, payload: text('hel').slice(0, 2), acknowledgment: 0 });
    expect(short(wire.facts)).toEqual(['irc', '> irc line HELLO', '> irc line next', '< irc line helo']);
  });

  it('goes by the newest SYN, and reads what a SYN brings', () => {
    const wire = new Wire([HELLO]).send({ flags: TCP_FLAG.syn, sequence: 77 });
    wire.send({ flags: TCP_FLAG.syn, sequence: 900, payload: text('HEL') });
    wire.send({ sequence: 906, payload: text('\nagain\n') });
    wire.send({ sequence: 904, payload: text('LO') });
    expect(short(wire.facts)).toEqual(['irc', '> irc line HELLO', '> irc line again']);
  });

  it('takes the padding of a bare acknowledgment for none, and a few real zeros for what they are', () => {
    const padded = new Wire([HELLO]).handshake(0, 0);
    padded.send({ sequence: 1, payload: new Uint8Array(2) }).send({ sequence: 1, payload: text('HELLO\n') });
    expect(short(padded.facts)).toEqual(['irc', '> irc line HELLO']);
    const real = new Wire([HELLO]).handshake(0, 0).send({ sequence: 1, payload: text('HELLO\nab') });
    real.send({ sequence: 9, payload: new Uint8Array(2) }).send({ sequence: 11, payload: text('cd\n') });
    expect(short(real.facts)).toEqual(['irc', '> irc line HELLO', '> irc line ab\0\0cd']);
  });

  it('hands over what waited when the flow ends', () => {
    const wire = new Wire([HELLO]).handshake(0, 0);
    wire.send({ sequence: 1, payload: text('HELLO\n') }).send({ sequence: 107, payload: text('late\n') });
    wire.engine.finish();
    expect(short(wire.facts)).toEqual(['irc', '> irc line HELLO', '> irc gap 100', '> irc line late', '> irc end']);
  });

  it('gives up a parser that cannot bear a gap', () => {
    const strict: ProtocolDefinition = { ...HELLO, parser: () => ({ read: (bytes) => bytes.length }) };
    const wire = new Wire([strict]).handshake(0, 0).send({ sequence: 1, payload: text('HELLO\n') });
    wire
      .send({ sequence: 50, payload: text('x') })
      .send({ from: B, sequence: 1, acknowledgment: 51, payload: text('y') });
    expect(wire.inspection).toMatchObject({ conversations: 0, broken: 0 });
  });

  it('tells the same of any cutting, order and doubling of segments', () => {
    const message = text('HELLO\nfirst line\nsecond\n\nthird line of some length\n');
    const expected = short(feed(HELLO, [['initiator', message]], { ends: false }));
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.array(fc.tuple(fc.nat(message.length - 1), fc.integer({ min: 1, max: 20 })), { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (start, extra, step, order) => {
          const pieces = [...extra];
          for (let at = 0; at < message.length; at += step) pieces.push([at, step]);
          order.forEach((n, i) => {
            const [a, b] = [i % pieces.length, n % pieces.length];
            [pieces[a], pieces[b]] = [pieces[b], pieces[a]];
          });
          const wire = new Wire([HELLO, OTHER]).handshake(start, 0);
          for (const [at, length] of pieces) {
            wire.send({ sequence: (start + 1 + at) | 0, payload: message.slice(at, at + length), acknowledgment: 1 });
          }
          expect(short(wire.facts)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('going on in another protocol', () => {
  it("begins it with the bytes that are left over, on a port that is the first one's", () => {
    const facts = feed(
      HELLO,
      [
        ['initiator', text('HELLO\nbecome redis\nOTHER\nline\n')],
        ['responder', text('yes\n')],
      ],
      { others: [OTHER] },
    );
    expect(short(facts)).toEqual([
      'irc',
      '> irc line HELLO',
      '> irc line become redis',
      '> irc end',
      'redis',
      '> redis line OTHER',
      '> redis line line',
      '< redis line yes',
      '< redis end',
    ]);
  });

  it('asks the bytes where nothing else says', () => {
    const facts = feed(
      HELLO,
      [
        ['initiator', text('HELLO\nbecome anything\n')],
        ['initiator', text('OTHER\n')],
      ],
      { others: [OTHER] },
    );
    expect(short(facts).slice(3)).toEqual(['> irc end', 'redis', '> redis line OTHER', '> redis end']);
  });

  it('ends with a protocol that nobody knows, and after going round a few times', () => {
    expect(short(feed(HELLO, [['initiator', text('HELLO\nbecome vnc\nHELLO\n')]])).at(-1)).toBe('> irc end');
    const round = text(`${'HELLO\nbecome irc\n'.repeat(50)}`);
    const told = feed(HELLO, [['initiator', round]]).filter((fact) => fact.type === 'protocol');
    expect(told).toHaveLength(5);
  });
});

describe('bounds', () => {
  it('contains a parser that throws, and counts it', () => {
    const wire = new Wire([HELLO]).handshake(0, 0).send({ sequence: 1, payload: text('HELLO\nthrow\nmore\n') });
    expect(short(wire.facts)).toEqual(['irc', '> irc line HELLO', '> irc line throw', 'broken irc parser-failed']);
    expect(wire.inspection).toMatchObject({ conversations: 0, broken: 1 });
    const faulty = (part: Partial<ProtocolDefinition>) => new Wire([{ ...HELLO, ...part }, OTHER]).handshake(0, 0);
    const fails = () => {
      throw new Error('a mistake of ours');
    };
    // One that fails to identify does not keep others from being told.
    expect(short(faulty({ identify: fails }).send({ sequence: 1, payload: text('OTHER\n') }).facts)[0]).toContain(
      'redis',
    );
    expect(faulty({ parser: fails }).send({ sequence: 1, payload: text('HELLO\n') }).inspection.broken).toBe(1);
  });

  it('gives up a side that leaves too much untaken', () => {
    const greedy: ProtocolDefinition = { ...HELLO, parser: () => ({ read: () => 0 }) };
    const wire = new Wire([greedy], {}, { bytesPerSide: 1_048_576 });
    const segment = new Uint8Array(1_400);
    segment.set(text('HELLO'));
    const count = Math.ceil((2 * MAX_UNTAKEN_BYTES) / segment.length);
    for (let n = 0; n < count; n++) wire.send({ sequence: n * segment.length, payload: segment });
    expect(short(wire.facts)).toEqual(['irc', 'broken irc too-long']);
    expect(wire.inspection.conversations).toBe(0);
  });

  it('reads so much of each side, and what is skipped does not count', () => {
    const wire = new Wire([HELLO], {}, { bytesPerSide: 4_096 }).handshake(0, 0);
    let at = 1;
    const say = (value: string) => {
      const payload = text(value);
      wire.send({ sequence: at, payload });
      at += payload.length;
    };
    say('HELLO\nskip 50000\n');
    for (let n = 0; n < 50; n++) say('x'.repeat(1_000));
    say('after\n');
    for (let n = 0; n < 5; n++) say(`${'y'.repeat(999)}\n`);
    say('too late\n');
    expect(short(wire.facts)).toContain('> irc line after');
    expect(short(wire.facts)).not.toContain('> irc line too late');
    // The other side has a bound of its own.
    wire.send({ from: B, sequence: 1, payload: text('answer\n') });
    expect(short(wire.facts)).toContain('< irc line answer');
  });

  it('reads without end what has no end', () => {
    const count = (isEndless: boolean) => {
      const wire = new Wire([{ ...HELLO, isEndless }], {}, { bytesPerSide: 4_096 });
      for (let n = 0; n < 30; n++)
        wire.send({ protocol: PROTOCOL.udp, flags: 0, payload: text(`HELLO${'x'.repeat(500)}\n`) });
      return wire.facts.filter((fact) => fact.type === 'property' && fact.name === 'line').length;
    };
    expect([count(false), count(true)]).toEqual([17, 30]);
  });

  it('follows the newest conversations where there are too many', () => {
    const wire = new Wire([HELLO], {}, { maxConversations: 4 });
    for (let n = 0; n < 5; n++) wire.send({ sourcePort: 50_000 + n, payload: text('HELLO\n') });
    expect(wire.inspection).toMatchObject({ conversations: 3, givenUp: 2 });
    wire.send({ sourcePort: 50_000, sequence: 6, payload: text('not heard\n') });
    wire.send({ sourcePort: 50_004, sequence: 6, payload: text('heard\n') });
    expect(wire.byFlow.get(1)).toHaveLength(2);
    expect(short(wire.byFlow.get(5) ?? [])).toEqual(['irc', '> irc line HELLO', '> irc line heard']);
  });

  it('takes datagrams up again that it had to give up', () => {
    const wire = new Wire([{ ...HELLO, isEndless: true }], {}, { maxConversations: 4 });
    const say = (sourcePort: number) =>
      wire.send({ protocol: PROTOCOL.udp, flags: 0, sourcePort, payload: text('HELLO\n') });
    say(1)
      .handshake(0, 0)
      .send({ sequence: 1, payload: text('HELLO\n') });
    for (let port = 2; port < 5; port++) say(port);
    expect(wire.inspection).toMatchObject({ conversations: 2, givenUp: 3 });
    say(1);
    expect(short(wire.byFlow.get(1) ?? [])).toEqual(['irc', '> irc line HELLO', 'irc', '> irc line HELLO']);
    // Connections are not pushed out by them.
    wire.send({ sequence: 7, payload: text('still heard\n') });
    expect(short(wire.facts)).toContain('> irc line still heard');
  });

  it('holds no more bytes than it may', () => {
    const wire = new Wire([HELLO], {}, { maxHeldBytes: 1_048_576 });
    for (let n = 0; n < 100; n++) {
      const flow = { sourcePort: 50_000 + n };
      wire.send({ ...flow, sequence: 0, payload: text('HELLO') });
      for (let i = 0; i < 40; i++) wire.send({ ...flow, sequence: 5 + i * 1_400, payload: new Uint8Array(1_400) });
    }
    expect(wire.inspection.givenUp).toBeGreaterThan(0);
    expect(wire.inspection.conversations).toBeLessThan(20);
    wire.engine.finish();
    expect(wire.inspection.conversations).toBe(0);
  });

  it('holds no more bytes in parsers than it may, and gives them back with the conversation', () => {
    const hungry = lines('ftp', 'EAT', 7_001, {
      parser: (context) => ({
        read(bytes) {
          context.hold?.(100_000);
          return bytes.length;
        },
      }),
    });
    const wire = new Wire([hungry], {}, { maxHeldBytes: 1_048_576 });
    const eat = (port: number) => wire.send({ sourcePort: port, sequence: 0, payload: text('EAT') });
    for (let port = 50_000; port < 50_100; port++) eat(port);
    expect(wire.inspection).toMatchObject({ conversations: 10, givenUp: 90 });
    wire.engine.finish();
    expect(wire.inspection.conversations).toBe(0);
    eat(60_000);
    expect(wire.inspection).toMatchObject({ conversations: 1, givenUp: 90 });
  });

  it('goes on over the active timeout, and does not begin again what it had done', () => {
    const settings = { activeTimeoutSeconds: 10 };
    const wire = new Wire([HELLO], settings).handshake(0, 0).send({ sequence: 1, payload: text('HELLO\nha') });
    wire.send({ timeUs: 20_000_000, sequence: 9, payload: text('lf\n') });
    expect(short(wire.byFlow.get(2) ?? [])).toEqual(['> irc line half']);
    const done = new Wire([HELLO], settings).handshake(0, 0).send({ sequence: 1, payload: text('HELLO\nfinish\n') });
    done.send({ timeUs: 20_000_000, sequence: 14, payload: text('HELLO\n') });
    expect(done.byFlow.get(2)).toBeUndefined();
  });
});
