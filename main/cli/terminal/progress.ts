import { formatBytes, formatDuration, formatNumber } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { columnsOf, cut } from './layout.ts';
import type { Output } from './output.ts';
import type { Paint } from './paint.ts';

/** How far the reading of a capture is. */
export interface ReadingProgress {
  readonly bytesRead: number;
  /** Null where nobody knows (standard input). */
  readonly bytesTotal: number | null;
  readonly packets: number;
}

/** At most ten times a second. */
const REDRAW_MS = 100;
/** Work that is done sooner shows no bar: a flash tells nobody anything. */
const QUIET_MS = 300;
const BAR_COLUMNS = 24;
const ERASE_LINE = '\r\x1b[K';

/** Speed is that of the last seconds: what was slow at the start says nothing about the rest. */
const SPEED_WINDOW_MS = 3_000;

interface Sample {
  readonly timeMs: number;
  readonly bytes: number;
  readonly packets: number;
}

/** How fast the reading goes now. */
export interface ReadingSpeed {
  readonly bytesPerSecond: number;
  readonly packetsPerSecond: number;
}

/** One line on a terminal that says how far it is and how long it will take, and leaves no trace. */
export class ProgressLine {
  readonly #output: Output;
  readonly #paint: Paint;
  readonly #now: () => number;
  readonly #begunMs: number;
  readonly #samples: Sample[] = [];
  #drawnMs = Number.NEGATIVE_INFINITY;
  #isShown = false;

  /** @param now milliseconds that never go back */
  constructor(output: Output, paint: Paint, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#paint = paint;
    this.#now = now;
    this.#begunMs = now();
  }

  update(label: string, progress: ReadingProgress): void {
    const nowMs = this.#now();
    if (!this.#output.isTerminal || nowMs - this.#drawnMs < REDRAW_MS) return;
    const { bytesRead, packets } = progress;
    this.#samples.push({ timeMs: nowMs, bytes: bytesRead, packets });
    while (this.#samples.length > 2 && nowMs - this.#samples[1].timeMs > SPEED_WINDOW_MS) this.#samples.shift();
    this.#drawnMs = nowMs;
    if (nowMs - this.#begunMs < QUIET_MS) return;
    this.#isShown = true;
    const line = progressText(label, progress, this.#speed(), this.#output.columns - 1, this.#paint);
    this.#output.write(`${ERASE_LINE}${line}`);
  }

  clear(): void {
    if (this.#isShown) this.#output.write(ERASE_LINE);
    this.#isShown = false;
  }

  #speed(): ReadingSpeed {
    const [first, last] = [this.#samples[0], this.#samples[this.#samples.length - 1]];
    const seconds = (last.timeMs - first.timeMs) / 1000;
    if (seconds <= 0) return { bytesPerSecond: 0, packetsPerSecond: 0 };
    return {
      bytesPerSecond: (last.bytes - first.bytes) / seconds,
      packetsPerSecond: (last.packets - first.packets) / seconds,
    };
  }
}

/** "scan.pcap  ━━━━────  43 %  352 MB of 818 MB · 1,200,000 packets/s · 4 s left", in at most `width` columns. */
export function progressText(
  label: string,
  { bytesRead, bytesTotal, packets }: ReadingProgress,
  { bytesPerSecond, packetsPerSecond }: ReadingSpeed,
  width: number,
  paint: Paint,
): string {
  const name = plainText(label);
  const rate = `${formatNumber(Math.round(packetsPerSecond))} packets/s`;
  if (bytesTotal === null || bytesTotal <= 0) {
    const facts = `  ${formatBytes(bytesRead)} · ${formatNumber(packets)} packets · ${rate}`;
    return fitted(name, facts, width);
  }
  // A file that grows while it is read must not show more than all of it.
  const share = Math.min(1, bytesRead / bytesTotal);
  const filled = Math.round(share * BAR_COLUMNS);
  const bar = paint('accent', '━'.repeat(filled)) + paint('quiet', '─'.repeat(BAR_COLUMNS - filled));
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  const left =
    bytesPerSecond > 0 ? ` · ${leftText((1000 * Math.max(0, bytesTotal - bytesRead)) / bytesPerSecond)}` : '';
  const facts = `  ${percent} %  ${formatBytes(bytesRead)} of ${formatBytes(bytesTotal)} · ${rate}${left}`;
  const room = width - BAR_COLUMNS - 2 - columnsOf(facts);
  return room < 8 ? fitted(name, facts, width) : `${cut(name, room)}  ${bar}${facts}`;
}

function leftText(milliseconds: number): string {
  return milliseconds < 1000 ? 'nearly done' : `${formatDuration(Math.ceil(milliseconds / 1000) * 1000)} left`;
}

function fitted(label: string, facts: string, width: number): string {
  const room = width - columnsOf(facts);
  return room < 4 ? cut(facts.trimStart(), width) : cut(label, room) + facts;
}
