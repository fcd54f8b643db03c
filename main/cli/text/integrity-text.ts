/** What `holdfast integrity` prints. Pure. */
import type { IntegrityChangeRecord, IntegrityState } from '../../../contract/api-system.ts';
import { formatCount, formatDate, formatTime } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { hanging, wrap } from '../terminal/layout.ts';
import type { Paint } from '../terminal/paint.ts';
import { localMs } from './alert-text.ts';

const MARKS = { added: '+', removed: '−', changed: '~' } as const;
const MAX_PATH = 4_096;
/** Of a digest: enough to compare by eye. */
const DIGEST_DIGITS = 12;

/** Changes with what of them is another one, and one line that says how many there are. */
export function changesText(
  { check, baseline }: IntegrityState,
  changes: readonly IntegrityChangeRecord[],
  width: number,
  paint: Paint,
): string[] {
  const since = baseline === null ? '' : ` since ${momentText(baseline.acceptedMs)}`;
  const problems = (check?.problems ?? []).flatMap((problem) => wrap(plainText(problem, MAX_PATH), width));
  if (changes.length === 0) return [...problems, paint('protected', `Nothing changed${since}.`)];
  const explained = changes.filter((change) => change.package !== null).length;
  const total =
    `${formatCount(changes.length, 'change')}${since}` +
    (explained === 0 ? '.' : `; ${explained === changes.length ? 'all' : explained} explained by packages.`);
  return [...changes.flatMap((change) => changeLines(change, width, paint)), ...problems, total];
}

function changeLines(change: IntegrityChangeRecord, width: number, paint: Paint): string[] {
  const isExplained = change.package !== null;
  const style = isExplained ? 'quiet' : change.isNewlySetUid ? 'high' : 'medium';
  const head = `${paint(style, MARKS[change.change])} `;
  const notes = [
    ...change.differences.map(({ aspect, before, after }) => `${aspect} ${shown(before)} → ${shown(after)}`),
    ...(change.isNewlySetUid ? ['runs with the rights of its owner now'] : []),
    ...(isExplained ? [`as ${plainText(change.package ?? '')} brought it`] : []),
  ];
  return [
    ...hanging(head, plainText(change.path, MAX_PATH), width),
    ...notes.flatMap((note) => hanging('    ', paint('quiet', note), width)),
  ];
}

function shown(value: string): string {
  if (value === '') return 'none';
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, DIGEST_DIGITS) : plainText(value, MAX_PATH);
}

export function statusText(
  { baseline, check, failure, running }: IntegrityState,
  width: number,
  paint: Paint,
): string[] {
  const lines: string[] = [];
  if (failure !== null) lines.push(paint('high', plainText(failure.message)), plainText(failure.hint));
  if (baseline === null) {
    if (failure === null) lines.push('There is no baseline yet: "holdfast integrity init" makes one.');
  } else {
    const entries = formatCount(baseline.entries, 'entry', 'entries');
    lines.push(`Baseline of ${momentText(baseline.createdMs)}, ${entries}.`);
    if (baseline.acceptedMs !== baseline.createdMs)
      lines.push(`Changes were last accepted on ${momentText(baseline.acceptedMs)}.`);
    lines.push(...hanging('Covers: ', plainText(baseline.paths.join(', '), MAX_PATH), width));
  }
  if (running !== null) lines.push(`A run is under way (${running.work}).`);
  if (check !== null) {
    const { added, removed, changed, explained } = check;
    lines.push(
      `Last check on ${momentText(check.checkedMs)}: ${added} added, ${removed} removed, ${changed} changed; ` +
        `${explained} of them explained by packages.`,
    );
  }
  return lines.flatMap((line) => wrap(line, width));
}

function momentText(timeMs: number): string {
  const local = localMs(timeMs);
  return `${formatDate(local)} ${formatTime(local).slice(0, 'hh:mm'.length)}`;
}
