/**
 * From the helper's pipe to the flow engine, by blocking reads in a worker thread. Blocking is what makes it
 * cheap: no event loop turn, no buffer and no promise per piece, and the pipe's own flow control when the flow
 * engine is slow (the kernel's rings take what the pipe does not, and count what they lose).
 */
import { closeSync, readSync } from 'node:fs';
import type { FrameSink } from '../../../contract/traffic.ts';
import { type InterfaceCondition, NO_SLOT, RecordDecoder } from './records.ts';

/** An interface that is or should be watched. Counts are totals since it is being watched. */
export interface InterfaceState {
  readonly name: string;
  /** See LINK_TYPE. */
  readonly linkType: number;
  readonly state: InterfaceCondition;
  /** Packets handed to the flow engine. */
  readonly received: number;
  /** Packets that the kernel lost because its ring was full. */
  readonly dropped: number;
  /** Bytes of the received packets on the wire. */
  readonly bytes: number;
  /** Why it is not `up`, in a few words; empty when it is. */
  readonly detail: string;
}

export interface PumpControl {
  /**
   * At least every 250 ms while there is nothing else, and once a second, as a second is over, where there was nothing for
   * ten. All packets from before `nowUs` (microseconds since the epoch) have been handed on. The place to look for
   * messages: the thread's event loop stands still.
   */
  onTick?(nowUs: number): void;
  /**
   * After every change, of counts once a second, and every five seconds also where nothing is watched: it is the sign that
   * the helper lives. The list is made anew each time.
   */
  onInterfaces?(interfaces: readonly InterfaceState[]): void;
  /** Asked after every read. */
  shouldStop?(): boolean;
}

/** Why `pumpCapture` returned. */
export interface PumpEnd {
  /** `finished`: the helper ended. `cut-off`: it ended in the middle of a record. */
  readonly reason: 'finished' | 'cut-off' | 'stopped' | 'damaged' | 'unreadable';
  /** What was wrong, for `damaged` and `unreadable`. */
  readonly detail: string;
}

/** How long at most nothing is said of the interfaces, by the helper's clock. */
const REPORT_INTERVAL_US = 5e6;
/** How many interfaces without a slot are remembered by name. */
const MAX_UNWATCHED = 64;

/** Keeps the table of interfaces up to date from status and statistics records. */
class InterfaceTable {
  readonly #bySlot = new Map<number, InterfaceState>();
  readonly #unwatched = new Map<string, InterfaceState>();

  status(slot: number, name: string, linkType: number, state: InterfaceCondition, detail: string): void {
    const before = this.#bySlot.get(slot);
    const counts = before?.name === name ? before : { received: 0, dropped: 0, bytes: 0 };
    const { received, dropped, bytes } = counts;
    const now: InterfaceState = { name, linkType, state, received, dropped, bytes, detail };
    if (slot !== NO_SLOT) this.#bySlot.set(slot, now);
    else if (this.#unwatched.size < MAX_UNWATCHED) this.#unwatched.set(name, now);
  }

  /** Whether they are others than before. */
  statistics(slot: number, received: number, bytes: number, dropped: number): boolean {
    const before = this.#bySlot.get(slot);
    if (before === undefined) return false;
    if (before.received === received && before.bytes === bytes && before.dropped === dropped) return false;
    this.#bySlot.set(slot, { ...before, received, bytes, dropped });
    return true;
  }

  list(): InterfaceState[] {
    return [...this.#bySlot.values(), ...this.#unwatched.values()];
  }
}

/**
 * Reads the helper's records from the pipe `fd` until it ends or `shouldStop`, and closes it. Blocks the thread.
 * Throws only what `sink` or `control` throw; the helper's output never makes it throw.
 */
export function pumpCapture(fd: number, sink: FrameSink, control: PumpControl): PumpEnd {
  const table = new InterfaceTable();
  let changed = false;
  let toldUs: number | undefined;
  const report = (): void => {
    if (!changed) return;
    changed = false;
    control.onInterfaces?.(table.list());
  };
  const decoder = new RecordDecoder(sink, {
    status(slot, name, linkType, state, _error, detail) {
      table.status(slot, name, linkType, state, detail);
      changed = true;
    },
    statistics(slot, packets, bytes, dropped) {
      if (table.statistics(slot, packets, bytes, dropped)) changed = true;
    },
    tick: (nowUs) => {
      // The first tick comes before the helper has listed the interfaces.
      toldUs ??= nowUs;
      if (changed || nowUs - toldUs >= REPORT_INTERVAL_US) {
        changed = true;
        toldUs = nowUs;
      }
      // A read can hold seconds of packets when the thread was late: what is watched is said before what was seen.
      report();
      control.onTick?.(nowUs);
    },
  });
  try {
    for (;;) {
      const count = readSync(fd, decoder.buffer, decoder.filled, decoder.buffer.length - decoder.filled, null);
      if (count === 0) return { reason: decoder.pendingBytes > 0 ? 'cut-off' : 'finished', detail: '' };
      const sound = decoder.accept(count);
      report();
      if (!sound) return { reason: 'damaged', detail: decoder.problem ?? '' };
      if (control.shouldStop?.()) return { reason: 'stopped', detail: '' };
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { reason: 'unreadable', detail: error.message };
  } finally {
    closeSync(fd);
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && error.syscall === 'read';
}
