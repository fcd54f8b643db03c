/** How well the alerts of an evaluation fit its labels. Pure: captures are analysed elsewhere. */
import type { AnalysisAlert } from '../../contract/analysis.ts';
import { type AlertKind, SEVERITIES, type Severity } from '../../contract/domain.ts';
import { type AttackLabel, type BenignLabel, isNamedHost, type LabelledHosts, readHosts } from './evaluate-labels.ts';

interface Category {
  readonly name: string;
  readonly kinds: readonly AlertKind[];
  /** Gate that it counts for; its own where it is left out. */
  readonly gate?: string;
  /** Share that must be found with the right attacker and victim. */
  readonly wanted: number;
  /**
   * The label names who sends first; the attacker of the alert is who controls, or receives what is stolen, and that
   * is the other end.
   */
  readonly isTurned?: boolean;
}

const CONTROL_KINDS: readonly AlertKind[] = ['reverse-shell', 'command-and-control', 'beaconing'];
const LEAK_KINDS: readonly AlertKind[] = ['exfiltration', 'dns-tunnel', 'tunnel'];
const EXPLOIT_KINDS: readonly AlertKind[] = ['exploit', 'web-attack'];

/** The categories that detectors exist for, by their name in the labels, and the kinds of alert that find them. */
export const COVERED_CATEGORIES: Readonly<Record<string, Category>> = {
  port_scan: { name: 'scan', kinds: ['port-scan', 'host-discovery'], wanted: 0.95 },
  brute_force: { name: 'brute force', kinds: ['brute-force'], wanted: 0.95 },
  ddos: { name: 'flood', kinds: ['denial-of-service'], wanted: 0.95 },
  dns_tunnel: { name: 'DNS tunnel', kinds: LEAK_KINDS, wanted: 0.95, isTurned: true },
  exfiltration: { name: 'exfiltration', kinds: LEAK_KINDS, wanted: 0.95, isTurned: true },
  reverse_shell_c2: { name: 'reverse shell', kinds: CONTROL_KINDS, wanted: 0.75, gate: 'shells and control' },
  beaconing: { name: 'beaconing', kinds: CONTROL_KINDS, wanted: 0.75, gate: 'shells and control' },
  web_attack: { name: 'web attack', kinds: EXPLOIT_KINDS, wanted: 0.75 },
  exploit: { name: 'exploit', kinds: EXPLOIT_KINDS, wanted: 0.75 },
  mitm: { name: 'man in the middle', kinds: ['man-in-the-middle'], wanted: 0.75 },
};

/** What must be reached besides; the numbers are the project's promise. */
export const GATES = {
  alertsPerFlood: 5,
  /** Alerts of severity high or above in ordinary traffic. */
  highInBenign: 0,
  /** Alerts of severity medium or above per active hour of ordinary traffic. */
  falseAlertsPerHour: 0.1,
  /** Alerts of severity medium or above where the use is ordinary but notable. */
  aboveLowInPolicy: 0,
} as const;

/** "many" in a label: an alert that counts fewer attackers has not seen it. */
const MANY_ATTACKERS = 10;

export interface AnalysedCapture {
  readonly flows: number;
  readonly alerts: readonly AnalysisAlert[];
}

export interface AttackScore {
  readonly id: string;
  readonly file: string;
  readonly category: string;
  readonly isFound: boolean;
  readonly isAttackerRight: boolean;
  readonly isVictimRight: boolean;
  /** The alert that fits best, null when none of the right kind came. */
  readonly best: AnalysisAlert | null;
  /** Alerts of the right kinds. */
  readonly alertCount: number;
  /** Other alerts of severity medium or above: signs of something else in the capture, or mistakes. */
  readonly others: readonly AnalysisAlert[];
}

export interface BenignScore {
  readonly file: string;
  readonly class: BenignLabel['class'];
  readonly activeSeconds: number;
  readonly flows: number;
  /** Alerts of severity medium or above. */
  readonly falseAlerts: readonly AnalysisAlert[];
}

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

export function scoreAttack(label: AttackLabel, capture: AnalysedCapture): AttackScore {
  const { kinds = [], isTurned = false } = COVERED_CATEGORIES[label.category] ?? {};
  const attackers = readHosts(isTurned ? label.victim : label.attacker);
  const victims = readHosts(isTurned ? label.attacker : label.victim);
  const fitting = capture.alerts
    .filter((alert) => isOfKind(alert, kinds))
    .map((alert) => ({
      alert,
      isAttackerRight: fits(attackers, alert.attackers, alert.attackerCount),
      isVictimRight: fits(victims, alert.victims, alert.victimCount),
    }))
    .sort((a, b) => rank(b) - rank(a));
  const best = fitting[0];
  return {
    id: label.id,
    file: label.file,
    category: label.category,
    isFound: best !== undefined,
    isAttackerRight: best?.isAttackerRight ?? false,
    isVictimRight: best?.isVictimRight ?? false,
    best: best?.alert ?? null,
    alertCount: fitting.length,
    others: capture.alerts.filter((alert) => !isOfKind(alert, kinds) && isAtLeast(alert.severity, 'medium')),
  };
}

/** An attack in several steps is of all their kinds. */
function isOfKind({ kind, stages = [] }: AnalysisAlert, kinds: readonly AlertKind[]): boolean {
  return [kind, ...stages.map((stage) => stage.kind)].some((each) => kinds.includes(each));
}

function rank(fit: { isAttackerRight: boolean; isVictimRight: boolean }): number {
  return Number(fit.isAttackerRight) + Number(fit.isVictimRight);
}

/** An alert is right about hosts when it names some that the label names, and nobody else. */
function fits(hosts: LabelledHosts, listed: readonly string[], count = listed.length): boolean {
  if (hosts.type === 'many') return Math.max(count, listed.length) >= MANY_ATTACKERS;
  // With nothing to compare, an alert that names anybody at all must do.
  if (hosts.type === 'unnamed') return Math.max(count, listed.length) > 0;
  return listed.length > 0 && listed.every((address) => isNamedHost(hosts, address));
}

export function scoreBenign(label: BenignLabel, capture: AnalysedCapture): BenignScore {
  return {
    file: label.file,
    class: label.class,
    activeSeconds: label.active_seconds,
    flows: capture.flows,
    falseAlerts: capture.alerts.filter(({ severity }) => isAtLeast(severity, 'medium')),
  };
}

export interface CategoryRow {
  readonly category: string;
  readonly captures: number;
  readonly found: number;
  readonly attackerRight: number;
  readonly victimRight: number;
  /** Found with both right. */
  readonly right: number;
  /** The most alerts of the category's kinds in one capture. */
  readonly mostAlerts: number;
}

export interface BenignRow {
  readonly class: BenignLabel['class'];
  readonly captures: number;
  readonly activeHours: number;
  readonly flows: number;
  readonly falseAlerts: number;
  readonly highAlerts: number;
  readonly falseAlertsPerHour: number;
  readonly falseAlertsPer1000Flows: number;
}

export interface Gate {
  readonly name: string;
  readonly value: number;
  /** ">= 0.9" */
  readonly wanted: string;
  readonly isMet: boolean;
}

export interface Summary {
  readonly categories: readonly CategoryRow[];
  readonly benign: readonly BenignRow[];
  readonly gates: readonly Gate[];
}

export function summarise(attacks: readonly AttackScore[], benign: readonly BenignScore[]): Summary {
  const categories = Object.entries(COVERED_CATEGORIES).map(([id, { name }]) =>
    categoryRow(
      name,
      attacks.filter((score) => score.category === id),
    ),
  );
  const rows = (['benign', 'policy'] as const).map((name) =>
    benignRow(
      name,
      benign.filter((score) => score.class === name),
    ),
  );
  return { categories, benign: rows, gates: gates(categories, rows) };
}

function categoryRow(category: string, scores: readonly AttackScore[]): CategoryRow {
  const count = (test: (score: AttackScore) => boolean) => scores.filter(test).length;
  return {
    category,
    captures: scores.length,
    found: count((score) => score.isFound),
    attackerRight: count((score) => score.isAttackerRight),
    victimRight: count((score) => score.isVictimRight),
    right: count((score) => score.isFound && score.isAttackerRight && score.isVictimRight),
    mostAlerts: scores.reduce((most, score) => Math.max(most, score.alertCount), 0),
  };
}

function benignRow(name: BenignLabel['class'], scores: readonly BenignScore[]): BenignRow {
  const activeHours = scores.reduce((sum, score) => sum + score.activeSeconds, 0) / 3600;
  const flows = scores.reduce((sum, score) => sum + score.flows, 0);
  const alerts = scores.flatMap((score) => score.falseAlerts);
  return {
    class: name,
    captures: scores.length,
    activeHours,
    flows,
    falseAlerts: alerts.length,
    highAlerts: alerts.filter((alert) => isAtLeast(alert.severity, 'high')).length,
    falseAlertsPerHour: activeHours === 0 ? 0 : alerts.length / activeHours,
    falseAlertsPer1000Flows: flows === 0 ? 0 : (alerts.length * 1000) / flows,
  };
}

/** Categories that share a gate are counted together. */
function foundGates(categories: readonly CategoryRow[]): Gate[] {
  const groups = Map.groupBy(Object.values(COVERED_CATEGORIES), ({ name, gate = name }) => gate);
  return [...groups].map(([name, members]) => {
    const rows = categories.filter((row) => members.some((member) => member.name === row.category));
    const captures = rows.reduce((sum, row) => sum + row.captures, 0);
    const right = rows.reduce((sum, row) => sum + row.right, 0);
    const wanted = Math.max(...members.map((member) => member.wanted));
    const value = captures === 0 ? 0 : right / captures;
    return {
      name: `${name}: found, attacker and victim right`,
      value,
      wanted: `at least ${wanted * 100} %`,
      isMet: value >= wanted,
    };
  });
}

function gates(categories: readonly CategoryRow[], benign: readonly BenignRow[]): Gate[] {
  const found = foundGates(categories);
  const flood = categories.find((row) => row.category === COVERED_CATEGORIES.ddos!.name);
  const mostAlerts = flood?.mostAlerts ?? 0;
  const high = benign.reduce((sum, row) => sum + row.highAlerts, 0);
  const ordinary = benign.find((row) => row.class === 'benign');
  const perHour = ordinary?.falseAlertsPerHour ?? 0;
  const notable = benign.find((row) => row.class === 'policy')?.falseAlerts ?? 0;
  return [
    ...found,
    {
      name: 'flood: alerts for one flood',
      value: mostAlerts,
      wanted: `at most ${GATES.alertsPerFlood}`,
      isMet: mostAlerts <= GATES.alertsPerFlood,
    },
    {
      name: 'ordinary traffic: alerts of high or above',
      value: high,
      wanted: `at most ${GATES.highInBenign}`,
      isMet: high <= GATES.highInBenign,
    },
    {
      name: 'ordinary traffic: alerts of medium or above per active hour',
      value: perHour,
      wanted: `at most ${GATES.falseAlertsPerHour}`,
      isMet: perHour <= GATES.falseAlertsPerHour,
    },
    {
      name: 'notable use (policy captures): alerts above low',
      value: notable,
      wanted: `at most ${GATES.aboveLowInPolicy}`,
      isMet: notable <= GATES.aboveLowInPolicy,
    },
  ];
}
