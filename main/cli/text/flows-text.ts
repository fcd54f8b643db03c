import { formatBytes, formatCount, formatDuration, formatNumber } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import type { FlowSummary } from '../../engine/index.ts';
import { hanging, table, wrap } from '../terminal/layout.ts';
import type { Paint } from '../terminal/paint.ts';

type Spread = FlowSummary['services'][number]['spreads'][number];

/** Flow features that are shown for each service, with the title of their column. */
const SHOWN_SPREADS: readonly (readonly [feature: string, title: string])[] = [
  ['Flow Duration', 'duration'],
  ['Fwd Wire Bytes', 'sent'],
  ['Bwd Wire Bytes', 'received'],
  ['Round Trip Time', 'round trip'],
];

/** Writes a feature's value by its unit; microseconds and bytes are what the features come in. */
function valueText(value: number, unit: string): string {
  if (unit === 'us' || unit === 'µs') return value <= 0 ? '–' : formatDuration(value / 1000);
  if (unit === 's') return value <= 0 ? '–' : formatDuration(value * 1000);
  if (unit === 'B' || unit === 'bytes') return formatBytes(value);
  return formatNumber(value);
}

/** What `flows FILE` says to a person: how much, which protocols, who with how much. Lines without their ends. */
export function flowsText(summary: FlowSummary, path: string, width: number, paint: Paint): string[] {
  const { capture, traffic, hosts, services, talkers } = summary;
  const name = path === '-' ? 'standard input' : plainText(path);
  const quiet = (text: string): string => paint('quiet', text);
  const head = `${formatCount(traffic.flows.flows, 'flow')} between ${formatCount(hosts, 'host')} in ${name}`;
  const lines = [
    ...wrap(head, width).map((line) => paint('bold', line)),
    quiet(`${formatCount(capture.packets, 'packet')}, ${formatBytes(capture.bytes)} · ${capture.format}`),
    ...capture.notes.flatMap((note) => hanging(`${paint('medium', '!')} `, plainText(note.message), width)),
  ];
  if (services.length > 0) {
    const columns = [
      { title: 'service' },
      ...['flows', 'bytes', ...SHOWN_SPREADS.map(([, title]) => title)].map((title) => ({
        title,
        align: 'right' as const,
      })),
    ];
    const rows = services.map(({ service, flows, bytes, spreads }) => [
      service,
      formatNumber(flows),
      formatBytes(bytes),
      ...SHOWN_SPREADS.map(([feature]) => medianText(spreads.find((spread) => spread.feature === feature))),
    ]);
    lines.push('', ...table(columns, rows, width, quiet));
    lines.push(quiet('Duration, sent, received and round trip are those of the flow in the middle (median).'));
  }
  if (talkers.length > 0) {
    const columns = [
      { title: 'host' },
      { title: 'sent', align: 'right' as const },
      { title: 'received', align: 'right' as const },
      { title: 'packets', align: 'right' as const },
    ];
    const rows = talkers.map((talker) => [
      plainText(talker.address),
      formatBytes(talker.sentBytes),
      formatBytes(talker.receivedBytes),
      formatNumber(talker.packets),
    ]);
    lines.push('', ...table(columns, rows, width, quiet));
  }
  return [...lines, '', quiet('All features of every flow: --csv or --json.')];
}

function medianText(spread: Spread | undefined): string {
  return spread === undefined ? '' : valueText(spread.median, spread.unit);
}
