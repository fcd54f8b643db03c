import type { Finding } from '../../../../contract/domain.ts';
import type { HostEvent } from '../../../../contract/events.ts';
import { BEHAVIOURS, BehaviourHost, type HostSamples, type ProcessTree } from '../../behaviours/index.ts';
import type { RuleHit, SigmaRuleSet } from '../../rules/index.ts';
import { behaviourSection } from '../alerts/section-names.ts';
import type { SectionSource } from '../traffic/watch.ts';
import { SigmaFindings } from './sigma-findings.ts';

export interface HostWatchOptions {
  readonly config: SectionSource;
  /** Sigma rules to ask about every event; undefined for behaviours alone. */
  readonly rules: SigmaRuleSet | undefined;
  /** Number of the engine's process: what it and those below it do is not judged. */
  readonly ownPid?: number;
  /** The same cause again means that more is known now. */
  readonly onFinding: (finding: Finding) => void;
  /** Files that were laid out for nobody to use. */
  readonly canaries?: readonly string[];
  /** Every hit, also those that repeat a finding that was told a moment ago. No event where only time passed. */
  readonly onRuleHit?: (hit: RuleHit, event: HostEvent | undefined) => void;
}

/** Totals since the watch was made. */
export interface HostWatchCounters {
  readonly events: number;
  readonly findings: number;
  /** Events that a behaviour or a rule failed at: mistakes of ours. The others were asked all the same. */
  readonly failures: number;
  readonly ruleHits: number;
}

export interface HostWatch {
  /** In the order of their time, roughly. Never throws for what stands in an event. */
  event(event: HostEvent): void;
  /** The first half of `event`: behaviours alone. `match` must follow, with no event left out and in the same order. */
  behave(event: HostEvent): void;
  /** The second half: rules alone. */
  match(event: HostEvent): void;
  /**
   * About once a second, in the time of the events.
   * @param matchedMs time up to which `match` was called, where it is behind `behave`
   * @param samples left out where events are replayed
   */
  tick(nowMs: number, matchedMs?: number, samples?: HostSamples): void;
  counters(): HostWatchCounters;
  /** Other rules from now on. What behaviours know is kept; correlations count anew. */
  takeRules(rules: SigmaRuleSet | undefined): void;
  takeCanaries(paths: readonly string[]): void;
  /** Where processes come from. */
  readonly processes: ProcessTree;
}

/** From events of the host to findings: every behaviour that is switched on, and the rules. Pure. */
export function createHostWatch(options: HostWatchOptions): HostWatch {
  const { config, onRuleHit } = options;
  let { rules } = options;
  let canaries = new Set(options.canaries);
  const host = new BehaviourHost();
  const told = new SigmaFindings(host.processes);
  let events = 0;
  let findings = 0;
  let ruleHits = 0;
  let ruleFailures = 0;

  const report = (finding: Finding): void => {
    findings++;
    options.onFinding(finding);
  };
  for (const behaviour of BEHAVIOURS) {
    const settings = config.section(behaviourSection(behaviour.id), behaviour.settings);
    if (!settings.enabled) continue;
    const isCanary = (path: string): boolean => canaries.has(path);
    host.add(behaviour.create({ settings, processes: host.processes, isCanary, report }), behaviour.events);
  }

  const tell = (hits: readonly RuleHit[], event: HostEvent | undefined): void => {
    for (const hit of hits) {
      ruleHits++;
      onRuleHit?.(hit, event);
      const finding = told.finding(hit, event);
      if (finding !== undefined) report(finding);
    }
  };
  const ask = (question: () => readonly RuleHit[], event: HostEvent | undefined): void => {
    try {
      tell(question(), event);
    } catch {
      ruleFailures++;
    }
  };

  const isOwn = (event: HostEvent): boolean => {
    const { ownPid } = options;
    if (ownPid === undefined || !('process' in event) || event.process === undefined) return false;
    const { pid, parent, ancestors } = event.process;
    return pid === ownPid || parent?.pid === ownPid || ancestors?.some((each) => each.pid === ownPid) === true;
  };

  const behave = (event: HostEvent): void => {
    events++;
    // An engine that is ended is told all the same: see self-protection.ts.
    if (event.type !== 'process-exit' && isOwn(event)) host.processes.event(event);
    else host.event(event);
  };
  const match = (event: HostEvent): void => {
    const asked = rules;
    if (asked === undefined || (event.type !== 'process-exit' && isOwn(event))) return;
    ask(() => asked.match(event), event);
  };

  return {
    processes: host.processes,
    event: (event) => {
      behave(event);
      match(event);
    },
    behave,
    match,
    tick: (nowMs, matchedMs = nowMs, samples) => {
      host.tick(nowMs, samples);
      const asked = rules;
      if (asked !== undefined) ask(() => asked.advance(Math.min(nowMs, matchedMs)), undefined);
    },
    takeRules: (others) => {
      rules = others;
    },
    takeCanaries: (paths) => {
      canaries = new Set(paths);
    },
    counters: () => ({ events, findings, failures: host.failures + ruleFailures, ruleHits }),
  };
}
