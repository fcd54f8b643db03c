import { basename } from 'node:path';
import { KIND_WORDS } from '../../../contract/alert-words.ts';
import type { AnalysisAlert, AnalysisDocument, AnalysisNote } from '../../../contract/analysis.ts';
import type { AlertKind, Severity } from '../../../contract/domain.ts';
import { SEVERITIES } from '../../../contract/domain.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatSpan } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { hanging, wrap } from '../terminal/layout.ts';
import { type Paint, severityLabel } from '../terminal/paint.ts';
import { alertStory, type Techniques, type ToldAlert } from './alert-text.ts';

export interface AnalysisTextOptions {
  readonly width: number;
  readonly paint: Paint;
  /** Alerts below are counted, not told. */
  readonly minimumSeverity: Severity;
  readonly techniques?: Techniques;
  /** What was looked for: without it, "nothing found" says nothing. */
  readonly kinds: readonly AlertKind[];
}

/** Alerts of this level or worse are for a person to look at; those below are notices. */
const NEEDS_ATTENTION: Severity = 'medium';
/** Stories told in full. Nobody reads more of them in a terminal; --json and --report have all. */
const MAX_STORIES = 50;
/** Longest path that is written out. */
const MAX_PATH = 200;

export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export function isAtLeast(severity: Severity, minimum: Severity): boolean {
  return severityRank(severity) >= severityRank(minimum);
}

/** What `analyze` says to a person: am I safe, what happened, what is not known. Lines without their ends. */
export function analysisText(document: AnalysisDocument, options: AnalysisTextOptions): string[] {
  const { width, paint, minimumSeverity, techniques } = options;
  const told = document.alerts.filter((alert) => isAtLeast(alert.severity, minimumSeverity));
  const stories = told
    .slice(0, MAX_STORIES)
    .map((alert) => alertStory(toldAlert(alert), { width, paint, techniques, isLocal: false }));
  const hidden = document.alerts.length - told.length;
  return [
    ...verdict(document, paint, width),
    ...wrap(factsText(document), width).map((line) => paint('quiet', line)),
    ...anomalyLines(document, options),
    ...document.capture.notes.flatMap((note) => noteLines(note, width, paint)),
    ...stories.flatMap((story) => ['', ...story]),
    ...(told.length > MAX_STORIES
      ? ['', `${formatCount(told.length - MAX_STORIES, 'more alert')}: see them with --json or --report FILE.`]
      : []),
    ...(hidden > 0 ? ['', `${formatCount(hidden, 'alert')} below ${minimumSeverity} not shown.`] : []),
    ...(document.alerts.length === 0 && options.kinds.length > 0 ? ['', ...lookedFor(options.kinds, width)] : []),
  ];
}

function toldAlert({ firstSeen, lastSeen, stages, ...alert }: AnalysisAlert): ToldAlert {
  return {
    ...alert,
    firstSeenMs: Date.parse(firstSeen),
    lastSeenMs: Date.parse(lastSeen),
    stages: stages?.map((stage) => ({ ...stage, firstSeenMs: Date.parse(stage.firstSeen) })),
  };
}

function captureName({ capture }: AnalysisDocument): string {
  return capture.path === '-' ? 'standard input' : plainText(basename(capture.path), MAX_PATH);
}

function verdict(document: AnalysisDocument, paint: Paint, width: number): string[] {
  const name = captureName(document);
  const worst = document.alerts[0]?.severity;
  const serious = document.alerts.filter((alert) => isAtLeast(alert.severity, NEEDS_ATTENTION)).length;
  const notices = document.alerts.length - serious;
  const also = notices === 0 ? '' : `, and ${formatCount(notices, 'lesser notice')}`;
  const painted = (style: Severity | 'protected', mark: string, sentence: string): string[] =>
    hanging(
      `${paint(style, mark)} `,
      sentence
        .split(' ')
        .map((word) => paint('bold', word))
        .join(' '),
      width,
    );
  if (worst === undefined) {
    return document.capture.packets === 0
      ? painted('info', '○', `There is nothing to judge: ${name} holds no packets.`)
      : painted('protected', '✓', `Nothing suspicious found in ${name}.`);
  }
  if (serious === 0) {
    return painted('low', '●', `Nothing needs you: ${formatCount(notices, 'notice')} in ${name}.`);
  }
  const [mark] = severityLabel((_style, text) => text, worst);
  return painted(worst, mark, `${formatCount(serious, 'alert needs', 'alerts need')} attention in ${name}${also}.`);
}

function factsText({ capture, flows, hosts, elapsedSeconds }: AnalysisDocument): string {
  const { firstSeen, lastSeen } = capture;
  const span =
    firstSeen === null || lastSeen === null ? '' : ` · ${formatSpan(Date.parse(firstSeen), Date.parse(lastSeen))} UTC`;
  return (
    `${formatCount(capture.packets, 'packet')}, ${formatBytes(capture.bytes)} · ` +
    `${formatCount(flows, 'flow')} between ${formatCount(hosts, 'host')}${span} · ` +
    `${capture.format}, read in ${formatDuration(elapsedSeconds * 1000)}` +
    (basename(capture.path) === capture.path ? '' : ` · ${plainText(capture.path, MAX_PATH)}`)
  );
}

/** Whether anything was judged by what had been learnt, and what came of it. */
function anomalyLines({ anomalies }: AnalysisDocument, { width, paint }: AnalysisTextOptions): string[] {
  if (anomalies === undefined) return [];
  return wrap(plainText(anomalies.detail, MAX_DETAIL), width).map((line) => paint('quiet', line));
}

const MAX_DETAIL = 500;

function noteLines({ message, byteOffset, packetNumber, count }: AnalysisNote, width: number, paint: Paint): string[] {
  const places = [
    packetNumber === null ? '' : `packet ${formatNumber(packetNumber)}`,
    byteOffset === null ? '' : `byte ${formatNumber(byteOffset)}`,
  ].filter((place) => place !== '');
  const times = count > 1 && places.length > 0 ? `; ${formatNumber(count)} times` : '';
  const where = places.length === 0 ? '' : ` (at ${places.join(', ')}${times})`;
  return hanging(`${paint('medium', '!')} `, plainText(message) + where, width);
}

function lookedFor(kinds: readonly AlertKind[], width: number): string[] {
  return [
    'Looked for',
    ...[...new Set(kinds)].flatMap((kind) => hanging('  · ', KIND_WORDS[kind].lookedFor, width)),
    ...wrap('Not known: what is inside encrypted connections, and what happened outside of this capture.', width),
  ];
}
