/** A row that is not what was written there. */
export interface DamagedRow {
  /** A key of ROW_WORDS. */
  readonly table: string;
  readonly row: number | string;
}

/** How the rows of a table are called, one and several. */
const ROW_WORDS: Readonly<Record<string, readonly [one: string, several: string]>> = {
  actions: ['action', 'actions'],
  alerts: ['alert', 'alerts'],
  alert_reviews: ['review of an alert', 'reviews of alerts'],
  alert_trails: ['story of an alert', 'stories of alerts'],
  findings: ['finding', 'findings'],
  allow_entries: ['entry of the allow-list', 'entries of the allow-list'],
  captures: ['capture', 'captures'],
  flows: ['flow', 'flows'],
  events: ['event', 'events'],
  event_processes: ['process of an event', 'processes of events'],
  model_profiles: ['version of what was learnt', 'versions of what was learnt'],
  anomalies: ['anomaly', 'anomalies'],
  settings: ['setting', 'settings'],
  journal: ['entry of the journal', 'entries of the journal'],
  tokens: ['token', 'tokens'],
};

/** Kept by name, so that one that is read again counts once; beyond that every reading counts. */
const MAX_KEPT = 4_096;

/** An object of JSON that we wrote; undefined where the disk gives back something that is none. */
export function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Counts the rows that are not what was written: each is told once, however often it is read. */
export class DamagedRows {
  readonly #counts = new Map<string, number>();
  readonly #kept = new Set<string>();
  readonly #onChange: () => void;

  /** @param onChange is called when one more is known */
  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange;
  }

  get count(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  note({ table, row }: DamagedRow): void {
    const key = `${table} ${row}`;
    if (this.#kept.has(key)) return;
    if (this.#kept.size < MAX_KEPT) this.#kept.add(key);
    this.#counts.set(table, (this.#counts.get(table) ?? 0) + 1);
    this.#onChange();
  }

  /** "2 alerts, 1 capture"; undefined where none is known. */
  words(): string | undefined {
    if (this.#counts.size === 0) return undefined;
    return [...this.#counts]
      .map(([table, count]) => {
        const [one, several] = ROW_WORDS[table] ?? ['row', 'rows'];
        return `${count} ${count === 1 ? one : several}`;
      })
      .join(', ');
  }
}
