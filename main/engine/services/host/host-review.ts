import type { Alert, Finding } from '../../../../contract/domain.ts';
import type { HostEvent } from '../../../../contract/events.ts';
import { AlertBook } from '../../alerts/index.ts';
import { OWN_RULES, type RuleHit, type RuleProblem, readRuleFiles, SigmaRuleSet } from '../../rules/index.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import type { SectionSource } from '../traffic/watch.ts';
import { createHostWatch, type HostWatchCounters } from './host-watch.ts';

/** What was recorded, replayed. */
export interface HostReview {
  /** The most severe first. */
  readonly alerts: readonly Alert[];
  /** The last finding of each cause. */
  readonly findings: readonly Finding[];
  readonly ruleHits: readonly RuleHit[];
  readonly counters: HostWatchCounters;
}

const DEFAULTS: SectionSource = { section: (_path, table) => defaultsOf(table) };
/** What comes about once a second where the watch is live. */
const TICK_MS = 1_000;
/** Ticks between two events that are far apart: nobody waits for longer than this. */
const MAX_TICKS = 120;

/** The rules that come with Holdfast, and those of more files and folders. */
export function loadReviewRules(
  folders: readonly string[] = [],
): Readonly<{ rules: SigmaRuleSet; problems: readonly RuleProblem[] }> {
  // Whoever evaluates may read the rules: nobody acts on what is found here.
  const { files, problems } = readRuleFiles([OWN_RULES, ...folders], NOBODY);
  const rules = SigmaRuleSet.load(files);
  return { rules, problems: [...problems, ...rules.problems] };
}

/** Not root, who reads no files of others. */
const NOBODY = -1;

/** Replays events in the order of their times through behaviours and rules with default settings, and joins what is found. */
export function reviewHostEvents(events: readonly HostEvent[], rules: SigmaRuleSet | undefined): HostReview {
  const book = new AlertBook();
  const findings = new Map<string, Finding>();
  const ruleHits: RuleHit[] = [];
  const watch = createHostWatch({
    config: DEFAULTS,
    rules,
    onFinding: (finding) => {
      findings.set(finding.cause, finding);
      book.add(finding);
    },
    onRuleHit: (hit) => ruleHits.push(hit),
  });
  let nowMs = events[0]?.timeMs ?? 0;
  const pass = (untilMs: number): void => {
    for (let ticks = 0; nowMs + TICK_MS <= untilMs && ticks < MAX_TICKS; ticks++) {
      nowMs += TICK_MS;
      watch.tick(nowMs);
    }
    nowMs = Math.max(nowMs, untilMs);
  };
  for (const event of events) {
    pass(event.timeMs);
    watch.event(event);
  }
  pass(nowMs + MAX_TICKS * TICK_MS);
  return { alerts: book.list(), findings: [...findings.values()], ruleHits, counters: watch.counters() };
}
