import { ChevronDown, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { Address } from '../../components/Address.tsx';
import { cx } from '../../components/cx.ts';
import type { Column } from '../../components/DataTable.tsx';
import { Badge, SeverityMark } from '../../components/marks.tsx';
import { Count, RelativeTime } from '../../components/numbers.tsx';
import { Text } from '../../components/Text.tsx';
import { counted, formatCount, formatDay } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import type { Grouping } from './filters.ts';
import { type GroupRow, isGroup, type ListRow } from './grouping.ts';
import type { AlertRow } from './rows.ts';

const words = strings.alerts;

export function StateBadge({ state }: { readonly state: AlertRow['state'] }) {
  return <Badge tone={state === 'open' ? 'accent' : 'neutral'}>{words.states[state]}</Badge>;
}

/** "10.0.0.5 +3", or that nobody is known. */
function Hosts({ hosts, count }: { readonly hosts: readonly string[]; readonly count: number }) {
  if (hosts.length === 0) return <span className="text-ink-quiet">{words.nobody}</span>;
  return (
    <span className="inline-flex min-w-0 items-baseline gap-1">
      <Address>{hosts[0]}</Address>
      {count > 1 && <span className="shrink-0 text-12 text-ink-quiet">{words.moreHosts(formatCount(count - 1))}</span>}
    </span>
  );
}

function Title({ alert: { title, state } }: { readonly alert: AlertRow }) {
  return (
    <Text isOneLine className={state === 'open' ? 'font-medium' : 'text-ink-muted'}>
      {title}
    </Text>
  );
}

/** Below this the severity is a mark before the title. */
const ROOM_FOR_WORDS = 560;

export const COLUMNS: readonly Column<ListRow>[] = [
  {
    id: 'severity',
    header: words.columns.severity,
    width: '104px',
    fromWidth: ROOM_FOR_WORDS,
    cell: ofAlert(({ severity }) => <SeverityMark severity={severity} />),
  },
  {
    id: 'title',
    header: words.columns.title,
    width: 'minmax(200px, 3fr)',
    fromWidth: ROOM_FOR_WORDS,
    cell: ofAlert((alert) => <Title alert={alert} />),
  },
  {
    id: 'marked-title',
    header: words.columns.title,
    width: 'minmax(160px, 1fr)',
    untilWidth: ROOM_FOR_WORDS,
    cell: ofAlert((alert) => (
      <span className="grid grid-cols-[12px_minmax(0,1fr)] items-center gap-x-2">
        <SeverityMark severity={alert.severity} isShort />
        <Title alert={alert} />
      </span>
    )),
  },
  {
    id: 'hosts',
    header: words.columns.hosts,
    width: 'minmax(240px, 2fr)',
    fromWidth: 860,
    cell: ofAlert(({ attackers, attackerCount, victims, victimCount }) => (
      <span className="flex min-w-0 items-baseline gap-2">
        <Hosts hosts={attackers} count={attackerCount} />
        <span className="text-ink-quiet">→</span>
        <Hosts hosts={victims} count={victimCount} />
      </span>
    )),
  },
  {
    id: 'kind',
    header: words.columns.kind,
    width: '148px',
    fromWidth: 980,
    cell: ofAlert(({ kind }) => <span className="text-ink-muted">{words.kinds[kind]}</span>),
  },
  {
    id: 'findings',
    header: words.columns.findings,
    width: '84px',
    isNumeric: true,
    fromWidth: 1080,
    cell: ofAlert(({ findings }) => <Count value={findings} />),
  },
  {
    id: 'seen',
    header: words.columns.seen,
    width: '108px',
    isNumeric: true,
    fromWidth: 320,
    cell: ofAlert(({ lastSeenMs }) => (
      <span className="text-ink-muted">
        <RelativeTime timeMs={lastSeenMs} />
      </span>
    )),
  },
  {
    id: 'state',
    header: words.columns.state,
    width: '108px',
    fromWidth: 640,
    cell: ofAlert(({ state }) => <StateBadge state={state} />),
  },
];

function ofAlert(cell: (row: AlertRow) => ReactNode): (row: ListRow) => ReactNode {
  return (row) => (isGroup(row) ? null : cell(row));
}

/** For `DataTable.spanning`. */
export function groupHeading(row: ListRow): ReactNode | undefined {
  return isGroup(row) ? <GroupHeading group={row} /> : undefined;
}

function GroupHeading({ group: { grouping, value, count, worst, isFolded } }: { readonly group: GroupRow }) {
  const Arrow = isFolded ? ChevronRight : ChevronDown;
  return (
    <span className="flex min-w-0 items-center gap-2 font-medium">
      <Arrow size={16} strokeWidth={1.75} className="shrink-0 text-ink-quiet" aria-hidden />
      <span className="sr-only">{isFolded ? words.expand : words.collapse}</span>
      <SeverityMark severity={worst} isShort />
      <span className={cx('min-w-0', isAddress(grouping) && value !== '' && 'font-mono')}>
        <Text isOneLine>{nameOfGroup(grouping, value)}</Text>
      </span>
      <span className="shrink-0 text-12 font-normal text-ink-quiet">{counted(count, words.alert)}</span>
    </span>
  );
}

function isAddress(grouping: Grouping): boolean {
  return grouping === 'attacker' || grouping === 'victim';
}

function nameOfGroup(grouping: Grouping, value: string): string {
  if (grouping === 'kind') return words.kinds[value as AlertRow['kind']];
  if (grouping === 'day') return formatDay(Number(value));
  if (value !== '') return value;
  return grouping === 'attacker' ? words.noAttacker : words.noVictim;
}
