/** `holdfast canaries list|place|remove`: files that nobody uses. */
import type { CallOutput } from '../../../contract/api.ts';
import { formatCount } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

interface JsonOption {
  readonly json?: boolean;
}

type Outcome = CallOutput<'canaries.place'>;

const STATES = { placed: 'as it was', missing: 'missing', changed: 'CHANGED' } as const;

/** `holdfast canaries list` */
export async function listCanaries({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const answer = await withEngine(context, (client) => client.request('canaries.list', {}));
  if (json) {
    writeJson(context.out, answer);
    return EXIT.fine;
  }
  const { canaries, isAllowed } = answer;
  writeLines(
    context.out,
    canaries.length === 0
      ? ['There are no canaries.']
      : canaries.map(({ path, state }) => `${STATES[state].padEnd(9)}  ${plainText(path)}`),
  );
  if (!isAllowed) remark(context, 'No more are placed: the setting canaries.enabled is off.');
  return EXIT.fine;
}

/** `holdfast canaries place` */
export async function placeCanaries({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const outcome = await withEngine(context, (client) => client.request('canaries.place', {}));
  return tell(outcome, 'Placed', json === true, context);
}

/** `holdfast canaries remove` */
export async function removeCanaries({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const outcome = await withEngine(context, (client) => client.request('canaries.remove', {}));
  return tell(outcome, 'Removed', json === true, context);
}

function tell(outcome: Outcome, done: string, asJson: boolean, context: CommandContext): ExitCode {
  if (asJson) writeJson(context.out, outcome);
  else {
    const { paths, problems } = outcome;
    writeLines(context.out, [
      `${done} ${formatCount(paths.length, 'canary', 'canaries')}.`,
      ...paths.map((path) => plainText(path)),
    ]);
    for (const { path, reason } of problems) remark(context, `${plainText(path)}: ${plainText(reason)}`);
  }
  return EXIT.fine;
}
