import {
  attentionSentence,
  type Protection,
  type ProtectionState,
  protectionOf,
} from '../../../contract/api-protection.ts';
import type { InterfaceStatus, Status } from '../../../contract/api-schemas.ts';
import type { HealthEntry } from '../../../contract/domain.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { hanging, table } from '../terminal/layout.ts';
import type { Paint, Style } from '../terminal/paint.ts';

/** Mark and colour of each state: green means protected and nothing else. */
export const PROTECTION_MARKS: Readonly<Record<ProtectionState, { readonly mark: string; readonly style: Style }>> = {
  protected: { mark: '●', style: 'protected' },
  partial: { mark: '◐', style: 'medium' },
  off: { mark: '○', style: 'critical' },
  paused: { mark: '‖', style: 'medium' },
};

/** "1,204 packets/s". */
export function packetRate(perSecond: number): string {
  return `${formatNumber(Math.round(perSecond))} packets/s`;
}

/** "9.2 MB/s". */
export function byteRate(perSecond: number): string {
  return `${formatBytes(Math.round(perSecond))}/s`;
}

/** What `status` says to a person. Lines without their ends. */
export function statusText(status: Status, width: number, paint: Paint): string[] {
  const protection = protectionOf(status);
  const quiet = (text: string): string => paint('quiet', text);
  return [
    ...verdict(protection, status, width, paint),
    ...protection.gaps.flatMap((gap) => gapLines(gap, width, paint)),
    ...(status.interfaces.length === 0 ? [] : ['', ...interfaceTable(status.interfaces, width, quiet)]),
    '',
    ...hanging('', factsText(status), width).map(quiet),
  ];
}

function verdict({ state, sentence }: Protection, { alerts }: Status, width: number, paint: Paint): string[] {
  const { mark, style } = PROTECTION_MARKS[state];
  const words = plainText(sentence)
    .split(' ')
    .map((word) => paint('bold', word));
  return [...hanging(`${paint(style, mark)} `, words.join(' '), width), `  ${attentionSentence(alerts, state)}`];
}

/** What does not work, and what the person can do. */
export function gapLines({ part, detail, hint, state }: HealthEntry, width: number, paint: Paint): string[] {
  const text = `${plainText(part)}: ${plainText(detail)}${hint === undefined ? '' : ` ${plainText(hint)}`}`;
  return hanging(`${paint(state === 'failed' ? 'critical' : 'medium', '!')} `, text, width);
}

function interfaceTable(
  interfaces: readonly InterfaceStatus[],
  width: number,
  quiet: (text: string) => string,
): string[] {
  const columns = [
    { title: 'network' },
    { title: 'state' },
    ...['packets/s', 'bytes/s', 'packets', 'lost'].map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = interfaces.map((each) => [
    plainText(each.name, 16),
    each.state,
    formatNumber(Math.round(each.packetsPerSecond)),
    formatBytes(Math.round(each.bytesPerSecond)),
    formatNumber(each.received),
    formatNumber(each.dropped),
  ]);
  return table(columns, rows, width, quiet);
}

/** Modes in words. */
const MODES: Readonly<Record<Status['mode'], string>> = {
  observe: 'observes, does not act',
  simulate: 'simulation: acts on nothing',
  act: 'freezes ransomware',
};

export function factsText({ version, uptimeSeconds, mode, traffic, cost }: Status): string {
  return [
    `Holdfast ${plainText(version)}`,
    uptimeText(uptimeSeconds),
    MODES[mode],
    formatCount(traffic.openFlows, 'open flow'),
    costText(cost),
  ].join(' · ');
}

/** "up 2 h 5 min". */
export function uptimeText(seconds: number): string {
  return `up ${formatDuration(Math.max(1, Math.floor(seconds)) * 1000)}`;
}

export function costText({ cpuPercent, memoryBytes }: Status['cost']): string {
  return `uses ${cpuPercent.toFixed(1)} % of a core and ${formatBytes(memoryBytes)}`;
}
