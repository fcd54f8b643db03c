import { KIND_WORDS } from '../../../contract/alert-words.ts';
import { ALERT_KINDS, type AlertKind } from '../../../contract/domain.ts';
import type { ReportContext } from './context.ts';
import { html, type Markup } from './html.ts';

/** What any reading of a capture leaves open. */
const ALWAYS_OPEN: readonly string[] = [
  'what went over other networks, or before and after the capture',
  'what is inside encrypted connections',
  'which programs sent the traffic, and what they did on their computer: a capture does not say',
];

/** Kinds that are about programs and files, which no capture shows; ALWAYS_OPEN says so. */
const ABOUT_THE_HOST: ReadonlySet<AlertKind> = new Set([
  'execution',
  'persistence',
  'privilege-escalation',
  'credential-access',
  'defence-evasion',
  'discovery',
  'ransomware',
  'malware',
]);

/** What was looked for, and what was not: without it, "nothing found" means nothing. */
export function coverage({ detectors }: ReportContext): Markup {
  const covered = new Set(detectors.map(({ kind }) => kind));
  const open = ALERT_KINDS.filter((kind) => !covered.has(kind) && !ABOUT_THE_HOST.has(kind)).map(
    (kind) => KIND_WORDS[kind].lookedFor,
  );
  return html`<section id="coverage"><h2>What was looked for</h2>
${
  detectors.length === 0
    ? html`<p>Nothing: every detector was switched off.</p>`
    : html`<ul>${detectors.map(({ kind, summary }) => html`<li><b>${KIND_WORDS[kind].name}.</b> ${summary}</li>`)}</ul>`
}
<h3>Not covered</h3>
<ul>${[...ALWAYS_OPEN, ...open].map((gap) => html`<li>${gap}</li>`)}</ul></section>`;
}
