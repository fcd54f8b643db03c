import { KIND_WORDS } from '../../../contract/alert-words.ts';
import type { AttackCatalogue } from '../../../contract/attack.ts';
import type { AlertKind, Evidence, FileRecord, ProcessRecord, Severity } from '../../../contract/domain.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatSpan,
  formatTime,
  unitFor,
} from '../../../contract/format.ts';
import { treeRows } from '../../../contract/process-tree.ts';
import { plainText } from '../../../contract/text.ts';
import { hanging, wrap } from '../terminal/layout.ts';
import { type Paint, severityLabel } from '../terminal/paint.ts';

/** What an alert's story needs; both the document's alerts and the engine's own can give it. */
export interface ToldAlert {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** 0 to 1. */
  readonly confidence: number;
  readonly techniques: readonly string[];
  readonly attackers: readonly string[];
  readonly victims: readonly string[];
  readonly attackerCount?: number;
  readonly victimCount?: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly findings: number;
  readonly explanation: string;
  readonly evidence: readonly Evidence[];
  readonly related?: readonly string[];
  readonly stages?: readonly { readonly kind: AlertKind; readonly title: string; readonly firstSeenMs: number }[];
  readonly processes?: readonly ProcessRecord[];
  readonly files?: readonly FileRecord[];
}

/** Names behind technique ids, where the catalogue is at hand. */
export type Techniques = Pick<AttackCatalogue, 'techniques' | 'tactics'>;

const MARGIN = '  ';
/** Hosts named in a line of text; the document has more of them. */
const NAMED_HOSTS = 6;
const NAMED_FILES = 6;
/** Longest command line in a line of text. */
const MAX_COMMAND = 200;
const MAX_INDENT = 8;
/** Longest explanation that is shown: four sentences are far shorter. */
const MAX_EXPLANATION = 2_000;

export interface StoryOptions {
  readonly width: number;
  readonly paint: Paint;
  readonly techniques?: Techniques;
  /** Of this computer's own traffic in its own time; of a capture in UTC, for it does not say where it was taken. */
  readonly isLocal: boolean;
}

/** One alert as a story: who did what to whom, in words, with the numbers that show it. */
export function alertStory(alert: ToldAlert, { width, paint, techniques, isLocal }: StoryOptions): string[] {
  const room = width - MARGIN.length;
  const label = severityLabel(paint, alert.severity);
  const body = [
    ...wrap(plainText(alert.explanation, MAX_EXPLANATION), room),
    '',
    ...stepLines(alert, isLocal, room, paint),
    ...fact('When', whenText(alert, isLocal), room, paint),
    ...fact('From', hostsText(alert.attackers, alert.attackerCount), room, paint),
    ...fact('To', hostsText(alert.victims, alert.victimCount), room, paint),
    ...processLines(alert, room, paint),
    ...fileLines(alert, room, paint),
    ...alert.evidence.flatMap((evidence, index) =>
      hanging(factName(index === 0 ? 'Evidence' : '', paint), evidenceText(evidence, paint), room),
    ),
    ...alert.techniques.flatMap((id, index) =>
      hanging(factName(index === 0 ? 'ATT&CK' : '', paint), techniqueText(id, techniques), room),
    ),
    ...fact('Alert', identityText(alert), room, paint),
  ];
  return [...hanging(`${label}  `, paintTitle(plainText(alert.title), paint), width), ...indented(body)];
}

/** A title keeps its weight over a line break, so each word is painted. */
function paintTitle(title: string, paint: Paint): string {
  return title
    .split(' ')
    .map((word) => paint('bold', word))
    .join(' ');
}

const FACT_COLUMNS = 10;

function factName(name: string, paint: Paint): string {
  return paint('quiet', name.padEnd(FACT_COLUMNS));
}

function fact(name: string, text: string, width: number, paint: Paint): string[] {
  return text === '' ? [] : hanging(factName(name, paint), text, width);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : MARGIN + line));
}

/** The steps of an intrusion, in order. */
function stepLines({ stages = [] }: ToldAlert, isLocal: boolean, width: number, paint: Paint): string[] {
  return stages.flatMap(({ kind, title, firstSeenMs }, index) => {
    const time = formatTime(isLocal ? localMs(firstSeenMs) : firstSeenMs);
    const text = `${time}  ${KIND_WORDS[kind].name}: ${plainText(title)}`;
    return hanging(factName(index === 0 ? 'Steps' : '', paint), text, width);
  });
}

/** The programs of the story, each below the one that started it. */
function processLines({ processes = [] }: ToldAlert, width: number, paint: Paint): string[] {
  return treeRows(processes).flatMap(({ process: { pid, image, commandLine, user }, depth }, index) => {
    const by = user === undefined ? '' : ` ${paint('quiet', plainText(user))}`;
    const name = factName(index === 0 ? 'Programs' : '', paint) + '  '.repeat(Math.min(depth, MAX_INDENT));
    return hanging(name, `${plainText(commandLine || image, MAX_COMMAND)} ${paint('quiet', `(${pid})`)}${by}`, width);
  });
}

function fileLines({ files = [] }: ToldAlert, width: number, paint: Paint): string[] {
  const shown = files.slice(0, NAMED_FILES).map(({ path }) => plainText(path));
  const others = files.length - shown.length;
  const text = others > 0 ? `${shown.join(', ')} and ${formatNumber(others)} more` : shown.join(', ');
  return fact('Files', text, width, paint);
}

function whenText({ firstSeenMs, lastSeenMs }: ToldAlert, isLocal: boolean): string {
  const lasted = lastSeenMs > firstSeenMs ? `, ${formatDuration(lastSeenMs - firstSeenMs)}` : '';
  const span = isLocal ? formatSpan(localMs(firstSeenMs), localMs(lastSeenMs)) : formatSpan(firstSeenMs, lastSeenMs);
  return `${span}${isLocal ? '' : ' UTC'}${lasted}`;
}

const MS_PER_MINUTE = 60_000;

/** A time that reads, when it is written as UTC, as it is on this computer's clock. */
export function localMs(milliseconds: number): number {
  return milliseconds - new Date(milliseconds).getTimezoneOffset() * MS_PER_MINUTE;
}

/** "10.0.0.5, 10.0.0.6 and 12 more". */
export function hostsText(hosts: readonly string[], count: number = hosts.length): string {
  const named = hosts.slice(0, NAMED_HOSTS).map((host) => plainText(host));
  const others = Math.max(count, hosts.length) - named.length;
  if (named.length === 0) return others > 0 ? formatCount(others, 'address', 'addresses') : '';
  return others > 0 ? `${named.join(', ')} and ${formatNumber(others)} more` : named.join(', ');
}

function evidenceText({ name, value, unit, usual, meaning }: Evidence, paint: Paint): string {
  const measured = typeof value === 'number' ? measureText(value, unit) : plainText(value);
  const compared = usual === undefined ? '' : ` (usual: ${plainText(usual)})`;
  return `${plainText(name)}: ${paint('bold', measured)}${compared}. ${paintWords(plainText(meaning), paint)}`;
}

/** A quiet sentence stays quiet over line breaks. */
function paintWords(text: string, paint: Paint): string {
  return text
    .split(' ')
    .map((word) => paint('quiet', word))
    .join(' ');
}

/** "1.21 MB", "4 min 12 s", "53 per second". */
export function measureText(value: number, unit: string | undefined): string {
  if (unit === 'B') return formatBytes(value);
  if (unit === 's') return formatDuration(value * 1000);
  if (unit === 'ms') return formatDuration(value);
  // A whole number without a unit is no amount but a name, such as that of a port.
  if (unit === undefined) return Number.isInteger(value) ? String(value) : formatNumber(value);
  return `${formatNumber(value)} ${plainText(unitFor(value, unit))}`;
}

/** "T1110.001 Password Guessing (Credential Access)". */
export function techniqueText(id: string, catalogue: Techniques | undefined): string {
  const technique = catalogue?.techniques.get(id);
  if (catalogue === undefined || technique === undefined) return plainText(id);
  const tactics = technique.tactics.map((name) => catalogue.tactics.find((tactic) => tactic.id === name)?.name ?? name);
  return `${id} ${technique.name} (${tactics.join(', ')}): ${technique.meaning}`;
}

function identityText({ id, confidence, findings, related = [] }: ToldAlert): string {
  const parts = [plainText(id), `${Math.round(confidence * 100)} % sure`, formatCount(findings, 'finding')];
  if (related.length > 0)
    parts.push(
      `see also ${related
        .slice(0, NAMED_HOSTS)
        .map((other) => plainText(other))
        .join(', ')}`,
    );
  return parts.join(' · ');
}
