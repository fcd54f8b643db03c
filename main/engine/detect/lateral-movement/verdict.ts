import type { Severity } from '../../../../contract/domain.ts';
import { controlled, type Source, type Target } from './travels.ts';

export interface Thresholds {
  readonly hosts: number;
  readonly controlledHosts: number;
  readonly learnUs: number;
}

/** What is to be told of a computer that works on others. */
export interface Verdict {
  readonly severity: Severity;
  readonly confidence: number;
  /** The targets that matter, the most important first. */
  readonly targets: readonly Target[];
  readonly controlled: number;
  readonly adminShares: number;
  /** Computers on the way from the first one, this one and its targets not counted. */
  readonly depth: number;
  readonly isUsual: boolean;
}

/** Times as many as ever before are not the usual any more. */
const UNUSUAL_FACTOR = 2;
/** Hops of one kind after each other: first → second → this one → the next. People hop once, over a host in between. */
const LONG_CHAIN = 2;
/** Nobody hops by Telnet; bots spread by it. */
const BOT_SERVICE = 'telnet';
const BOT_TARGETS = 3;

/** Null where it is ordinary work. */
export function judge(source: Source, thresholds: Thresholds, nowUs: number): Verdict | null {
  const all = [...source.targets.values()];
  const taken = controlled(source);
  const shares = all.filter((target) => target.actions.has('admin-share'));
  const depth = source.cameFrom?.depth ?? 0;
  const isLearnt = nowUs - source.firstUs >= thresholds.learnUs;
  const isUsual =
    isLearnt &&
    all.length <= source.usualTargets * UNUSUAL_FACTOR &&
    taken.length <= source.usualControlled * UNUSUAL_FACTOR;
  const facts = { controlled: taken.length, adminShares: shares.length, depth, isUsual };
  const isBot = depth >= 1 && source.cameFrom?.service === BOT_SERVICE && all.length >= BOT_TARGETS;

  if (isUsual) return null;
  if (taken.length >= thresholds.controlledHosts)
    return { ...facts, severity: 'high', confidence: 0.9, targets: taken };
  if (taken.length > 0 && depth >= 1) return { ...facts, severity: 'high', confidence: 0.85, targets: taken };
  if (isBot) return { ...facts, severity: 'high', confidence: 0.8, targets: all };
  if (taken.length > 0) return { ...facts, severity: 'medium', confidence: 0.7, targets: taken };
  if (shares.length >= thresholds.controlledHosts) {
    return { ...facts, severity: 'medium', confidence: 0.7, targets: shares };
  }
  if (depth >= LONG_CHAIN) return { ...facts, severity: 'medium', confidence: 0.6, targets: all };
  if (all.length >= thresholds.hosts) {
    return { ...facts, severity: isLearnt ? 'medium' : 'low', confidence: isLearnt ? 0.65 : 0.4, targets: all };
  }
  return null;
}
