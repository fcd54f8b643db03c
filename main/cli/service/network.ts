/**
 * Takes back whatever Holdfast has changed in the network, with the engine dead. All of it is in nftables tables
 * of the name below, so that removing them is the whole of it.
 */
import type { System } from './system.ts';
import { mustRun } from './system.ts';

/** The only place in the packet filter that Holdfast writes to. */
export const TABLE = 'holdfast';

const FAMILIES: ReadonlySet<string> = new Set(['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev']);

export interface RestoredNetwork {
  /** "inet holdfast"; empty when there was nothing to take back. */
  readonly removed: readonly string[];
  /** In words, why nothing could have been there; empty when it was looked. */
  readonly note: string;
}

const HINT = 'Run it as root; "nft list tables" shows what is there.';

/** Does nothing the second time. @throws CommandError when the tables cannot be read or removed */
export function restoreNetwork(system: System, simulate: boolean): RestoredNetwork {
  const nft = system.find('nft');
  if (nft === undefined)
    return { removed: [], note: 'nft is not installed here, so that nothing can have been changed' };
  const removed: string[] = [];
  for (const family of ownTables(mustRun(system, nft, ['list', 'tables'], HINT))) {
    if (!simulate) mustRun(system, nft, ['delete', 'table', family, TABLE], HINT);
    removed.push(`${family} ${TABLE}`);
  }
  return { removed, note: '' };
}

/** The families in which a table of ours is, from `nft list tables`: one "table FAMILY NAME" a line. */
export function ownTables(listing: string): readonly string[] {
  return listing.split('\n').flatMap((line) => {
    const [word, family = '', name, ...rest] = line.trim().split(/\s+/);
    return word === 'table' && name === TABLE && rest.length === 0 && FAMILIES.has(family) ? [family] : [];
  });
}
