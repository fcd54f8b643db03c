/** The evaluation of the host in words and columns, for people. */
import { plainText } from '../../contract/text.ts';
import {
  type HostAttackScore,
  type HostBenignScore,
  type HostGate,
  shareOf,
  type Voice,
} from './evaluate-host-score.ts';
import { table } from './evaluate-table.ts';

const MAX_NAME = 52;
const MAX_TITLE = 96;

export function hostEvaluationText(
  attacks: readonly HostAttackScore[],
  benign: readonly HostBenignScore[],
  gates: readonly HostGate[],
  problems: readonly string[],
): string {
  const missed = attacks.filter(({ alert }) => alert === null || alert === 'info');
  const sections = [
    table(
      ['technique', 'test', 'what is done', 'tactic', 'alert', 'by itself', 'exact', 'found by'],
      attacks.map((attack) => [
        attack.technique,
        attack.test,
        plainText(attack.name, MAX_NAME),
        attack.tactics[0] ?? 'unknown',
        attack.alert ?? '-',
        attack.finding ?? '-',
        attack.isExact ? 'yes' : '-',
        voiceText(attack.voices),
      ]),
    ),
    table(
      ['tactic', 'attacks', 'low or more', 'medium or more', 'unfound'],
      tacticsOf(attacks).map((tactic) => {
        const own = attacks.filter(({ tactics }) => (tactics[0] ?? 'unknown') === tactic);
        const count = (least: 'low' | 'medium'): number => Math.round(shareOf(own, least) * own.length);
        return [tactic, own.length, count('low'), count('medium'), own.length - count('low')];
      }),
    ),
    table(
      ['counted', 'low or more', 'medium or more'],
      (
        [
          ['alerts', 'alert'],
          ['single findings', 'finding'],
          ['alerts, without the command line of the shell that was given the whole test', 'typed'],
        ] as const
      ).map(([name, by]) => [name, percent(shareOf(attacks, 'low', by)), percent(shareOf(attacks, 'medium', by))]),
    ),
    table(
      ['ordinary work', 'events', 'info', 'low', 'medium', 'high', 'critical', 'medium findings'],
      benign.map(({ what, events, alerts, mediumFindings }) => [
        plainText(what, MAX_NAME),
        events,
        alerts.info,
        alerts.low,
        alerts.medium,
        alerts.high,
        alerts.critical,
        mediumFindings,
      ]),
    ),
    list(
      'False alarms',
      benign.flatMap((work) => work.false.map(voiceLine)),
    ),
    list(
      'Not found',
      missed.map(({ technique, test, name }) => `${technique} ${test}: ${plainText(name, MAX_TITLE)}`),
    ),
    list('Could not be read', problems),
    table(
      ['gate', 'value', 'wanted', ''],
      gates.map(({ name, value, wanted, isMet }) => [name, round(value), wanted, isMet ? 'met' : 'MISSED']),
    ),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function tacticsOf(attacks: readonly HostAttackScore[]): readonly string[] {
  return [...new Set(attacks.map(({ tactics }) => tactics[0] ?? 'unknown'))].sort();
}

function voiceText(voices: readonly Voice[]): string {
  const [first, ...others] = voices;
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${first.how}: ${plainText(first.title, MAX_TITLE)}${more}`;
}

function voiceLine({ how, severity, title, techniques }: Voice): string {
  return `[${severity}] ${how}: ${plainText(title, MAX_TITLE)} (${techniques.join(', ')})`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
