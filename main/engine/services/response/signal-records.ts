/** What is said between the engine and `sense signal`: native-helpers/sense/src/signal_records.h. */
import type { SignalOrder, SignalOutcome } from '../../actions/index.ts';
import type { ProcessId } from '../../runtime/process-table.ts';
import { RecordFrames } from '../../sensors/index.ts';

const MAGIC = 0x47534648;
const VERSION = 1;

export const SIGNAL_RECORD_TYPE = { hello: 112, result: 113, pulse: 114 } as const;
export const SIGNAL_FIXED_BYTES = { hello: 16, result: 24, pulse: 16, request: 24 } as const;
const ORDERS: Readonly<Record<SignalOrder, number>> = { stop: 1, continue: 2, kill: 3, keep: 4 };
const OUTCOMES: readonly (SignalOutcome | undefined)[] = [undefined, 'done', 'gone', 'another', 'refused', 'failed'];

export interface SignalRecordEvents {
  hello(): void;
  /** @param error errno; 0 for none */
  result(sequence: number, outcome: SignalOutcome, error: number): void;
}

/** Takes in the stream piece by piece. */
export class SignalRecordDecoder {
  readonly #events: SignalRecordEvents;
  readonly #frames = new RecordFrames((type, { bytes }, from, end) => this.#take(type, bytes.subarray(from, end)));
  #isGreeted = false;

  constructor(events: SignalRecordEvents) {
    this.#events = events;
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
    if (type === SIGNAL_RECORD_TYPE.hello) return this.#hello(record);
    if (!this.#isGreeted) return 'no greeting';
    if (type === SIGNAL_RECORD_TYPE.result) return this.#result(record);
    if (type === SIGNAL_RECORD_TYPE.pulse && record.length === SIGNAL_FIXED_BYTES.pulse) return undefined;
    return `a record of type ${type}`;
  }

  #hello(record: Buffer): string | undefined {
    if (this.#isGreeted || record.length !== SIGNAL_FIXED_BYTES.hello || record.readUInt32LE(8) !== MAGIC) {
      return 'a greeting of another form';
    }
    const version = record.readUInt32LE(12);
    if (version !== VERSION) return `format version ${version} instead of ${VERSION}`;
    this.#isGreeted = true;
    this.#events.hello();
    return undefined;
  }

  #result(record: Buffer): string | undefined {
    if (record.length !== SIGNAL_FIXED_BYTES.result) return `an answer in ${record.length} bytes`;
    const outcome = OUTCOMES[record.readUInt32LE(12)];
    if (outcome === undefined) return 'an answer of another form';
    this.#events.result(record.readUInt32LE(8), outcome, record.readUInt32LE(16));
    return undefined;
  }
}

export function encodeSignalRequest(sequence: number, { pid, startTicks }: ProcessId, order: SignalOrder): Uint8Array {
  const made = Buffer.alloc(SIGNAL_FIXED_BYTES.request);
  made.writeUInt32LE(sequence, 0);
  made.writeUInt32LE(pid, 4);
  made.writeBigUInt64LE(BigInt(startTicks), 8);
  made.writeUInt32LE(ORDERS[order], 16);
  return made;
}
