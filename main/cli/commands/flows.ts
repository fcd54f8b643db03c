import { formatCount } from '../../../contract/format.ts';
import { type CommandContext, releaseInput, remark, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { wrongInput } from '../failure.ts';
import { createOutputFile, type OutputFile } from '../output-file.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { ProgressLine } from '../terminal/progress.ts';
import { flowsText } from '../text/flows-text.ts';

export interface FlowsOptions {
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly output?: string;
}

/** `holdfast flows FILE`: every flow with all features as CSV or JSON; a summary for people without either. */
export async function flows(path: string, options: FlowsOptions, context: CommandContext): Promise<ExitCode> {
  const format = formatOf(options);
  const engine = await context.engine();
  const progress = new ProgressLine(context.err, context.paintErr);
  const reading = {
    config: await context.config(),
    signal: context.signal,
    onProgress: (state: Parameters<ProgressLine['update']>[1]) => progress.update(path, state),
  };
  try {
    if (format === undefined) {
      const summary = await engine.summarizeFlows(path, reading);
      progress.clear();
      writeLines(
        context.out,
        flowsText(summary, path, Math.min(context.out.columns, READABLE_COLUMNS), context.paintOut),
      );
    } else {
      // Opened with the first bytes: a capture that cannot be read leaves no file.
      let file: OutputFile | undefined;
      const target = options.output;
      const write = (bytes: Uint8Array): void => {
        if (target === undefined) {
          context.out.write(bytes);
        } else {
          file ??= createOutputFile(target);
          file.write(bytes);
        }
      };
      try {
        const { traffic } = await engine.exportFlows(path, { ...reading, format, write });
        file?.finish();
        progress.clear();
        if (target !== undefined) remark(context, `${formatCount(traffic.flows.flows, 'flow')}: ${target}`);
      } finally {
        file?.discard();
      }
    }
  } finally {
    progress.clear();
    releaseInput([path]);
  }
  return context.signal.aborted ? EXIT.interrupted : EXIT.fine;
}

function formatOf({ csv, json, output }: FlowsOptions): 'csv' | 'json' | undefined {
  if (csv && json) {
    throw wrongInput('two-formats', '--csv and --json cannot be given together.', 'Choose one of them.');
  }
  if (csv) return 'csv';
  if (json) return 'json';
  if (output === undefined) return undefined;
  // The name of the file says it, as everywhere else.
  if (output.endsWith('.csv')) return 'csv';
  if (output.endsWith('.json')) return 'json';
  throw wrongInput('no-format', '--output needs a format.', 'Add --csv or --json.');
}
