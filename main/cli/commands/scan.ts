import { formatBytes, formatCount, formatDuration, formatNumber } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import type { FoundFile, ScanHit, ScanProgress, ScanResult } from '../../engine/index.ts';
import { type CommandContext, remark, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { cut, hanging } from '../terminal/layout.ts';
import type { Output } from '../terminal/output.ts';
import { type Paint, severityLabel } from '../terminal/paint.ts';
import { localLists } from './indicators.ts';

export interface ScanCommandOptions {
  readonly rules?: readonly string[];
  readonly maxSize: number;
  readonly crossMounts?: boolean;
  readonly json?: boolean;
}

const MIB = 2 ** 20;
const MAX_PATH = 4_096;
const MAX_TEXT = 1_000;
/** Hits of one file that are shown; the document has all. */
const SHOWN_HITS = 12;
/** What was not looked at: so many are shown without --verbose. */
const SHOWN_GAPS = 5;

/** `holdfast scan PATH...`: exit 1 when something is found. */
export async function scan(
  paths: readonly string[],
  { rules, maxSize, crossMounts = false, json = false }: ScanCommandOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const engine = await context.engine();
  const { dataDirectory } = await context.paths();
  const line = new ScanLine(context.err, context.paintErr);
  let result: ScanResult;
  try {
    result = await engine.scanFiles({
      paths,
      ...(rules === undefined ? {} : { rules }),
      dataDirectory,
      indicators: (await localLists(context)).compiled,
      maxFileBytes: maxSize * MIB,
      crossesMounts: crossMounts,
      signal: context.signal,
      onProgress: (progress) => line.update(progress),
      onFound: (found) => {
        line.clear();
        if (!json) writeLines(context.out, foundLines(found, context));
      },
    });
  } catch (error) {
    if (!context.signal.aborted) throw error;
    line.clear();
    remark(context, 'Stopped. What was found until then is above.');
    return EXIT.interrupted;
  }
  line.clear();
  if (json) writeJson(context.out, result);
  else tell(result, context);
  return result.found > 0 ? EXIT.alertsFound : EXIT.fine;
}

function foundLines({ path, hits, known }: FoundFile, { out, paintOut }: CommandContext): string[] {
  const others = hits.length - SHOWN_HITS;
  return [
    paintOut('bold', plainText(path, MAX_PATH)),
    ...known.flatMap(({ type, label, source }) =>
      hanging(
        `  ${severityLabel(paintOut, 'high')}  `,
        `its ${type} is on the list ${plainText(source)}${label === '' ? '' : `: ${plainText(label)}`}`,
        out.columns,
      ),
    ),
    ...hits.slice(0, SHOWN_HITS).flatMap((hit) => hitLines(hit, out.columns, paintOut)),
    ...(others > 0 ? [paintOut('quiet', `  and ${formatCount(others, 'other hit')}`)] : []),
  ];
}

function hitLines({ rule, description, severity, inside, techniques }: ScanHit, width: number, paint: Paint): string[] {
  const label = `  ${severityLabel(paint, severity)}  `;
  const about = description === '' ? '' : `: ${plainText(description, MAX_TEXT)}`;
  const place = inside === '' ? '' : ` (inside, ${plainText(inside, MAX_TEXT)})`;
  const named = techniques.length === 0 ? '' : ` ${techniques.join(' ')}`;
  return hanging(label, `${plainText(rule)}${about}${place}${named}`, width);
}

function tell(result: ScanResult, context: CommandContext): void {
  const { files, bytes, contents, found, rules, problems, gaps, gapCount, durationMs } = result;
  const inside = contents > files ? ` (${formatNumber(contents - files)} more inside of them)` : '';
  const looked = `Looked at ${formatCount(files, 'file')}${inside}, ${formatBytes(bytes)}, with ${formatCount(rules, 'rule')} in ${formatDuration(durationMs)}.`;
  const said = found === 0 ? 'Nothing was found.' : `Found something in ${formatCount(found, 'file')}.`;
  writeLines(context.out, [`${said} ${looked}`]);
  writeLines(
    context.err,
    problems.map(({ file, line, reason }) => `${plainText(file, MAX_PATH)}:${line}: ${plainText(reason, MAX_TEXT)}`),
  );
  const shown = context.globals.verbose ? gaps : gaps.slice(0, SHOWN_GAPS);
  if (gapCount === 0) return;
  writeLines(context.err, [
    `Not looked at, or not to the end: ${formatNumber(gapCount)}`,
    ...shown.map((gap) => `  ${plainText(gap, MAX_PATH)}`),
    ...(gapCount > shown.length
      ? [`  and ${formatNumber(gapCount - shown.length)} more${context.globals.verbose ? '' : ' (--verbose)'}`]
      : []),
  ]);
}

/** At most ten times a second. */
const REDRAW_MS = 100;
const ERASE_LINE = '\r\x1b[K';

/** One line on a terminal that says how far it is, and leaves no trace. */
class ScanLine {
  readonly #output: Output;
  readonly #paint: Paint;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(output: Output, paint: Paint) {
    this.#output = output;
    this.#paint = paint;
  }

  update({ files, bytes, path }: ScanProgress): void {
    const nowMs = performance.now();
    if (!this.#output.isTerminal || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    this.#isShown = true;
    const text = `${formatCount(files, 'file')}, ${formatBytes(bytes)}  ${plainText(path, MAX_PATH)}`;
    this.#output.write(ERASE_LINE + this.#paint('quiet', cut(text, this.#output.columns - 1)));
  }

  clear(): void {
    if (this.#isShown) this.#output.write(ERASE_LINE);
    this.#isShown = false;
  }
}
