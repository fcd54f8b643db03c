/** The result of a conformance run for people. */
import { plainText } from '../../../contract/text.ts';
import type { Outcome } from './compare.ts';
import type { GateResult, Tally } from './gates.ts';

export function conformanceText(tallies: readonly Tally[], gates: readonly GateResult[]): string {
  const lines = ['Agreement by protocol, field and source', ''];
  for (const { protocol, field, source, agree, total } of tallies) {
    const columns = [protocol.padEnd(12), field.padEnd(20), source.padEnd(9)];
    lines.push(`  ${columns.join(' ')} ${counts(agree, total)}  ${percent(agree / total)}`);
  }
  lines.push('', 'Gates', '');
  for (const { name, agree, total, share, needed, isMet } of gates) {
    const verdict = isMet ? 'met   ' : 'MISSED';
    lines.push(
      `  ${verdict} ${name.padEnd(28)} ${counts(agree, total)}  ${percent(share)}, at least ${percent(needed)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** One line for each expectation that we do not meet. */
export function differencesText(outcomes: readonly Outcome[]): string {
  const lines = outcomes
    .filter((outcome) => !outcome.agrees)
    .map(({ source, capture, protocol, field, flow, expected, ours }) =>
      plainText(`${protocol} ${field} ${source} ${capture} ${flow}: expected ${expected}, found ${ours}`),
    );
  return lines.length === 0 ? '' : `\nWhat differs\n\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

function counts(agree: number, total: number): string {
  return `${agree} of ${total}`.padStart(14);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`.padStart(7);
}
