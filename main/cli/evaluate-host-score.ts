/** How well what was found fits what was done. Pure: the events are replayed elsewhere. */
import type { AttackCatalogue } from '../../contract/attack.ts';
import { type Alert, type Finding, SEVERITIES, type Severity } from '../../contract/domain.ts';

/** The project's promise. */
export const HOST_GATES = {
  /** Share of attacks with an alert of low or more that names the right tactic. */
  found: 0.7,
  /** The same of medium or more. */
  foundMedium: 0.45,
  /** Alerts of high or more in ordinary work. */
  benignHigh: 0,
  /** Alerts of medium or more for each 500 events of ordinary work. */
  benignMediumPer500: 1,
} as const;

/** Techniques that tests name by ids newer than the catalogue's: what they were called before. */
const NEWER_IDS: Readonly<Record<string, string>> = {
  T1680: 'T1082',
  T1685: 'T1562.001',
  'T1685.004': 'T1562.012',
  'T1685.006': 'T1070.002',
  T1686: 'T1562.004',
  T1689: 'T1562.010',
  T1690: 'T1562.003',
};

export interface Attack {
  readonly technique: string;
  readonly test: number;
  readonly name: string;
  readonly events: number;
}

/** What a replay found. */
export interface Found {
  readonly alerts: readonly Alert[];
  readonly findings: readonly Finding[];
}

/** One detector's word. */
export interface Voice {
  readonly how: 'rule' | 'behaviour';
  readonly severity: Severity;
  readonly title: string;
  readonly techniques: readonly string[];
}

export interface HostAttackScore extends Attack {
  readonly tactics: readonly string[];
  /** Severity of the worst alert that names the right tactic. */
  readonly alert: Severity | null;
  /** The same by one finding alone, without what joins it in an alert. */
  readonly finding: Severity | null;
  /** One of them names the technique itself, or its whole or part. */
  readonly isExact: boolean;
  /** Of the right tactic, the worst first. */
  readonly voices: readonly Voice[];
  /** Without what the recorder's own shell was told: what is seen of commands typed at a prompt. */
  readonly typed: Severity | null;
}

export interface HostBenignScore {
  readonly what: string;
  readonly events: number;
  readonly alerts: Readonly<Record<Severity, number>>;
  /** Findings of medium or more, each cause once, before they were joined. */
  readonly mediumFindings: number;
  /** Of medium or more. */
  readonly false: readonly Voice[];
}

export function scoreHostAttack(
  attack: Attack,
  found: Found,
  typed: Found,
  { techniques }: Pick<AttackCatalogue, 'techniques'>,
): HostAttackScore {
  const tacticsOf = (id: string): readonly string[] => techniques.get(id)?.tactics ?? [];
  const id = NEWER_IDS[attack.technique] ?? attack.technique;
  const tactics = tacticsOf(id);
  const isRight = (said: { readonly techniques: readonly string[] }): boolean =>
    said.techniques.some((each) => tacticsOf(each).some((tactic) => tactics.includes(tactic)));
  const findings = found.findings.filter(isRight);
  return {
    ...attack,
    tactics,
    alert: worst(found.alerts.filter(isRight)),
    finding: worst(findings),
    isExact: findings.some((finding) => finding.techniques.some((each) => wholeOf(each) === wholeOf(id))),
    voices: [...findings].sort(bySeverity).map(voiceOf),
    typed: worst(typed.alerts.filter(isRight)),
  };
}

export function scoreBenignWork(what: string, events: number, { alerts, findings }: Found): HostBenignScore {
  const count = (severity: Severity): number => alerts.filter((alert) => alert.severity === severity).length;
  const medium = findings.filter(({ severity }) => isAtLeast(severity, 'medium'));
  return {
    what,
    events,
    alerts: {
      info: count('info'),
      low: count('low'),
      medium: count('medium'),
      high: count('high'),
      critical: count('critical'),
    },
    mediumFindings: medium.length,
    false: [...medium].sort(bySeverity).map(voiceOf),
  };
}

export interface HostGate {
  readonly name: string;
  readonly value: number;
  /** ">= 0.7" */
  readonly wanted: string;
  readonly isMet: boolean;
}

export function hostGates(attacks: readonly HostAttackScore[], benign: readonly HostBenignScore[]): HostGate[] {
  const high = sum(benign, ({ alerts }) => alerts.high + alerts.critical);
  const medium = sum(benign, ({ alerts }) => alerts.medium) + high;
  const mediumPer500 =
    (medium * 500) /
    Math.max(
      1,
      sum(benign, ({ events }) => events),
    );
  const { found, foundMedium, benignHigh, benignMediumPer500 } = HOST_GATES;
  return [
    atLeast('attacks with an alert of the right tactic', shareOf(attacks, 'low'), found),
    atLeast('the same, medium or more', shareOf(attacks, 'medium'), foundMedium),
    atMost('alerts of high or more in ordinary work', high, benignHigh),
    atMost('alerts of medium or more for each 500 events of it', mediumPer500, benignMediumPer500),
  ];
}

/** Share of the attacks with an alert of this severity or more, 0 to 1. */
export function shareOf(
  attacks: readonly HostAttackScore[],
  least: Severity,
  by: 'alert' | 'finding' | 'typed' = 'alert',
): number {
  const count = attacks.filter((attack) => attack[by] !== null && isAtLeast(attack[by], least)).length;
  return attacks.length === 0 ? 0 : count / attacks.length;
}

function atLeast(name: string, value: number, wanted: number): HostGate {
  return { name, value, wanted: `>= ${wanted}`, isMet: value >= wanted };
}

function atMost(name: string, value: number, wanted: number): HostGate {
  return { name, value, wanted: `<= ${wanted}`, isMet: value <= wanted };
}

function sum<T>(of: readonly T[], value: (each: T) => number): number {
  return of.reduce((total, each) => total + value(each), 0);
}

function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

function worst(said: readonly { readonly severity: Severity }[]): Severity | null {
  return [...said].sort(bySeverity)[0]?.severity ?? null;
}

function bySeverity(first: { readonly severity: Severity }, second: { readonly severity: Severity }): number {
  return SEVERITIES.indexOf(second.severity) - SEVERITIES.indexOf(first.severity);
}

function voiceOf({ detector, severity, title, techniques }: Finding): Voice {
  return { how: detector.startsWith('sigma/') ? 'rule' : 'behaviour', severity, title, techniques };
}

/** "T1059" of "T1059.004". */
function wholeOf(id: string): string {
  return id.slice(0, 5);
}
