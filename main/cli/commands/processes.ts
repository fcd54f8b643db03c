import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { ProcessName } from '../process-commands.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { listenersText, processesText, processText } from '../text/process-text.ts';

export interface ProcessesOptions {
  readonly search?: string;
  readonly risky?: boolean;
  readonly tree?: boolean;
  readonly kernel?: boolean;
  readonly json?: boolean;
}

/** As many as one answer has. */
const MOST_LISTED = 5_000;
/** As long as the engine takes. */
const MAX_SEARCH = 200;

/** Between two looks of the engine, which looks only while somebody asks; its first knows no share of the CPU. */
const SAMPLE_MS = 1_000;

async function sampled<T>(ask: () => Promise<T>, isSampled: (answer: T) => boolean, signal: AbortSignal): Promise<T> {
  const first = await ask();
  if (isSampled(first) || signal.aborted) return first;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, SAMPLE_MS);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
  return signal.aborted ? first : await ask();
}

/** `holdfast processes` */
export async function listProcesses(options: ProcessesOptions, context: CommandContext): Promise<ExitCode> {
  const { search = '', risky = false, kernel = false } = options;
  const input = { search: search.slice(0, MAX_SEARCH), onlyRisky: risky, limit: MOST_LISTED };
  const { processes, total, limits } = await withEngine(context, (client) =>
    sampled(
      () => client.request('processes.list', input),
      (answer) => answer.processes.some(({ cpu }) => cpu !== null),
      context.signal,
    ),
  );
  if (options.json) {
    writeJson(context.out, { processes, total, limits });
    return EXIT.fine;
  }
  const shown = kernel ? processes : processes.filter(({ isKernelThread }) => !isKernelThread);
  if (shown.length > 0) writeLines(context.out, processesText(shown, { ...layoutOf(context), isTree: options.tree }));
  else writeLines(context.out, [search === '' && !risky ? 'No program is seen.' : 'No program that runs fits that.']);
  if (total > processes.length) remark(context, `${total - processes.length} more run and are not listed.`);
  if (limits !== '') remark(context, `Not everything is seen: ${limits}`);
  return EXIT.fine;
}

/** `holdfast processes show` */
export async function showProcess(
  name: ProcessName,
  { json }: { readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const detail = await withEngine(context, (client) =>
    sampled(
      () => client.request('processes.show', name),
      ({ process, endedMs }) => process.cpu !== null || process.memoryBytes === null || endedMs !== null,
      context.signal,
    ),
  );
  if (json) writeJson(context.out, detail);
  else {
    const { paint, width } = layoutOf(context);
    writeLines(context.out, processText(detail, { paint, width: Math.min(width, READABLE_COLUMNS) }));
  }
  return EXIT.fine;
}

/** `holdfast listeners` */
export async function listListeners(
  { open = false, json }: { readonly open?: boolean; readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const answer = await withEngine(context, (client) => client.request('listeners.list', {}));
  const listeners = open ? answer.listeners.filter(({ isOpenToOthers }) => isOpenToOthers) : answer.listeners;
  if (json) {
    writeJson(context.out, { listeners, limits: answer.limits });
    return EXIT.fine;
  }
  if (listeners.length > 0) writeLines(context.out, listenersText(listeners, layoutOf(context)));
  else
    writeLines(context.out, [
      open ? 'No port is reachable by others, as far as is seen.' : 'No port is listened on, as far as is seen.',
    ]);
  if (answer.limits !== '') remark(context, `Not everything is seen: ${answer.limits}`);
  return EXIT.fine;
}

function layoutOf({ out, paintOut }: CommandContext) {
  return { paint: paintOut, width: out.columns };
}
