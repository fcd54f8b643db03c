import { type Evidence, type Finding, MAX_LISTED_HOSTS } from '../../../contract/domain.ts';
import { CONNECTION_FLOOD_FORMS } from './connection-flood-forms.ts';
import { countOf, formatCount, formatDuration, listOf } from './finding-text.ts';

/** What is known of one flood of whole connections so far; cumulative. */
export interface ConnectionFloodSummary {
  readonly victim: string;
  readonly ports: readonly number[];
  readonly firstUs: number;
  readonly lastUs: number;
  /** By index into CONNECTION_FLOOD_FORMS: the most that was measured, and what would have been too much. */
  readonly peaks: readonly number[];
  readonly limits: readonly number[];
  /** Clients that carry it, the first to be noticed first. Empty where none stands out or may be named. */
  readonly attackers: readonly string[];
  /** Clients in all. */
  readonly clients: number;
  /** Largest share of connections that got no answer, 0 to 1. */
  readonly failingShare: number;
}

/** Above the limit by this much, the server is in trouble whatever it can do. */
const SEVERE_FACTOR = 3;
/** From this many held connections on, a web server with its usual settings has no place left. */
const SEVERE_HELD = 150;
/** A server that leaves this share of connections without an answer is failing. */
const FAILING_SHARE = 0.5;
const BASE_CONFIDENCE = 0.7;
const PLAIN_BONUS = 0.15;
const FAILING_BONUS = 0.1;
const STRENGTH_BONUS = 0.1;
const MAX_CONFIDENCE = 0.97;

export function connectionFloodFinding(detector: string, flood: ConnectionFloodSummary): Finding {
  const forms = CONNECTION_FLOOD_FORMS.map((form, at) => ({
    form,
    peak: flood.peaks[at]!,
    factor: flood.peaks[at]! / flood.limits[at]!,
  }))
    .filter(({ peak }) => peak > 0)
    .sort((a, b) => Number(b.form.isPlain) - Number(a.form.isPlain) || b.factor - a.factor);
  const main = forms[0]!;
  const strongest = Math.max(...forms.map(({ factor }) => factor));
  const isFailing = flood.failingShare >= FAILING_SHARE;
  const isSevere =
    strongest >= SEVERE_FACTOR ||
    (isFailing && !main.form.isHeld) ||
    forms.some(({ form, peak }) => form.isPlain && peak >= SEVERE_HELD);
  const confidence =
    BASE_CONFIDENCE +
    (forms.some(({ form }) => form.isPlain) ? PLAIN_BONUS : 0) +
    (isFailing ? FAILING_BONUS : 0) +
    STRENGTH_BONUS * Math.min(1, Math.log10(Math.max(1, strongest)));
  return {
    detector,
    kind: 'denial-of-service',
    cause: `denial-of-service/${flood.victim}`,
    firstSeenMs: Math.round(flood.firstUs / 1000),
    lastSeenMs: Math.round(flood.lastUs / 1000),
    severity: isSevere ? 'high' : 'medium',
    confidence: Math.min(MAX_CONFIDENCE, Number(confidence.toFixed(2))),
    techniques: [...new Set(forms.flatMap(({ form }) => form.techniques))],
    attackers: flood.attackers.slice(0, MAX_LISTED_HOSTS),
    victims: [flood.victim],
    attackerCount: attackerCount(flood),
    victimCount: 1,
    title: `${who(flood)} flooded ${where(flood)} with ${main.form.weapon}`,
    explanation: explanation(flood, main.form, main.peak, flood.limits[CONNECTION_FLOOD_FORMS.indexOf(main.form)]!),
    evidence: evidence(flood, forms),
  };
}

function attackerCount(flood: ConnectionFloodSummary): number {
  const isAll = flood.attackers.length > 0 && flood.attackers.length < MAX_LISTED_HOSTS;
  return isAll ? flood.attackers.length : Math.max(flood.attackers.length, flood.clients);
}

function who(flood: ConnectionFloodSummary): string {
  if (flood.attackers.length === 1) return flood.attackers[0]!;
  return countOf(attackerCount(flood), 'client');
}

function where({ victim, ports }: ConnectionFloodSummary): string {
  if (ports.length !== 1) return victim;
  return `${victim.includes(':') ? `[${victim}]` : victim}:${ports[0]}`;
}

function explanation(
  flood: ConnectionFloodSummary,
  form: (typeof CONNECTION_FLOOD_FORMS)[number],
  peak: number,
  limit: number,
): string {
  const duration = formatDuration(Math.max(0, flood.lastUs - flood.firstUs) / 1e6);
  const often = form.isHeld
    ? `${formatCount(peak)} ${form.measured} at once`
    : `as many as ${formatCount(peak)} ${form.measured}`;
  const first = `${where(flood)} had ${often} from ${who(flood)}, over ${duration}; usual are ${form.usual}, and from ${formatCount(limit)} on this is a flood.`;
  const state =
    flood.failingShare >= FAILING_SHARE && !form.isHeld
      ? ` The server no longer answers ${Math.round(flood.failingShare * 100)} % of them.`
      : '';
  const named =
    flood.attackers.length > 0
      ? 'These are whole connections, so the addresses are real and blocking them helps.'
      : 'No single client stands out; limit connections per client at the server or in front of it.';
  return `${first} ${form.harm}${state} ${named}`;
}

function evidence(
  flood: ConnectionFloodSummary,
  forms: readonly { readonly form: (typeof CONNECTION_FLOOD_FORMS)[number]; readonly peak: number }[],
): Evidence[] {
  const rows: Evidence[] = forms.map(({ form, peak }) => ({
    name: form.measured,
    value: Math.round(peak),
    unit: form.unit,
    usual: form.usual,
    usualRange: form.usualRange,
    meaning: form.isHeld ? `The most at one time (${form.id}).` : `The most over several seconds (${form.id}).`,
  }));
  rows.push({
    name: 'clients',
    value: attackerCount(flood),
    unit: 'addresses',
    meaning: flood.attackers.length > 0 ? 'Clients that carry the flood.' : 'Clients that were connected, nearly.',
  });
  rows.push({
    name: 'connections without an answer',
    value: Math.round(flood.failingShare * 100),
    unit: '%',
    usual: 'under 5 %',
    usualRange: { low: 0, high: 5 },
    meaning: 'Of those of one client or, where there are several, of all: the largest share at any time.',
  });
  rows.push({
    name: flood.ports.length === 1 ? 'port' : 'ports',
    value: flood.ports.length === 1 ? flood.ports[0]! : listOf(flood.ports.map(String), 8),
    meaning: 'Where the server was met.',
  });
  return rows;
}
