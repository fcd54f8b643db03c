/** `holdfast actions list|undo|end|freeze`: what Holdfast did; undoing works with the engine dead, too. */
import { isInForce } from '../../../contract/actions.ts';
import type { ApiClient } from '../../../contract/api.ts';
import type { ActionRecord } from '../../../contract/api-actions.ts';
import { formatDate, formatTime } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { withEngineOrAlone } from '../either-engine.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { wrongInput } from '../failure.ts';
import { hanging } from '../terminal/layout.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { localMs } from '../text/alert-text.ts';

interface JsonOption {
  readonly json?: boolean;
}

export interface ActionListOptions extends JsonOption {
  readonly inForce?: boolean;
  readonly limit: number;
}

type Local = Awaited<ReturnType<Awaited<ReturnType<CommandContext['engine']>>['openResponse']>>;

const NOBODY = 'command line';
/** Most of one answer. */
const PAGE = 25;
const MAX_SENTENCE = 1_000;
const ALONE = 'No engine runs: this is what the last one stored.';

/** `holdfast actions list` */
export async function listActions(options: ActionListOptions, context: CommandContext): Promise<ExitCode> {
  const actions = await withEngineOrAlone(
    context,
    (client) => gather(client, options),
    () => alone(context, async (local) => (options.inForce ? local.inForce : local.list(options.limit))),
  );
  if (options.json) writeJson(context.out, { actions });
  else if (actions.length === 0) {
    writeLines(context.out, [options.inForce ? 'Nothing is held.' : 'Nothing has been done.']);
  } else {
    writeLines(
      context.out,
      actions.flatMap((action) => actionLines(action, context)),
    );
  }
  return EXIT.fine;
}

/** `holdfast actions undo|end ID` */
export async function changeAction(
  verb: 'undo' | 'end',
  id: string,
  { json }: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  const action = await withEngineOrAlone(
    context,
    (client) => client.request(`actions.${verb}`, { id }),
    () => alone(context, (local) => local[verb](id, NOBODY)),
  );
  return tell(action, json === true, context);
}

/** `holdfast actions freeze PID` */
export async function freezeProcess(
  pid: string,
  { json, reason = '' }: JsonOption & { readonly reason?: string },
  context: CommandContext,
): Promise<ExitCode> {
  if (!/^\d{1,7}$/.test(pid)) {
    throw wrongInput('bad-process', `"${pid}" is no number of a process.`, 'The numbers are in "holdfast processes".');
  }
  const action = await withEngine(context, async (client) => {
    const { process } = await client.request('processes.show', { pid: Number(pid) });
    return client.request('actions.freeze', { pid: process.pid, startedMs: process.startedMs, reason });
  });
  return tell(action, json === true, context);
}

async function alone<T>(context: CommandContext, work: (local: Local) => Promise<T>): Promise<T> {
  const { openResponse } = await context.engine();
  const local = await openResponse(await context.paths(), await context.config());
  remark(context, ALONE);
  try {
    return await work(local);
  } finally {
    await local.close();
  }
}

async function gather(
  client: ApiClient,
  { inForce: onlyInForce, limit }: ActionListOptions,
): Promise<readonly ActionRecord[]> {
  const actions: ActionRecord[] = [];
  for (let cursor: string | undefined; actions.length < limit; ) {
    const page = Math.min(PAGE, limit - actions.length);
    const answer = await client.request('actions.list', { onlyInForce, limit: page, cursor });
    actions.push(...answer.actions);
    if (answer.next === null) break;
    cursor = answer.next;
  }
  return actions;
}

function tell(action: ActionRecord, asJson: boolean, context: CommandContext): ExitCode {
  if (asJson) writeJson(context.out, action);
  else writeLines(context.out, [plainText(action.sentence, MAX_SENTENCE)]);
  return EXIT.fine;
}

function actionLines(action: ActionRecord, { out, paintOut }: CommandContext): readonly string[] {
  const { id, createdMs, sentence, reason, setting, value, actor } = action;
  const atMs = localMs(createdMs);
  const width = Math.min(out.columns, READABLE_COLUMNS);
  const why = `${reason} (${setting === '' ? actor : `${setting} ${value}`})`;
  const how = isInForce(action) ? `"holdfast actions undo ${id}" lets it go on, "… end ${id}" ends it.` : '';
  return [
    ...hanging(`${plainText(id)}  ${formatDate(atMs)} ${formatTime(atMs)}  `, plainText(sentence, MAX_SENTENCE), width),
    ...hanging('    ', paintOut('quiet', plainText(`${why} ${how}`.trim(), MAX_SENTENCE)), width),
  ];
}
