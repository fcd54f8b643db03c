/** What is done with rules and lists, with the question before it and the word after it. */
import type { IndicatorListEntry } from '../../../contract/api-indicators.ts';
import type { RuleRow } from '../../../contract/api-rules.ts';
import type { Failure } from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { request } from '../../lib/client.ts';
import { confirm } from '../../lib/confirm.ts';
import { counted } from '../../lib/format.ts';
import { toast } from '../../lib/toasts.ts';
import { closeItem, currentAddress } from '../../lib/use-address.ts';
import { reloadQueries } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { itemOf, listItem } from './rule-list.ts';

const words = strings.rules;
const LONGEST_TITLE = 120;

const short = (text: string): string => plainText(text, LONGEST_TITLE);

function tellFailure({ message, hint }: Failure): void {
  toast({ tone: 'failure', message: plainText(message), detail: plainText(hint) });
}

/** Switches a rule, with the way back in the word after it. */
export async function switchRule(rule: RuleRow, isEnabled: boolean, hasUndo = true): Promise<void> {
  const { engine, id } = rule;
  const answer = await request('rules.enable', { engine, id, isEnabled });
  reloadQueries('rules.list');
  if (!answer.ok) return tellFailure(answer.failure);
  const title = short(rule.title);
  toast({
    message: isEnabled ? words.switchedOn(title) : words.switchedOff(title),
    detail: isEnabled ? undefined : words.switchedOffDetail,
    undo: hasUndo ? { run: () => void switchRule(rule, !isEnabled, false) } : undefined,
  });
}

/** Removes the file that a rule is in. @param rulesInFile how many go with it */
export async function removeRuleFile({ engine, file }: RuleRow, rulesInFile: number): Promise<void> {
  const name = short(file);
  const isSure = await confirm({
    title: words.remove.title(name),
    body: words.remove.body(name, counted(rulesInFile, words.rule)),
    action: words.remove.action,
    isDangerous: true,
  });
  if (!isSure) return;
  const answer = await request('rules.remove', { engine, name: file });
  if (!answer.ok) return tellFailure(answer.failure);
  if (itemOf(currentAddress().item)?.kind === 'rule') closeItem();
  reloadQueries('rules.');
  toast({ message: words.remove.removed(name) });
}

export async function reloadRules(): Promise<void> {
  const answer = await request('rules.reload', {});
  reloadQueries('rules.');
  if (!answer.ok) return tellFailure(answer.failure);
  const { rules, problems } = answer.value;
  toast({ message: words.reloaded(counted(rules, words.rule), counted(problems, words.problems.some)) });
}

export async function removeList({ name, entries }: IndicatorListEntry): Promise<void> {
  const isSure = await confirm({
    title: words.indicators.removeTitle(short(name)),
    body: words.indicators.removeBody(short(name), counted(entries, words.indicators.summary)),
    action: words.indicators.removeAction,
    isDangerous: true,
  });
  if (!isSure) return;
  const answer = await request('indicators.remove', { name });
  if (!answer.ok) return tellFailure(answer.failure);
  if (currentAddress().item === listItem(name)) closeItem();
  reloadQueries('indicators.');
  toast({ message: words.indicators.removed(short(name)) });
}
