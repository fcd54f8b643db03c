/**
 * An intrusion in its steps: the order in which they come, and how several kinds of findings about one attacker and
 * one victim become one alert (the kill chain, after Hutchins, Cloppert and Amin 2011).
 */
import type { AlertKind, AlertStage, Severity } from '../../../contract/domain.ts';
import { type Case, severityRank } from './rules.ts';
import type { Statement } from './statement.ts';

/** How far an attacker has come. */
const PHASES = ['looked around', 'tried to get in', 'took control', 'took or spread'] as const;
type Phase = number;

interface Step {
  readonly phase: Phase;
  /** What the attacker did to the victim, after "10.0.0.5 attacked 10.0.0.9: ". */
  readonly words: string;
}

/** Kinds that are steps of an intrusion. Floods, notices and anomalies are alerts of their own. */
const STEPS: Readonly<Partial<Record<AlertKind, Step>>> = {
  'port-scan': { phase: 0, words: 'scanned ports' },
  'host-discovery': { phase: 0, words: 'searched the network' },
  'brute-force': { phase: 1, words: 'guessed passwords' },
  'web-attack': { phase: 1, words: 'attacked the web server' },
  exploit: { phase: 1, words: 'attacked a weakness' },
  'malware-transfer': { phase: 1, words: 'brought in a program' },
  'reverse-shell': { phase: 2, words: 'had a shell' },
  'command-and-control': { phase: 2, words: 'gave orders' },
  beaconing: { phase: 2, words: 'was called regularly' },
  'lateral-movement': { phase: 3, words: 'went on to other computers' },
  tunnel: { phase: 3, words: 'opened a tunnel' },
  'dns-tunnel': { phase: 3, words: 'tunnelled data through DNS' },
  exfiltration: { phase: 3, words: 'took data' },
  discovery: { phase: 0, words: 'looked around' },
  execution: { phase: 1, words: 'ran something' },
  persistence: { phase: 2, words: 'made itself stay' },
  'privilege-escalation': { phase: 2, words: 'took rights' },
  'defence-evasion': { phase: 2, words: 'hid itself' },
  'credential-access': { phase: 3, words: 'went for passwords' },
  ransomware: { phase: 3, words: 'encrypted files' },
  malware: { phase: 1, words: 'brought in a program' },
};

/** A guessed password is a way in only when the guess was right: ATT&CK's "Valid Accounts". */
const SUCCESSFUL_LOGIN = 'T1078';

export function isStep(kind: AlertKind): boolean {
  return STEPS[kind] !== undefined;
}

/** Whether a finding says that the attacker is in, and is not a mild guess. */
export function isFoothold({
  kind,
  severity,
  techniques,
}: Pick<Statement, 'kind' | 'severity' | 'techniques'>): boolean {
  const step = STEPS[kind];
  if (step === undefined || step.phase === 0) return false;
  if (kind === 'brute-force') return techniques.some((id) => id.startsWith(SUCCESSFUL_LOGIN));
  return severityRank(severity) >= severityRank(step.phase === 1 ? 'high' : 'medium');
}

/** Whether two cases are steps of one intrusion, hosts and times aside: one of them got the attacker in. Symmetric. */
export function areStepsOfOne(first: Case, second: Case): boolean {
  if (!first.hasFoothold && !second.hasFoothold) return false;
  return first.kinds.every(isStep) && second.kinds.every(isStep);
}

/**
 * The steps in the order in which they began, one of each kind; none where all are of one kind.
 *
 * @param statements the strongest first: the first one of a kind gives the words
 * @param earlier what was known before; some of its statements may be gone, but not its times
 */
export function stagesOf(statements: readonly Statement[], earlier: readonly AlertStage[] = []): readonly AlertStage[] {
  const byKind = new Map<AlertKind, AlertStage>();
  for (const { kind, title, severity, techniques, firstSeenMs, lastSeenMs } of [...statements, ...earlier]) {
    const stage = byKind.get(kind) ?? { kind, title, severity, techniques, firstSeenMs, lastSeenMs };
    byKind.set(kind, {
      ...stage,
      firstSeenMs: Math.min(stage.firstSeenMs, firstSeenMs),
      lastSeenMs: Math.max(stage.lastSeenMs, lastSeenMs),
    });
  }
  const stages = [...byKind.values()];
  if (stages.length < 2) return [];
  return stages.sort((a, b) => a.firstSeenMs - b.firstSeenMs || phaseOf(a) - phaseOf(b) || (a.kind < b.kind ? -1 : 1));
}

function phaseOf({ kind }: AlertStage): Phase {
  return STEPS[kind]?.phase ?? PHASES.length;
}

/** Steps that a person at work takes as well, one or two at a time: installing, looking around, becoming root. */
const EVERYDAY: ReadonlySet<AlertKind> = new Set([
  'discovery',
  'execution',
  'persistence',
  'privilege-escalation',
  'defence-evasion',
  'credential-access',
]);
/** So many of them from one shell are no longer everyday. */
const EVERYDAY_STEPS = 3;

/**
 * A chain of two phases is at least high; one that got in and went on is critical, when one of the steps is beyond
 * doubt by itself. Of lesser signs nothing follows.
 */
export function chainSeverity(stages: readonly AlertStage[]): Severity {
  const certain = stages.filter(({ severity }) => severityRank(severity) >= severityRank('medium'));
  const phases = new Set(certain.map(phaseOf));
  if (phases.size < 2) return 'info';
  if (certain.length < EVERYDAY_STEPS && certain.every(({ kind }) => EVERYDAY.has(kind))) return 'info';
  const isSure = certain.some(({ severity }) => severityRank(severity) >= severityRank('high'));
  return isSure && phases.has(1) && (phases.has(2) || phases.has(3)) ? 'critical' : 'high';
}

/** Whether these are several phases of an intrusion, and not one phase seen in several ways. */
export function isChain(stages: readonly AlertStage[]): boolean {
  return new Set(stages.map(phaseOf)).size > 1;
}

/** "10.0.0.5 attacked 10.0.0.9 in 3 steps: scanned ports, guessed passwords, had a shell". */
export function chainTitle(stages: readonly AlertStage[], attackers: string, victims: string): string {
  const words = stages.map(({ kind }) => STEPS[kind]?.words ?? kind);
  return `${attackers} attacked ${victims} in ${stages.length} steps: ${words.join(', ')}`;
}

/** "bash did 3 things: looked around, took rights, hid itself". */
export function treeTitle(stages: readonly AlertStage[], program: string): string {
  const words = stages.map(({ kind }) => STEPS[kind]?.words ?? kind);
  return `${program || 'A program'} did ${stages.length} things: ${words.join(', ')}`;
}

/** The steps with their distances in time, as sentences. */
export function chainExplanation(stages: readonly AlertStage[], leadExplanation: string): string {
  const told = stages.map(({ title, firstSeenMs }, index) => {
    if (index === 0) return `First: ${title}.`;
    return `${laterText(firstSeenMs - stages[index - 1].firstSeenMs)}: ${title}.`;
  });
  return `Several findings tell one attack. ${told.join(' ')} ${leadExplanation}`;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

function laterText(milliseconds: number): string {
  if (milliseconds < 1_000) return 'At once';
  const [count, unit] =
    milliseconds < 2 * MINUTE_MS
      ? [milliseconds / 1_000, 'second']
      : milliseconds < 2 * HOUR_MS
        ? [milliseconds / MINUTE_MS, 'minute']
        : [milliseconds / HOUR_MS, 'hour'];
  const rounded = Math.round(count as number);
  return `${rounded} ${unit}${rounded === 1 ? '' : 's'} later`;
}
