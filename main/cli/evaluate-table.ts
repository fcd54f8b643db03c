/** The evaluation in words and columns, for people. */
import type { AnalysisAlert } from '../../contract/analysis.ts';
import type { BeaconEvaluation, RankedBeacon } from './evaluate-beacons.ts';
import { type AttackScore, type BenignScore, COVERED_CATEGORIES, type Summary } from './evaluate-score.ts';

type Row = readonly (string | number)[];

/** Numbers to the right, words to the left. */
export function table(head: readonly string[], rows: readonly Row[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const isNumeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(cells[0]!), widths.map((width) => '-'.repeat(width)).join('  '), ...cells.slice(1).map(line)].join('\n');
}

function alertLine(alert: AnalysisAlert): string {
  return `[${alert.severity}] ${alert.kind}: ${alert.title}`;
}

export function evaluationText(
  attacks: readonly AttackScore[],
  benign: readonly BenignScore[],
  summary: Summary,
  problems: readonly string[],
  beacons: BeaconEvaluation | null = null,
): string {
  const sections = [
    table(
      ['attacks', 'captures', 'found', 'attacker right', 'victim right', 'all right', 'most alerts in one'],
      summary.categories.map((row) => [
        row.category,
        row.captures,
        row.found,
        row.attackerRight,
        row.victimRight,
        row.right,
        row.mostAlerts,
      ]),
    ),
    table(
      [
        'ordinary traffic',
        'captures',
        'active hours',
        'flows',
        'false alerts',
        'high',
        'per active hour',
        'per 1,000 flows',
      ],
      summary.benign.map((row) => [
        row.class,
        row.captures,
        round(row.activeHours),
        row.flows,
        row.falseAlerts,
        row.highAlerts,
        round(row.falseAlertsPerHour),
        round(row.falseAlertsPer1000Flows),
      ]),
    ),
    ...(beacons === null ? [] : beaconSections(beacons)),
    list('Missed or named wrongly', attacks.filter(isMiss).map(missLine)),
    list(
      'False alerts',
      benign.flatMap((score) => score.falseAlerts.map((alert) => `${score.file}: ${alertLine(alert)}`)),
    ),
    list(
      'Other alerts of medium or above in captures of attacks (for information)',
      attacks.flatMap((score) => score.others.map((alert) => `${score.file}: ${alertLine(alert)}`)),
    ),
    list(
      'Not covered yet',
      attacks
        .filter((score) => !(score.category in COVERED_CATEGORIES))
        .map((score) => `${score.category}: ${score.file}`),
    ),
    list('Could not be read', problems),
    table(
      ['gate', 'value', 'wanted', ''],
      summary.gates.map((gate) => [gate.name, round(gate.value), gate.wanted, gate.isMet ? 'met' : 'MISSED']),
    ),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function beaconSections({ published, beacons, ordinary, ordinaryPairs }: BeaconEvaluation): string[] {
  const rankRow = (kind: string) => (beacon: RankedBeacon) => [
    kind,
    beacon.name,
    beacon.calls,
    beacon.pauseSeconds,
    round(beacon.score),
    round(beacon.standing),
    beacon.severity ?? 'none',
  ];
  return [
    table(
      ['published beacon scores', 'what it is', 'calls', 'RITA', 'rhythm'],
      published.map(({ pair, truth, calls, rita, ours }) => [pair, truth, calls, rita, round(ours)]),
    ),
    table(
      [
        '',
        `beacons, and the highest of ${ordinaryPairs} ordinary pairs`,
        'calls',
        'pause, s',
        'rhythm',
        'ranked',
        'alert',
      ],
      [...beacons.map(rankRow('beacon')), ...ordinary.map(rankRow('ordinary'))],
    ),
  ];
}

export function isMiss(score: AttackScore): boolean {
  return score.category in COVERED_CATEGORIES && !(score.isFound && score.isAttackerRight && score.isVictimRight);
}

function missLine(score: AttackScore): string {
  if (score.best === null) return `${score.file}: no alert`;
  const wrong = [score.isAttackerRight ? '' : 'attacker', score.isVictimRight ? '' : 'victim'].filter(Boolean);
  return `${score.file}: ${wrong.join(' and ')} wrong in ${alertLine(score.best)}`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
