/** The thread that runs Sigma rules over stored events: nobody waits for it, and it may be ended at any time. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EventMatch } from '../../../../contract/api-events.ts';
import { plainText } from '../../../../contract/text.ts';
import { type RuleHit, SigmaRuleSet } from '../../rules/index.ts';
import { FailureError, failureOf } from '../../runtime/failure.ts';
import { eventHistory, type StoredEvent } from '../../store/index.ts';
import { type EventMatchMessage, type EventMatchTask, NOTHING_MATCHED } from './event-match-messages.ts';

/** Five a second look smooth. */
const PROGRESS_MS = 200;
/** What of a rule fits, in one line. */
const MAX_REASON = 300;
/** Text of the events of one item; an item stays far below what a socket carries at once. */
const MAX_ITEM_CHARACTERS = 2_000_000;

const port = parentPort;
if (port === null) throw new Error('event-match-worker.ts runs as a worker thread of the engine');
const task = workerData as EventMatchTask;
const post = (message: EventMatchMessage): void => port.postMessage(message);

let scanned = 0;
let damaged = 0;
let total = 0;
let given = 0;
let matches: EventMatch[] = [];
let characters = 0;

function tell(progress: number, isDone: boolean, failure: EventMatchMessage['failure'] = null): void {
  post({ progress, scanned, damaged, matches, total, isDone, failure });
  matches = [];
  characters = 0;
}

/** @throws FailureError `bad-rule` */
function compiled(text: string): SigmaRuleSet {
  const rules = SigmaRuleSet.load([{ path: 'rule', text }], { emulateAudit: true });
  const [problem] = rules.problems;
  if (problem !== undefined) {
    const hint = 'Correct the line and run it again. "holdfast help rules" says where the format is explained.';
    throw new FailureError({
      code: 'bad-rule',
      message: plainText(`Line ${problem.line}: ${problem.reason}`),
      hint,
    });
  }
  if (rules.detections.length === 0) {
    const hint = 'A rule has "title", "logsource" and "detection" with a "condition".';
    throw new FailureError({ code: 'bad-rule', message: 'There is no rule in this text.', hint });
  }
  return rules;
}

function reasonOf({ matched, correlation }: RuleHit): string {
  if (correlation !== undefined) return `${correlation.count} counted for ${correlation.group}`;
  return matched.map(({ field, value }) => (field === '' ? value : `${field}: ${value}`)).join('; ');
}

function note({ id, event }: StoredEvent, hits: readonly RuleHit[]): void {
  for (const hit of hits) {
    total += 1;
    if (given >= task.limit) continue;
    given += 1;
    const { title, level } = hit.rule;
    matches.push({
      id: `e-${id}`,
      event,
      rule: plainText(title),
      level: String(level),
      reason: plainText(reasonOf(hit), MAX_REASON),
    });
    characters += JSON.stringify(event).length;
  }
}

try {
  const rules = compiled(task.rule);
  let toldMs = performance.now();
  for await (const { events, progress, damaged: unread } of eventHistory(task.path, task)) {
    damaged = unread;
    for (const stored of events) {
      scanned += 1;
      note(stored, rules.match(stored.event));
      if (characters > MAX_ITEM_CHARACTERS) tell(progress, false);
    }
    if (performance.now() - toldMs < PROGRESS_MS) continue;
    toldMs = performance.now();
    tell(progress, false);
  }
  tell(1, true);
} catch (error) {
  const hint = 'Health says whether the database works. If it does, please report this with the rule.';
  post({ ...NOTHING_MATCHED, scanned, damaged, total, isDone: true, failure: failureOf(error, 'match-failed', hint) });
}
