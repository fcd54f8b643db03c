/**
 * What the streams of `sense` have in common that tell of events: a greeting first, then records of several types, and
 * what was counted, now and then. Their formats are described in native-helpers/sense/src/*_records.h.
 */
import { fits, RecordFrames } from './frames.ts';

const HEADER_BYTES = 8;
const COUNT_BYTES = 8;
const NANOSECONDS_PER_MS = 1e6;
const WORD = 2 ** 32;

export interface RecordFormat<Name extends string> {
  readonly magic: number;
  readonly version: number;
  readonly helloType: number;
  /** Bytes of a greeting before its text. */
  readonly helloBytes: number;
  readonly statisticsType: number;
  /** In the order in which they are told. */
  readonly counts: readonly Name[];
}

/** What every greeting holds. */
export interface EventGreeting {
  /** A number whose meaning is the stream's own: a method, or bits. */
  readonly word: number;
  readonly bootMs: number;
  readonly detail: string;
  readonly record: Buffer;
}

/** What is done with what is read. What is wrong with it is returned. */
export interface RecordHandlers<Name extends string> {
  hello(greeting: EventGreeting): string | undefined;
  /** @param record with its header; valid only during the call */
  record(type: number, record: Buffer): string | undefined;
  statistics(counts: Readonly<Record<Name, number>>): void;
}

/** Takes in a stream piece by piece. After the first thing that cannot be, the stream is damaged for good. */
export class EventRecordDecoder<Name extends string> {
  readonly #format: RecordFormat<Name>;
  readonly #handlers: RecordHandlers<Name>;
  readonly #frames: RecordFrames;
  #isGreeted = false;

  constructor(format: RecordFormat<Name>, handlers: RecordHandlers<Name>) {
    this.#format = format;
    this.#handlers = handlers;
    this.#frames = new RecordFrames((type, { bytes }, from, end) => this.#take(type, bytes.subarray(from, end)));
  }

  /** Why the stream is damaged, if it is. */
  get problem(): string | undefined {
    return this.#frames.problem;
  }

  /** Hands on the records that `piece` makes complete. False when the stream is damaged. Never throws by itself. */
  accept(piece: Uint8Array): boolean {
    return this.#frames.accept(piece);
  }

  #take(type: number, record: Buffer): string | undefined {
    if (type === this.#format.helloType) return this.#hello(record);
    if (!this.#isGreeted) return 'no greeting';
    return type === this.#format.statisticsType ? this.#statistics(record) : this.#handlers.record(type, record);
  }

  #hello(record: Buffer): string | undefined {
    const { magic, version, helloBytes } = this.#format;
    const ofAnotherForm = 'a greeting of another form';
    if (this.#isGreeted || record.length < helloBytes || record.readUInt32LE(8) !== magic) return ofAnotherForm;
    const said = record.readUInt32LE(12);
    if (said !== version) return `format version ${said} instead of ${version}`;
    const detailBytes = record.readUInt32LE(20);
    if (!fits(record.length - helloBytes, detailBytes)) return ofAnotherForm;
    this.#isGreeted = true;
    return this.#handlers.hello({
      word: record.readUInt32LE(16),
      bootMs: millisecondsAt(record, 24),
      detail: record.toString('utf8', helloBytes, helloBytes + detailBytes),
      record,
    });
  }

  #statistics(record: Buffer): string | undefined {
    const { counts } = this.#format;
    if (record.length !== HEADER_BYTES + COUNT_BYTES * counts.length) return 'statistics of another form';
    const told = counts.map((name, index) => [name, wideAt(record, HEADER_BYTES + COUNT_BYTES * index)]);
    this.#handlers.statistics(Object.fromEntries(told) as Record<Name, number>);
    return undefined;
  }
}

/** A 64-bit number; beyond 2^53 its last digits are lost, which times and counts do not miss. */
export function wideAt(record: Buffer, at: number): number {
  return record.readUInt32LE(at) + record.readUInt32LE(at + 4) * WORD;
}

/** A time that is told in nanoseconds. */
export function millisecondsAt(record: Buffer, at: number): number {
  return wideAt(record, at) / NANOSECONDS_PER_MS;
}

/** Text in a field of `room` bytes, ended by a NUL where it does not fill it. */
export function paddedText(record: Buffer, at: number, room: number): string {
  const end = record.subarray(at, at + room).indexOf(0);
  return record.toString('utf8', at, at + (end < 0 ? room : end));
}

/** The texts that follow each other from `at` on. */
export function textsAt(record: Buffer, at: number, lengths: readonly number[]): readonly string[] {
  let end = at;
  return lengths.map((length) => {
    end += length;
    return record.toString('utf8', end - length, end);
  });
}
