/** What is said about a file in which rules in YARA, or a list of hashes, recognised something. Pure. */
import type { Evidence, Finding, Severity } from '../../../../contract/domain.ts';
import { SEVERITIES } from '../../../../contract/domain.ts';
import type { Indicator } from '../../../../contract/indicators.ts';
import { plainText } from '../../../../contract/text.ts';
import { hostFinding, shownPath, shownProgram } from '../../behaviours/index.ts';
import type { FileVerdict, ScanHit } from '../rules/scan-messages.ts';
import { parentsOf, type WantedFile } from './file-watch-wants.ts';

export interface RecognisedFile {
  readonly wanted: WantedFile;
  readonly verdict: FileVerdict;
  /** Of rules that are on, with the ids that the lists of rules have. */
  readonly hits: readonly { readonly id: string; readonly hit: ScanHit }[];
  /** Lists that know one of its hashes. */
  readonly known: readonly Indicator[];
}

const MAX_SHOWN = 8;
const MAX_TEXT = 300;
const MAX_NAME = 80;
/** A list says it of this very content. */
const LIST_SEVERITY: Severity = 'high';
const LIST_CONFIDENCE = 0.9;
/** Rules of content are right about what they describe, and seldom about whether it is meant badly. */
const RULE_CONFIDENCE: Readonly<Record<Severity, number>> = {
  info: 0.4,
  low: 0.5,
  medium: 0.7,
  high: 0.85,
  critical: 0.95,
};
/** From here on a rule says that a file is harmful; below, that it is worth a look. */
const HARMFUL = SEVERITIES.indexOf('medium');

export function isHarmfulSeverity(severity: Severity): boolean {
  return rankOf(severity) >= HARMFUL;
}

/** ATT&CK: User Execution: Malicious File; and what brings it in. */
const RUN = 'T1204.002';
const BROUGHT_IN = 'T1105';

/** @throws Error where nothing was recognised */
export function findingOf({ wanted, verdict, hits, known }: RecognisedFile): Finding {
  const worst = [...hits].sort((a, b) => rankOf(b.hit.severity) - rankOf(a.hit.severity))[0];
  const listed = known[0];
  if (worst === undefined && listed === undefined) throw new Error('a finding needs a hit');
  const { path, how, process, timeMs } = wanted;
  const severity = listed === undefined ? worst!.hit.severity : worseOf(LIST_SEVERITY, worst?.hit.severity ?? 'info');
  const named = worst === undefined ? listed!.label || listed!.source : worst.hit.rule;
  const isHarmful = isHarmfulSeverity(severity);
  return hostFinding(
    {
      detector: worst === undefined ? 'indicators' : 'yara',
      kind: 'malware',
      cause: worst === undefined ? `indicators/${listed!.source}/${path}` : `yara/${worst.id}/${path}`,
      firstSeenMs: timeMs,
      lastSeenMs: timeMs,
      severity,
      confidence: listed === undefined ? RULE_CONFIDENCE[severity] : LIST_CONFIDENCE,
      techniques: techniquesOf(hits, how),
      title: `${titleOf(wanted, isHarmful)}: ${shownPath(path)} (${plainText(named, MAX_NAME)})`,
      explanation: explanationOf(worst?.hit, listed, isHarmful),
      evidence: evidenceOf(verdict, hits, known),
      ...(process !== undefined && { process }),
      files: [path],
    },
    { ancestors: () => (process === undefined ? [] : parentsOf(process)) },
  );
}

const rankOf = (severity: Severity): number => SEVERITIES.indexOf(severity);
const worseOf = (a: Severity, b: Severity): Severity => (rankOf(a) >= rankOf(b) ? a : b);

function titleOf({ how, process }: WantedFile, isHarmful: boolean): string {
  if (how === 'refused') return 'A harmful program was kept from running';
  const file = isHarmful ? 'a harmful file' : 'a suspicious file';
  if (how === 'run') return `A program was run from ${file}`;
  return process === undefined ? `There is ${file}` : `${shownProgram(process)} wrote ${file}`;
}

function techniquesOf(hits: RecognisedFile['hits'], how: WantedFile['how']): readonly string[] {
  return [...new Set([...hits.flatMap(({ hit }) => hit.techniques), how === 'written' ? BROUGHT_IN : RUN])];
}

function explanationOf(hit: ScanHit | undefined, listed: Indicator | undefined, isHarmful: boolean): string {
  const said = plainText(hit?.description ?? '', MAX_TEXT);
  return [
    ...(said === '' ? [] : [/[.!?…]$/.test(said) ? said : `${said}.`]),
    listed === undefined
      ? 'A rule in YARA recognised its content.'
      : `The list "${plainText(listed.source, MAX_NAME)}" knows exactly this content by its hash.`,
    isHarmful ? 'Do not run it.' : 'That alone does not make it harmful: find out what it is for.',
  ].join(' ');
}

function evidenceOf(verdict: FileVerdict, hits: RecognisedFile['hits'], known: readonly Indicator[]): Evidence[] {
  return [
    ...hits.slice(0, MAX_SHOWN).map(({ hit }) => ({
      name: 'rule',
      value: plainText(hit.rule, MAX_NAME),
      meaning: meaningOf(hit),
    })),
    ...known.slice(0, MAX_SHOWN).map(({ type, source, label }) => ({
      name: 'list',
      value: plainText(source, MAX_NAME),
      meaning: `Knows its ${type.toUpperCase()}${label === '' ? '' : ` as ${plainText(label, MAX_NAME)}`}.`,
    })),
    { name: 'size', value: verdict.sizeBytes, unit: 'B', meaning: 'Of the file when it was looked at.' },
    { name: 'SHA-256', value: verdict.sha256, meaning: 'Names exactly this content wherever it turns up.' },
  ];
}

function meaningOf({ description, inside, patterns }: ScanHit): string {
  const found = plainText(patterns.join(', '), MAX_TEXT);
  return [
    description === '' ? 'Describes content like this.' : plainText(description, MAX_TEXT),
    ...(inside === '' ? [] : [`Found inside of it, in ${plainText(inside, MAX_TEXT)}.`]),
    ...(found === '' ? [] : [`It found ${found}.`]),
  ].join(' ');
}
