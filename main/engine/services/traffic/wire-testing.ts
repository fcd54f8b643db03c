/** For tests: conversations as bytes on the wire, through decoding, flows, parsers and detectors, as in a capture. */
import type { Alert } from '../../../../contract/domain.ts';
import { LINK_TYPE } from '../../../../contract/traffic.ts';
import { AlertBook } from '../../alerts/index.ts';
import type { TrafficEngine } from '../../network/index.ts';
import { DEFAULT_SETTINGS } from './default-settings.ts';
import { createWatch } from './watch.ts';

/** ">" is said by who calls, "<" by who is called; a number is a pause in seconds. */
export type Said = string | readonly ['>' | '<', Uint8Array] | number;

export interface Call {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** Closes in the end; true by default. */
  readonly closes?: boolean;
}

const FLAG = { fin: 0x01, syn: 0x02, rst: 0x04, push: 0x08, ack: 0x10 } as const;
const BEGIN_US = 1_700_000_000_000_000;
/** Between two packets. */
const GAP_US = 500;
const SEGMENT_BYTES = 1_400;
/** Of Ethernet and IPv4; of TCP. */
const LOWER_HEADERS_BYTES = 34;
const TCP_HEADER_BYTES = 20;
const NOTHING = new Uint8Array(0);

interface Side {
  readonly address: readonly number[];
  readonly port: number;
  sequence: number;
}

export class Wire {
  nowUs = BEGIN_US;
  readonly #book = new AlertBook();
  readonly #engine: TrafficEngine;
  #nextPort = 40_000;

  constructor() {
    this.#engine = createWatch({ config: DEFAULT_SETTINGS, onFinding: (finding) => this.#book.add(finding) });
  }

  /** A TCP connection and all that is said in it. */
  talk({ from, to, port, closes = true }: Call, says: readonly Said[]): void {
    const caller: Side = { address: octets(from), port: this.#nextPort++, sequence: 1_000 };
    const called: Side = { address: octets(to), port, sequence: 5_000 };
    this.#packet(caller, called, FLAG.syn);
    this.#packet(called, caller, FLAG.syn | FLAG.ack);
    this.#packet(caller, called, FLAG.ack);
    for (const said of says) {
      if (typeof said === 'number') {
        this.wait(said);
        continue;
      }
      const [from, to] = said[0] === '>' ? [caller, called] : [called, caller];
      const data = typeof said === 'string' ? new TextEncoder().encode(said.slice(2)) : said[1];
      for (let at = 0; at < data.length; at += SEGMENT_BYTES) {
        this.#packet(from, to, FLAG.push | FLAG.ack, data.subarray(at, at + SEGMENT_BYTES));
      }
    }
    if (!closes) return;
    this.#packet(caller, called, FLAG.fin | FLAG.ack);
    this.#packet(called, caller, FLAG.fin | FLAG.ack);
    this.#packet(caller, called, FLAG.ack);
  }

  /** A UDP datagram. Its checksum is left out, which RFC 768 allows. */
  datagram(from: string, fromPort: number, to: string, port: number, data: Uint8Array): void {
    const datagram = new Uint8Array(8 + data.length);
    const view = new DataView(datagram.buffer);
    view.setUint16(0, fromPort);
    view.setUint16(2, port);
    view.setUint16(4, datagram.length);
    datagram.set(data, 8);
    this.#send(octets(from), octets(to), 17, datagram);
  }

  /** An ICMP echo: a request, or with `isReply` the answer to one. */
  echo(from: string, to: string, isReply: boolean, sequence: number, data: Uint8Array): void {
    const message = new Uint8Array(8 + data.length);
    const view = new DataView(message.buffer);
    message[0] = isReply ? 0 : 8;
    view.setUint16(4, 0x1234);
    view.setUint16(6, sequence);
    message.set(data, 8);
    this.#send(octets(from), octets(to), 1, message);
  }

  /** A SYN that is answered by RST. */
  probe(from: string, to: string, port: number): void {
    const caller: Side = { address: octets(from), port: this.#nextPort++, sequence: 1_000 };
    const called: Side = { address: octets(to), port, sequence: 0 };
    this.#packet(caller, called, FLAG.syn);
    this.#packet(called, caller, FLAG.rst | FLAG.ack);
  }

  wait(seconds: number): void {
    const endUs = this.nowUs + seconds * 1e6;
    while (this.nowUs < endUs) {
      this.nowUs = Math.min(this.nowUs + 1e6, endUs);
      this.#engine.advance(this.nowUs);
    }
  }

  /** What has been found so far. */
  alerts(): readonly Alert[] {
    return this.#book.list();
  }

  /** The capture ends. */
  finish(): readonly Alert[] {
    this.wait(5);
    this.#engine.finish();
    return this.alerts();
  }

  #packet(from: Side, to: Side, flags: number, data: Uint8Array = NOTHING): void {
    const segment = new Uint8Array(TCP_HEADER_BYTES + data.length);
    const view = new DataView(segment.buffer);
    view.setUint16(0, from.port);
    view.setUint16(2, to.port);
    view.setUint32(4, from.sequence);
    view.setUint32(8, (flags & FLAG.ack) === 0 ? 0 : to.sequence);
    segment[12] = 0x50;
    segment[13] = flags;
    view.setUint16(14, 1_024);
    segment.set(data, TCP_HEADER_BYTES);
    from.sequence += data.length + ((flags & (FLAG.syn | FLAG.fin)) === 0 ? 0 : 1);
    this.#send(from.address, to.address, 6, segment);
  }

  /** @param protocol number of the transport, see PROTOCOL in contract/traffic.ts */
  #send(from: readonly number[], to: readonly number[], protocol: number, transport: Uint8Array): void {
    this.nowUs += GAP_US;
    const frame = new Uint8Array(LOWER_HEADERS_BYTES + transport.length);
    const view = new DataView(frame.buffer);
    view.setUint16(12, 0x0800);
    frame[14] = 0x45;
    view.setUint16(16, 20 + transport.length);
    frame[22] = 64;
    frame[23] = protocol;
    frame.set(from, 26);
    frame.set(to, 30);
    frame.set(transport, LOWER_HEADERS_BYTES);
    this.#engine.frame(frame, 0, frame.length, frame.length, this.nowUs, LINK_TYPE.ethernet);
  }
}

function octets(address: string): number[] {
  return address.split('.').map(Number);
}
