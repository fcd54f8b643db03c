/** What a person does with what Holdfast did: let it go on, end it, allow it; each asked before, and told after. */
import type { CallInput } from '../../../../contract/api.ts';
import type { ActionRecord } from '../../../../contract/api-actions.ts';
import type { Failure } from '../../../../contract/domain.ts';
import { plainText } from '../../../../contract/text.ts';
import { request } from '../../../lib/client.ts';
import { confirm } from '../../../lib/confirm.ts';
import { toast } from '../../../lib/toasts.ts';
import { reloadQueries } from '../../../lib/use-query.ts';
import { strings } from '../../../strings/index.ts';

const words = strings.alerts.story.responses;
const LONGEST_SENTENCE = 400;
/** Programs that are whatever they are given to run: of these one command line is allowed, not all. */
const INTERPRETER = /^(?:(?:ba|da|z|k|c|tc|fi)?sh|python|perl|ruby|php|node|lua|java|busybox)[\d.]*$/;

function tellFailure({ message, hint }: Failure): void {
  toast({ tone: 'failure', message: plainText(message, LONGEST_SENTENCE), detail: plainText(hint) });
}

/** "python3 (4711)". */
function nameOf({ targets }: ActionRecord): string {
  const [first] = targets;
  return first === undefined ? words.theProgram : plainText(`${first.name} (${first.pid})`, 80);
}

export async function letGoOn(action: ActionRecord): Promise<boolean> {
  const isSure = await confirm({
    title: words.undoTitle(nameOf(action)),
    body: words.undoBody,
    action: words.undo,
  });
  return isSure && change('actions.undo', action);
}

export async function end(action: ActionRecord): Promise<boolean> {
  const isSure = await confirm({
    title: words.endTitle(nameOf(action)),
    body: words.endBody,
    action: words.end,
    isDangerous: true,
  });
  return isSure && change('actions.end', action);
}

/** It goes on, and is not stopped next time; the undo of the word takes the entry away again. */
export async function allow(action: ActionRecord): Promise<boolean> {
  const input = allowInputOf(action);
  if (input === null) return false;
  const what = plainText(input.match.command ?? input.match.program ?? '', LONGEST_SENTENCE);
  const isSure = await confirm({
    title: words.allowTitle(nameOf(action)),
    body: words.allowBody(what),
    action: words.allow,
  });
  if (!isSure) return false;
  const answer = await request('allow.add', input);
  if (!answer.ok) {
    tellFailure(answer.failure);
    return false;
  }
  reloadQueries('allow.');
  reloadQueries('alerts.');
  const { id } = answer.value;
  toast({
    message: words.allowed(what),
    undo: { run: () => void request('allow.remove', { id }).then(() => reloadQueries('allow.')) },
  });
  return change('actions.undo', action);
}

/** The entry by which the same program may do it; null where it is not known by its path. */
export function allowInputOf({ targets, kind }: ActionRecord): CallInput<'allow.add'> | null {
  const [first] = targets;
  if (kind !== 'freeze' || first === undefined || !first.image.startsWith('/')) return null;
  const isInterpreter = INTERPRETER.test(first.image.slice(first.image.lastIndexOf('/') + 1));
  // One that was cut cannot be compared.
  if (isInterpreter && (first.commandLine === '' || first.commandLine.endsWith('…'))) return null;
  return {
    match: { kind: 'ransomware', program: first.image, ...(isInterpreter && { command: first.commandLine }) },
    maximumSeverity: 'critical',
    reason: words.allowReason,
  };
}

async function change(name: 'actions.undo' | 'actions.end', { id }: ActionRecord): Promise<boolean> {
  const answer = await request(name, { id });
  reloadQueries('actions.');
  reloadQueries('alerts.story');
  if (answer.ok) toast({ message: plainText(answer.value.sentence, LONGEST_SENTENCE) });
  else tellFailure(answer.failure);
  return answer.ok;
}
