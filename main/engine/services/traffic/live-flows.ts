import { type Flow, type FlowProgram, MAX_FLOWS_PER_ITEM } from '../../../../contract/api-flows.ts';
import { LIVE_ROW, LIVE_ROW_WORDS, type LiveSnapshot, type RecordedFlow } from '../../network/index.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { FlowEnds } from './flow-programs.ts';
import { changingOfRow, endsOfRow, flowOfRow } from './flow-text.ts';

/** One item of the stream `flows.watch`. */
export interface LiveFlowsItem {
  readonly timeMs: number;
  readonly open: number;
  readonly isComplete: boolean;
  readonly flows: readonly Flow[];
  readonly gone: readonly string[];
}

type Emit = (item: LiveFlowsItem) => void;

interface Watcher {
  readonly emit: Emit;
  /** Snapshots until the next complete item; 0 while it has got nothing yet. */
  untilComplete: number;
  /** Ends the wait for the first snapshot. */
  patience: Timer | undefined;
}

interface Shown {
  flow: Flow;
  /** How often its program is still asked for. */
  programLooks: number;
  /** The snapshot that it was in. */
  round: number;
}

/** A reader who lost items sees nonsense for so many seconds at the most. */
const COMPLETE_EVERY = 10;
/** The traffic thread tells within a moment; when it does not, nothing is watched, and that is said. */
const PATIENCE_MS = 2_000;
/** Between snapshots further apart a rate over "the last second" says nothing. */
const LONGEST_GAP_SECONDS = 5;
const MICROSECONDS = 1_000_000;
/** Snapshots within which the sensors tell of a new flow's program; later it is not asked for any more. */
const PROGRAM_LOOKS = 4;
/** Ended flows that still answer to the id that they had while they were open; about a kilobyte each. */
const REMEMBERED_ENDED = 2_000;

/**
 * The open flows as watchers see them: takes the traffic thread's snapshots, finds out what changed and tells it. The
 * thread is asked for snapshots only while there are watchers.
 */
export class LiveFlowView {
  readonly #setWatched: (isWatched: boolean) => void;
  readonly #clock: Clock;
  readonly #programOf: (flow: FlowEnds) => FlowProgram | undefined;
  readonly #watchers = new Set<Watcher>();
  readonly #shown = new Map<number, Shown>();
  readonly #ended = new Map<number, RecordedFlow>();
  #round = 0;
  #open = 0;
  /** Of the last snapshot, microseconds; NaN before the first. */
  #nowUs = Number.NaN;

  constructor(
    setWatched: (isWatched: boolean) => void,
    clock: Clock,
    programOf: (flow: FlowEnds) => FlowProgram | undefined = () => undefined,
  ) {
    this.#setWatched = setWatched;
    this.#clock = clock;
    this.#programOf = programOf;
  }

  /** Gives the function that ends it. */
  watch(emit: Emit): () => void {
    const watcher: Watcher = { emit, untilComplete: 0, patience: undefined };
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#setWatched(true);
    if (Number.isNaN(this.#nowUs)) {
      watcher.patience = this.#clock.after(PATIENCE_MS, () => this.#tellAll(watcher, this.#clock.nowMs(), []));
    } else {
      this.#tellAll(watcher, this.#timeMs, []);
    }
    return () => this.#leave(watcher);
  }

  #leave(watcher: Watcher): void {
    watcher.patience?.cancel();
    if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
    this.#setWatched(false);
    this.#shown.clear();
    this.#nowUs = Number.NaN;
  }

  /** An open flow as last shown, by its number. */
  get(number: number): Flow | undefined {
    return this.#shown.get(number)?.flow;
  }

  /** A flow that ended not long ago, by the number it had while it was open. */
  recentlyEnded(number: number): RecordedFlow | undefined {
    return this.#ended.get(number);
  }

  /** Remembers ended flows for those who still have their old ids. */
  remember(flows: readonly RecordedFlow[]): void {
    for (const flow of flows) this.#ended.set(flow.number, flow);
    for (const number of this.#ended.keys()) {
      if (this.#ended.size <= REMEMBERED_ENDED) break;
      this.#ended.delete(number);
    }
  }

  /** To be called with every snapshot of the traffic thread. */
  take(live: LiveSnapshot): void {
    // Sent before the thread heard that nobody watches any more.
    if (this.#watchers.size === 0) return;
    const beforeUs = this.#nowUs;
    const seconds = (live.nowUs - beforeUs) / MICROSECONDS;
    this.#nowUs = live.nowUs;
    this.#open = live.open;
    this.#round++;
    const ended = this.#takeEnded(live.ended);
    const names = new Map(live.names.map(({ number, application, name }) => [number, { application, name }]));
    const span = seconds > 0 && seconds <= LONGEST_GAP_SECONDS ? seconds : 0;
    const changed = this.#takeOpen(live.rows, beforeUs, span, names);
    const gone: string[] = [];
    for (const [number, { flow, round }] of this.#shown) {
      if (round === this.#round) continue;
      this.#shown.delete(number);
      gone.push(flow.id);
    }
    for (const watcher of this.#watchers) {
      if (watcher.untilComplete === 0) this.#tellAll(watcher, this.#timeMs, ended);
      else {
        watcher.untilComplete--;
        tell(watcher.emit, this.#timeMs, this.#open, false, [...ended, ...changed], gone);
      }
    }
  }

  get #timeMs(): number {
    return this.#nowUs / 1_000;
  }

  #takeEnded(rows: Float64Array): Flow[] {
    const flows: Flow[] = [];
    for (let index = 0; index < rows.length / LIVE_ROW_WORDS; index++) {
      const number = rows[index * LIVE_ROW_WORDS + LIVE_ROW.id];
      const flow = this.#shown.get(number)?.flow;
      if (flow === undefined) continue;
      this.#shown.delete(number);
      const { application, name, program = this.#programOf(endsOfRow(rows, index)) } = flow;
      flows.push({ ...flowOfRow(rows, index), application, name, ...(program !== undefined && { program }) });
    }
    return flows;
  }

  /** @param seconds since the snapshot before, at `beforeUs`; 0 when there is none to compare with */
  #takeOpen(
    rows: Float64Array,
    beforeUs: number,
    seconds: number,
    names: ReadonlyMap<number, Pick<Flow, 'application' | 'name'>>,
  ): Flow[] {
    const changed: Flow[] = [];
    for (let index = 0; index < rows.length / LIVE_ROW_WORDS; index++) {
      const at = index * LIVE_ROW_WORDS;
      const number = rows[at + LIVE_ROW.id];
      const shown = this.#shown.get(number);
      if (shown === undefined) {
        const program = this.#programOf(endsOfRow(rows, index));
        const flow = { ...flowOfRow(rows, index), ...names.get(number), ...(program !== undefined && { program }) };
        // What an older flow had done before it came into sight is not known.
        const isYoung = rows[at + LIVE_ROW.firstUs] >= beforeUs;
        const rated = isYoung && seconds > 0 ? { ...flow, ...ratesOf(flow, 0, 0, seconds) } : flow;
        this.#shown.set(number, { flow: rated, programLooks: PROGRAM_LOOKS, round: this.#round });
        changed.push(rated);
        continue;
      }
      shown.round = this.#round;
      const { flow } = shown;
      const isQuiet = flow.initiatorBytesPerSecond === 0 && flow.responderBytesPerSecond === 0;
      const packets = rows[at + LIVE_ROW.initiatorPackets] + rows[at + LIVE_ROW.responderPackets];
      const named = names.get(number);
      const isSilent = packets === flow.initiatorPackets + flow.responderPackets;
      const program = this.#lookForProgram(shown, rows, index);
      if (isQuiet && isSilent && named === undefined && program === undefined) continue;
      const now = { ...flow, ...changingOfRow(rows, index), ...named, ...(program !== undefined && { program }) };
      shown.flow = { ...now, ...ratesOf(now, flow.initiatorBytes, flow.responderBytes, seconds) };
      changed.push(shown.flow);
    }
    return changed;
  }

  /** What was not known before. */
  #lookForProgram(shown: Shown, rows: Float64Array, index: number): FlowProgram | undefined {
    if (shown.flow.program !== undefined || shown.programLooks === 0) return undefined;
    shown.programLooks--;
    return this.#programOf(endsOfRow(rows, index));
  }

  #tellAll(watcher: Watcher, timeMs: number, ended: readonly Flow[]): void {
    watcher.patience?.cancel();
    watcher.untilComplete = COMPLETE_EVERY - 1;
    const flows = [...this.#shown.values()].map(({ flow }) => flow);
    tell(watcher.emit, timeMs, this.#open, true, [...ended, ...flows], []);
  }
}

function ratesOf(now: Flow, initiatorBytes: number, responderBytes: number, seconds: number) {
  const rate = (bytes: number) => (seconds > 0 ? Math.max(0, Math.round(bytes / seconds)) : 0);
  return {
    initiatorBytesPerSecond: rate(now.initiatorBytes - initiatorBytes),
    responderBytesPerSecond: rate(now.responderBytes - responderBytes),
  };
}

/** In as many items as are needed for none to be too large. */
function tell(
  emit: Emit,
  timeMs: number,
  open: number,
  isComplete: boolean,
  flows: readonly Flow[],
  gone: readonly string[],
): void {
  emit({ timeMs, open, isComplete, flows: flows.slice(0, MAX_FLOWS_PER_ITEM), gone });
  for (let start = MAX_FLOWS_PER_ITEM; start < flows.length; start += MAX_FLOWS_PER_ITEM) {
    const some = flows.slice(start, start + MAX_FLOWS_PER_ITEM);
    emit({ timeMs, open, isComplete: false, flows: some, gone: [] });
  }
}
