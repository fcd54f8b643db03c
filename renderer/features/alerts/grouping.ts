/** Alerts gathered under headings. Pure. */
import { SEVERITIES } from '../../../contract/domain.ts';
import type { Grouping } from './filters.ts';
import type { AlertRow } from './rows.ts';

/** The heading of a group, as a row of the list. */
export interface GroupRow {
  readonly key: string;
  /** A kind, an address, or a day in milliseconds since the epoch; empty: nobody is named. */
  readonly value: string;
  readonly grouping: Grouping;
  readonly count: number;
  readonly isFolded: boolean;
  /** The worst of its alerts. */
  readonly worst: AlertRow['severity'];
  readonly ids: readonly string[];
}

export type ListRow = AlertRow | GroupRow;

/** Ids of alerts begin otherwise. */
const GROUP_PREFIX = 'group ';

export function isGroup(row: ListRow): row is GroupRow {
  return 'isFolded' in row;
}

export function keyOf(row: ListRow): string {
  return isGroup(row) ? row.key : row.id;
}

const VALUES: Readonly<Record<Grouping, (row: AlertRow) => string>> = {
  kind: ({ kind }) => kind,
  // The most active one: an alert stands in one place.
  attacker: ({ attackers }) => attackers[0] ?? '',
  victim: ({ victims }) => victims[0] ?? '',
  day: ({ lastSeenMs }) => String(startOfDay(lastSeenMs)),
};

function startOfDay(timeMs: number): number {
  return new Date(timeMs).setHours(0, 0, 0, 0);
}

/**
 * Headings with their alerts below them; a folded group is its heading alone. The group with the latest alert first.
 *
 * @param rows the latest first
 * @param folded keys of groups
 */
export function groupRows(
  rows: readonly AlertRow[],
  grouping: Grouping,
  folded: ReadonlySet<string>,
): readonly ListRow[] {
  const groups = new Map<string, AlertRow[]>();
  for (const row of rows) {
    const value = VALUES[grouping](row);
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [row]);
    else group.push(row);
  }
  const list: ListRow[] = [];
  for (const [value, alerts] of groups) {
    const key = `${GROUP_PREFIX}${grouping} ${value}`;
    const worst = alerts.reduce((most, { severity }) => Math.max(most, SEVERITIES.indexOf(severity)), 0);
    const isFolded = folded.has(key);
    list.push({
      key,
      value,
      grouping,
      count: alerts.length,
      isFolded,
      worst: SEVERITIES[worst],
      ids: alerts.map(({ id }) => id),
    });
    if (!isFolded) for (const row of alerts) list.push(row);
  }
  return list;
}

/** The selection as the list shows it: of its rows, with the groups that are wholly in it. */
export function shownSelection(selection: ReadonlySet<string>, list: readonly ListRow[]): ReadonlySet<string> {
  if (selection.size === 0) return selection;
  const isChosen = (row: ListRow): boolean =>
    isGroup(row) ? row.ids.every((id) => selection.has(id)) : selection.has(row.id);
  return new Set(list.filter(isChosen).map(keyOf));
}

/**
 * The ids that are selected after the list's own selection, headings included, went from `shown` to `next`. What is
 * selected in a folded group stays so.
 */
export function selectedIds(
  selection: ReadonlySet<string>,
  shown: ReadonlySet<string>,
  next: ReadonlySet<string>,
  list: readonly ListRow[],
): ReadonlySet<string> {
  const selected = new Set(selection);
  for (const row of list) {
    const key = keyOf(row);
    if (shown.has(key) === next.has(key)) continue;
    for (const id of isGroup(row) ? row.ids : [row.id]) {
      if (next.has(key)) selected.add(id);
      else selected.delete(id);
    }
  }
  return selected;
}
