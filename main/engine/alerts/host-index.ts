import type { AlertEntry } from './entry.ts';

/**
 * Alerts looked at for one host: the most recently changed. Findings about one host that are more than this
 * many alerts behind are no longer compared, which keeps a flood of alerts about one victim linear.
 */
const MAX_PER_HOST = 128;
/**
 * Alerts looked at for one finding, those of all its hosts and processes together: with long lists of forged sources
 * fewer of each host.
 */
const MAX_FOUND = 2_048;

/** Finds the alerts that name a host as attacker or victim, or a process. */
export class HostIndex {
  private readonly byHost = new Map<string, Set<AlertEntry>>();

  /** Puts an alert under the hosts that it names now, as the most recently changed of each. */
  put(entry: AlertEntry): void {
    const hosts = new Set([...entry.attackers.listed, ...entry.victims.listed, ...entry.tree]);
    for (const host of entry.indexed) if (!hosts.has(host)) this.drop(host, entry);
    for (const host of hosts) {
      const entries = this.byHost.get(host) ?? new Set();
      entries.delete(entry);
      entries.add(entry);
      if (entries.size > MAX_PER_HOST) entries.delete(entries.values().next().value!);
      this.byHost.set(host, entries);
    }
    entry.indexed = hosts;
  }

  remove(entry: AlertEntry): void {
    for (const host of entry.indexed) this.drop(host, entry);
    entry.indexed = new Set();
  }

  /** Alerts that name at least one of these hosts or processes: the most recently changed of each. */
  sharing(hosts: readonly string[]): Set<AlertEntry> {
    const found = new Set<AlertEntry>();
    const ofEach = Math.ceil(MAX_FOUND / Math.max(1, hosts.length));
    for (const host of hosts) {
      const entries = this.byHost.get(host);
      if (entries === undefined) continue;
      let older = entries.size - ofEach;
      for (const entry of entries) {
        if (older <= 0) found.add(entry);
        older -= 1;
      }
    }
    return found;
  }

  private drop(host: string, entry: AlertEntry): void {
    const entries = this.byHost.get(host);
    entries?.delete(entry);
    if (entries?.size === 0) this.byHost.delete(host);
  }
}
