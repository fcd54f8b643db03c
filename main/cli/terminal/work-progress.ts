/** How far a run over many files is, in one line on a terminal that moves and leaves no trace. */
import { formatBytes, formatNumber } from '../../../contract/format.ts';
import { cut } from './layout.ts';
import type { Output } from './output.ts';
import type { Paint } from './paint.ts';

export interface WorkProgress {
  readonly files: number;
  readonly totalFiles: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

/** At most ten times a second. */
const REDRAW_MS = 100;
const BAR_COLUMNS = 24;
const ERASE_LINE = '\r\x1b[K';

export class WorkLine {
  readonly #output: Output;
  readonly #paint: Paint;
  readonly #now: () => number;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #isShown = false;

  /** @param now milliseconds that never go back */
  constructor(output: Output, paint: Paint, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#paint = paint;
    this.#now = now;
  }

  update(label: string, progress: WorkProgress): void {
    const nowMs = this.#now();
    if (!this.#output.isTerminal || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    this.#isShown = true;
    this.#output.write(`${ERASE_LINE}${workText(label, progress, this.#output.columns - 1, this.#paint)}`);
  }

  clear(): void {
    if (this.#isShown) this.#output.write(ERASE_LINE);
    this.#isShown = false;
  }
}

/** "reading files  ━━━━────  43 %  1,200 of 2,800 files · 352 MB of 818 MB", in at most `width` columns. */
export function workText(
  label: string,
  { files, totalFiles, bytes, totalBytes }: WorkProgress,
  width: number,
  paint: Paint,
): string {
  if (totalFiles === 0) return cut(`${label} …`, width);
  // A file that grows while it is read must not show more than all of it.
  const share = totalBytes > 0 ? Math.min(1, bytes / totalBytes) : files / totalFiles;
  const filled = Math.round(share * BAR_COLUMNS);
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  const amount = `${formatNumber(files)} of ${formatNumber(totalFiles)} files · ${formatBytes(bytes)} of ${formatBytes(totalBytes)}`;
  const head = `${label}  `;
  const tail = `  ${percent} %  ${amount}`;
  if (head.length + BAR_COLUMNS + tail.length > width) return cut(`${head}${percent} %  ${amount}`, width);
  const bar = paint('accent', '━'.repeat(filled)) + paint('quiet', '─'.repeat(BAR_COLUMNS - filled));
  return `${head}${bar}${tail}`;
}
