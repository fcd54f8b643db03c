/** How far a training run is, on the terminal: a line that moves, plain lines, or a document a line. */
import { formatDuration, formatNumber } from '../../../contract/format.ts';
import type { TrainingProgress, TrainingStep } from '../../../contract/models.ts';
import { plainText } from '../../../contract/text.ts';
import { columnsOf, cut } from './layout.ts';
import type { Output } from './output.ts';
import type { Paint } from './paint.ts';

/** At most ten times a second. */
const REDRAW_MS = 100;
const BAR_COLUMNS = 24;
const ERASE_LINE = '\r\x1b[K';
/** Plain lines tell every so many epochs. */
const EPOCHS_A_LINE = 5;

const STEP_WORDS: Readonly<Record<TrainingStep, string>> = {
  reading: 'reading',
  fitting: 'learning',
  calibrating: 'calibrating',
  validating: 'validating',
  saving: 'saving',
};

/** Tells a person of a run; leaves no trace on a terminal when it is over. */
export class TrainingLine {
  readonly #output: Output;
  readonly #paint: Paint;
  readonly #now: () => number;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #isShown = false;
  #told = '';

  /** @param now milliseconds that never go back */
  constructor(output: Output, paint: Paint, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#paint = paint;
    this.#now = now;
  }

  update(progress: TrainingProgress): void {
    if (!this.#output.isTerminal) {
      this.#tellStep(progress);
      return;
    }
    const nowMs = this.#now();
    if (nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    this.#isShown = true;
    this.#output.write(`${ERASE_LINE}${trainingText(progress, this.#output.columns - 1, this.#paint)}`);
  }

  clear(): void {
    if (this.#isShown) this.#output.write(ERASE_LINE);
    this.#isShown = false;
  }

  /** Where lines cannot move, one for each thing that begins, and some of the epochs. */
  #tellStep(progress: TrainingProgress): void {
    const { epoch, epochs } = progress;
    const isTold = epoch === epochs ? epoch : epoch - (epoch % EPOCHS_A_LINE);
    const what = `${whatText(progress)} ${isTold}`;
    if (what === this.#told) return;
    this.#told = what;
    this.#output.write(`${plainText(`${whatText(progress)}: ${factsText(progress)}`)}\n`);
  }
}

/** "flow tcp: learning autoencoder  ━━━━────  43 %  epoch 7 of 20 · loss 0.0132 · 12 s left", `width` columns at most. */
export function trainingText(progress: TrainingProgress, width: number, paint: Paint): string {
  const what = whatText(progress);
  const facts = factsText(progress);
  const filled = Math.round(shareOf(progress) * BAR_COLUMNS);
  const bar = paint('accent', '━'.repeat(filled)) + paint('quiet', '─'.repeat(BAR_COLUMNS - filled));
  const room = width - columnsOf(facts) - BAR_COLUMNS - 4;
  if (room < 8) return cut(`${what}  ${facts}`, width);
  return `${cut(what, room)}  ${bar}  ${facts}`;
}

function whatText({ table, group, step, model }: TrainingProgress): string {
  const of = group === '' || group === 'all' ? table : `${table} ${group}`;
  return `${of}: ${STEP_WORDS[step]}${model === null ? '' : ` ${model}`}`;
}

function factsText(progress: TrainingProgress): string {
  const { epoch, epochs, losses, secondsLeft } = progress;
  const loss = losses.at(-1);
  const parts = [`${Math.floor(shareOf(progress) * 100)} %`.padStart(5)];
  if (epochs > 0) parts.push(`epoch ${epoch} of ${epochs}`);
  if (epochs > 0 && loss !== undefined)
    parts.push(`loss ${lossText(loss.training)}, held back ${lossText(loss.heldBack)}`);
  if (secondsLeft !== null) {
    parts.push(secondsLeft < 1 ? 'nearly done' : `${formatDuration(Math.ceil(secondsLeft) * 1000)} left`);
  }
  return parts.join(' · ');
}

function lossText(loss: number): string {
  return loss >= 0.001 ? formatNumber(loss) : loss.toExponential(1);
}

function shareOf({ progress }: TrainingProgress): number {
  return Math.min(1, Math.max(0, progress));
}
