import { createHash } from 'node:crypto';
import { formatDate, formatTime } from '../../../contract/format.ts';
import { html, Markup } from './html.ts';
import { STYLE } from './style.ts';

export interface PageFrame {
  readonly title: string;
  /** What the page is about, at its top. */
  readonly subject: string;
  /** Of Holdfast. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly writtenMs: number;
  readonly attackVersion: string;
}

/**
 * A self-contained HTML page. No script, nothing from elsewhere; its content security policy lets through this one
 * style sheet and nothing else, so text from the wire stays text whatever it holds. Pure.
 */
export function renderPage({ title, subject, version, writtenMs, attackVersion }: PageFrame, body: Markup): string {
  const styleHash = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header class="top"><span><b>Holdfast</b> report</span> <span class="mono">${subject}</span></header>
<main>
${body}
</main>
<footer>Written by Holdfast ${version} on ${formatDate(writtenMs)} at ${formatTime(writtenMs)} UTC.
Times are UTC. Technique names follow MITRE ATT&amp;CK ${attackVersion}.</footer>
</body>
</html>
`;
  return page.text;
}
