/** An anomaly as a finding: who, what, why, in words. */
import type { Evidence, Finding, Severity } from '../../../contract/domain.ts';
import { formatNumber, formatSpan } from '../../../contract/format.ts';
import type { AnomalyJudgement, AnomalyReason } from '../../../contract/models.ts';
import { tellingReasons } from './reasons.ts';
import { signsOf } from './signs.ts';
import { TABLE_COLUMNS } from './tables.ts';

/** What an anomaly is about. */
export type AnomalySubject =
  | {
      readonly table: 'flow';
      readonly initiator: string;
      readonly responder: string;
      readonly responderPort: number;
      /** "tcp". */
      readonly transport: string;
      /** Of SERVICES; "unknown" where nobody knows. */
      readonly service: string;
      /** Which ends are in the own network. */
      readonly isInitiatorInside: boolean;
      readonly isResponderInside: boolean;
    }
  | { readonly table: 'host' /** Addresses of the computer. */; readonly addresses: readonly string[] }
  | { readonly table: 'process'; readonly program: string; readonly addresses: readonly string[] };

/** The rows of one cause. */
export interface AnomalyCase {
  readonly subject: AnomalySubject;
  /** Of the most unusual row. */
  readonly judgement: AnomalyJudgement;
  /** Rows of this cause that were unusual. */
  readonly rows: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

export const ANOMALY_DETECTOR = 'anomaly';
/** Reasons that are told in the explanation, and shown in the evidence. */
const TOLD_REASONS = 3;
const SHOWN_REASONS = 6;
const TOLD_SIGNS = 2;
/** So unusual, and in so many rows over so long, that it should be looked at soon. Never more by itself. */
const EXTREME_P_VALUE = 1e-6;
const SUSTAINED_ROWS = 3;
const SUSTAINED_MS = 300_000;
/** An anomaly is a question: it is not surer than this of being an attack, whatever its p-value. */
const MOST_CONFIDENCE = 0.5;
/** A p-value that a single model calls unusual. */
const UNUSUAL_P_VALUE = 0.01;
const MICROSECONDS_PER_SECOND = 1e6;
const PERCENT = 100;

/**
 * The name of what an anomaly is about: the same for all rows about the same two hosts and service, or the same
 * program. Rows of one cause are one alert.
 */
export function anomalyCause(subject: AnomalySubject): string {
  switch (subject.table) {
    case 'flow': {
      const { initiator, responder, service, transport, responderPort } = subject;
      return `anomaly/flow/${initiator}/${responder}/${service === 'unknown' ? `${transport}-${responderPort}` : service}`;
    }
    case 'host':
      return 'anomaly/host';
    case 'process':
      return `anomaly/process/${subject.program}`;
  }
}

/**
 * The finding of a cause's rows so far. Say it again with more rows: it replaces the former.
 *
 * An anomaly does not know who is to blame. For joining and for reading, the end outside of the own network stands as
 * the attacker and the one inside as the victim, whoever called; where both are on the same side, who called is the
 * attacker. Of the computer as a whole and of its programs no attacker is named.
 */
export function anomalyFinding({ subject, judgement, rows, firstSeenMs, lastSeenMs }: AnomalyCase): Finding {
  const { attackers, victims } = partiesOf(subject);
  const signs = signsOf(judgement);
  const severity = severityOf(judgement, rows, lastSeenMs - firstSeenMs);
  return {
    detector: ANOMALY_DETECTOR,
    kind: 'anomaly',
    cause: anomalyCause(subject),
    firstSeenMs,
    lastSeenMs,
    severity,
    confidence: Math.min(MOST_CONFIDENCE, judgement.probability / 2),
    techniques: signs.map(({ technique }) => technique),
    attackers,
    victims,
    attackerCount: attackers.length,
    victimCount: victims.length,
    title: `${titleStart(subject)}${titleEnd(tellingReasons(judgement.reasons))}`,
    explanation: explanationOf(subject, judgement, rows),
    evidence: evidenceOf(judgement, rows, { firstSeenMs, lastSeenMs }),
  };
}

/** Two to four sentences: how unusual, why, and what it may and need not mean. */
export function explanationOf(subject: AnomalySubject | null, judgement: AnomalyJudgement, rows = 1): string {
  const reasons = tellingReasons(judgement.reasons);
  const what = subject === null ? WHAT[judgement.table] : whatOf(subject);
  const often = rows > 1 ? `, and it happened ${formatNumber(rows)} times` : '';
  const sentences = [`${what} is unlike what is usual on this computer: ${rarity(judgement.pValue)}${often}.`];
  if (reasons.length > 0) {
    const told = reasons
      .slice(0, TOLD_REASONS)
      .map(({ words }) => words.replace('; ', ' ('))
      .map((words) => `${words})`);
    sentences.push(`It ${listed(told)}.`);
  } else sentences.push('No single value is far from what is usual; together they are.');
  const signs = signsOf(judgement).slice(0, TOLD_SIGNS);
  sentences.push(
    signs.length > 0
      ? `This may be a sign of ${signs.map(({ words }) => words).join(' or ')}, or of something new that is meant to be: nothing here proves an attack.`
      : 'It may be something new that is meant to be: nothing here proves an attack.',
  );
  return sentences.join(' ');
}

const WHAT = {
  flow: 'This conversation',
  host: 'What this computer did within ten seconds',
  process: 'What this program did within an hour',
} as const;

function whatOf(subject: AnomalySubject): string {
  switch (subject.table) {
    case 'flow':
      return `The ${serviceWords(subject)} of ${subject.initiator} with ${subject.responder}`;
    case 'host':
      return WHAT.host;
    case 'process':
      return `What ${subject.program} did within an hour`;
  }
}

function partiesOf(subject: AnomalySubject): Pick<Finding, 'attackers' | 'victims'> {
  if (subject.table !== 'flow') return { attackers: [], victims: subject.addresses };
  const { initiator, responder, isInitiatorInside, isResponderInside } = subject;
  return isInitiatorInside && !isResponderInside
    ? { attackers: [responder], victims: [initiator] }
    : { attackers: [initiator], victims: [responder] };
}

function severityOf({ pValue }: AnomalyJudgement, rows: number, spanMs: number): Severity {
  return pValue <= EXTREME_P_VALUE && rows >= SUSTAINED_ROWS && spanMs >= SUSTAINED_MS ? 'medium' : 'low';
}

function titleStart(subject: AnomalySubject): string {
  switch (subject.table) {
    case 'flow':
      return `Unusual ${serviceWords(subject)} of ${subject.initiator} with ${subject.responder}`;
    case 'host':
      return 'This computer did something unusual';
    case 'process':
      return `${subject.program} did something unusual`;
  }
}

function serviceWords(subject: Extract<AnomalySubject, { table: 'flow' }>): string {
  const { service, transport, responderPort } = subject;
  return service === 'unknown' ? `${transport} traffic (port ${responderPort})` : `${service} traffic`;
}

/** "sent 214 MB; usual is under 2 MB" without what is usual. */
function titleEnd([first]: readonly AnomalyReason[]): string {
  return first === undefined ? '' : `: ${first.words.split('; ', 1)[0]}`;
}

/** "only 1 of 20,000 usual ones is as unusual". */
function rarity(pValue: number): string {
  const one = 1 / pValue;
  const rounded = one >= MOST_TOLD ? `${formatNumber(MOST_TOLD)}` : formatNumber(Number(one.toPrecision(2)));
  return one >= MOST_TOLD
    ? `fewer than 1 of ${rounded} usual ones is as unusual`
    : `about 1 of ${rounded} usual ones is as unusual`;
}

/** Beyond it nobody can tell from the rows of days. */
const MOST_TOLD = 1_000_000;

function evidenceOf(
  { table, pValue, reasons, models }: AnomalyJudgement,
  rows: number,
  span: { readonly firstSeenMs: number; readonly lastSeenMs: number },
): Evidence[] {
  const asked = models.filter((model) => model.pValue !== null);
  const agreeing = asked.filter((model) => model.pValue! <= UNUSUAL_P_VALUE);
  return [
    ...reasons.slice(0, SHOWN_REASONS).map((reason) => reasonEvidence(table, reason)),
    {
      name: 'as unusual as',
      value: rarityValue(pValue),
      meaning: 'How rarely something usual is as unusual as this; by all models together.',
    },
    {
      name: 'models that find it unusual',
      value: `${agreeing.length} of ${asked.length}`,
      meaning: `At a rate of 1 in 100 usual rows: ${agreeing.map(({ kind }) => kind).join(', ') || 'none alone'}.`,
    },
    ...(rows > 1
      ? [
          {
            name: 'unusual rows',
            value: rows,
            unit: 'rows',
            meaning: `How often this was seen: ${formatSpan(span.firstSeenMs, span.lastSeenMs)}.`,
          },
        ]
      : []),
  ];
}

function rarityValue(pValue: number): string {
  const one = Math.min(MOST_TOLD, 1 / pValue);
  return `1 in ${formatNumber(Number(one.toPrecision(2)))}`;
}

function reasonEvidence(table: AnomalyJudgement['table'], reason: AnomalyReason): Evidence {
  const { feature, label, unit, value, usual, share, words } = reason;
  // It stands under a heading that says so.
  const usualWords = words.slice(words.indexOf('; ') + 2).replace(/^usual is /, '');
  const meaning = `${formatNumber(Math.round(share * PERCENT))} % of what makes it unusual.`;
  const names = TABLE_COLUMNS[table].find(({ name }) => name === feature)?.names;
  if (names !== undefined)
    return { name: label, value: names[value] ?? formatNumber(value), usual: usualWords, meaning };
  const scale = unit === 'µs' ? 1 / MICROSECONDS_PER_SECOND : 1;
  return {
    name: label,
    value: value * scale,
    ...(unit === '' ? {} : { unit: unit === 'µs' ? 's' : unit }),
    usual: usualWords,
    usualRange: { low: usual.low * scale, high: usual.high * scale },
    meaning,
  };
}

function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}
