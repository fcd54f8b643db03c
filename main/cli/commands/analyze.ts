import { parse } from 'node:path';
import type { AnalysisDocument } from '../../../contract/analysis.ts';
import type { Severity } from '../../../contract/domain.ts';
import type { AnalysisResult, Knowledge } from '../../engine/index.ts';
import { type CommandContext, releaseInput, remark, STANDARD_INPUT, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { explain, failureText, wrongInput } from '../failure.ts';
import { writeFileWhole } from '../output-file.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { ProgressLine } from '../terminal/progress.ts';
import { analysisText, isAtLeast } from '../text/analysis-text.ts';
import { type Judge, type JudgeOptions, judgeFor } from './analyze-judge.ts';
import { localLists } from './indicators.ts';

export interface AnalyzeOptions extends JudgeOptions {
  readonly json?: boolean;
  readonly report?: string;
  /** Lists of indicators besides those of the user. */
  readonly indicators?: readonly string[];
  readonly failOn?: Severity;
  readonly minSeverity: Severity;
}

/**
 * `holdfast analyze FILE...`: one story per capture. With --json one document for one FILE, and an array of
 * documents, in the order of the files, for several. A capture that cannot be read does not keep the others
 * from being analysed.
 */
export async function analyze(
  files: readonly string[],
  options: AnalyzeOptions,
  context: CommandContext,
): Promise<ExitCode> {
  checkInput(files, options);
  const engine = await context.engine();
  const config = await context.config();
  const knowledge = await engine.loadKnowledge();
  const indicators = await localLists(context, options.indicators);
  const judge = await judgeOrStop(options, context);
  if (judge === undefined) return EXIT.interrupted;
  const results: AnalysisResult[] = [];
  let refused: ExitCode = EXIT.fine;
  for (const [index, path] of files.entries()) {
    if (context.signal.aborted) break;
    const progress = new ProgressLine(context.err, context.paintErr);
    const label = files.length === 1 ? path : `${index + 1}/${files.length} ${path}`;
    let result: AnalysisResult;
    try {
      result = await engine.analyzeCapture(path, {
        config,
        indicators: indicators.compiled,
        judge,
        signal: context.signal,
        onProgress: (state) => progress.update(label, state),
      });
    } catch (error) {
      const { failure, exitCode } = explain(error);
      if (files.length === 1 || exitCode !== EXIT.wrongInput) throw error;
      progress.clear();
      context.err.write(failureText(failure));
      refused = exitCode;
      continue;
    } finally {
      progress.clear();
      releaseInput([path]);
    }
    if (!options.json) tell(result.document, results.length > 0, options, context, knowledge);
    results.push(result);
    if (options.report !== undefined) {
      await report(result, reportPath(options.report, index, files.length), context, knowledge);
    }
  }
  if (options.json) printJson(results, files.length, options, context);
  if (context.signal.aborted) return EXIT.interrupted;
  if (refused !== EXIT.fine) return refused;
  return hasReached(results, options.failOn) ? EXIT.alertsFound : EXIT.fine;
}

/** Undefined where Ctrl-C came while it trained. */
async function judgeOrStop(options: AnalyzeOptions, context: CommandContext): Promise<Judge | undefined> {
  try {
    return await judgeFor(options, context);
  } catch (error) {
    if (context.signal.aborted) return undefined;
    throw error;
  } finally {
    releaseInput(options.train ?? []);
  }
}

function checkInput(files: readonly string[], options: AnalyzeOptions): void {
  if ([...files, ...(options.train ?? [])].filter((path) => path === STANDARD_INPUT).length > 1) {
    throw wrongInput('input-twice', 'Standard input ("-") can be read only once.', 'Name it once.');
  }
  if (options.json && options.report === '/dev/stdout') {
    const hint = 'Name a file for --report, or leave --json out.';
    throw wrongInput('output-twice', 'Two documents cannot both go to standard output.', hint);
  }
}

function tell(
  document: AnalysisDocument,
  isLater: boolean,
  options: AnalyzeOptions,
  context: CommandContext,
  knowledge: Knowledge,
): void {
  const lines = analysisText(document, {
    width: Math.min(context.out.columns, READABLE_COLUMNS),
    paint: context.paintOut,
    minimumSeverity: options.minSeverity,
    techniques: knowledge.catalogue,
    kinds: knowledge.detectors.map(({ kind }) => kind),
  });
  writeLines(context.out, isLater ? ['', ...lines] : lines);
}

/** One document for one FILE; an array for several, however many of them could be read. */
function printJson(
  results: readonly AnalysisResult[],
  filesGiven: number,
  { minSeverity }: AnalyzeOptions,
  context: CommandContext,
): void {
  const documents = results.map(({ document }) => ({
    ...document,
    alerts: document.alerts.filter((alert) => isAtLeast(alert.severity, minSeverity)),
  }));
  const printed = filesGiven === 1 ? documents[0] : documents;
  // Ctrl-C before anything of the only capture was read.
  if (printed !== undefined) writeJson(context.out, printed);
}

async function report(
  { document, context: traffic }: AnalysisResult,
  path: string,
  context: CommandContext,
  { catalogue, detectors }: Knowledge,
): Promise<void> {
  const { renderReport } = await context.engine();
  const { version } = context;
  const page = await renderReport(document, { version, writtenMs: Date.now(), catalogue, detectors, ...traffic });
  writeFileWhole(path, page);
  remark(context, `Report: ${path}`);
}

/** The name given for one capture; "out-1.html", "out-2.html" for several. */
export function reportPath(given: string, index: number, files: number): string {
  if (files === 1) return given;
  const { ext } = parse(given);
  return `${given.slice(0, given.length - ext.length)}-${index + 1}${ext}`;
}

/** Whether any alert, shown or not, is of this level or worse. */
function hasReached(results: readonly AnalysisResult[], level: Severity | undefined): boolean {
  if (level === undefined) return false;
  return results.some(({ document }) => document.alerts.some((alert) => isAtLeast(alert.severity, level)));
}
