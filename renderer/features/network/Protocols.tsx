import type { Traffic } from '../../../contract/api-schemas.ts';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Bytes, Count, Percent } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { formatCount } from '../../lib/format.ts';
import { setQuery } from '../../lib/use-address.ts';
import { useStream } from '../../lib/use-stream.ts';
import { strings } from '../../strings/index.ts';

const words = strings.network;

interface Share {
  readonly name: string;
  readonly flows: number;
  readonly bytes: number;
  /** Of all bytes, 0 to 1. */
  readonly share: number;
}

/** What the traffic of the last seconds is made of. */
export function Protocols() {
  const { item, failure } = useStream('traffic.watch', {});
  if (item === undefined) return failure === null ? <LoadingState rows={8} /> : <FailureState failure={failure} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3">
      <p className="text-ink-quiet">{words.window(formatCount(Math.round(item.windowSeconds)))}</p>
      <DataTable
        label={words.tabs.protocol}
        columns={COLUMNS}
        rows={sharesOf(item)}
        rowKey={({ name }) => name}
        onOpen={({ name }) => setQuery({ by: undefined, service: name, q: undefined }, { replace: false })}
        empty={<EmptyState title={words.noProtocols} />}
      />
    </div>
  );
}

function sharesOf({ protocols }: Traffic): readonly Share[] {
  const total = protocols.reduce((sum, { bytes }) => sum + bytes, 0);
  return protocols.map((protocol) => ({ ...protocol, share: total === 0 ? 0 : protocol.bytes / total }));
}

const COLUMNS: readonly Column<Share>[] = [
  { id: 'service', header: words.columns.service, width: '128px', cell: ({ name }) => <Text isOneLine>{name}</Text> },
  {
    id: 'share',
    header: words.columns.share,
    width: 'minmax(120px, 1fr)',
    cell: ({ share }) => (
      <span className="flex items-center gap-3">
        <span className="h-2 min-w-0 flex-1 overflow-hidden rounded-sm bg-sunken" aria-hidden>
          <span className="block h-full rounded-sm bg-plot-1" style={{ width: `${share * 100}%` }} />
        </span>
        <span className="w-14 text-right">
          <Percent value={share * 100} />
        </span>
      </span>
    ),
  },
  {
    id: 'bytes',
    header: words.columns.bytes,
    width: '96px',
    isNumeric: true,
    cell: ({ bytes }) => <Bytes value={bytes} />,
  },
  {
    id: 'flows',
    header: words.columns.flows,
    width: '80px',
    isNumeric: true,
    fromWidth: 480,
    cell: ({ flows }) => <Count value={flows} />,
  },
];
