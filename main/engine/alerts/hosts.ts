import { MAX_LISTED_HOSTS } from '../../../contract/domain.ts';

/** Some hosts by name, the most active first, and how many there were in all. */
export interface HostList {
  readonly listed: readonly string[];
  /** At least the number listed. */
  readonly count: number;
}

export const NO_HOSTS: HostList = { listed: [], count: 0 };

/** A list cut to what may be listed, without repetitions, with a count that is never less than what it lists. */
export function hostList(listed: readonly string[], count: number): HostList {
  const distinct = [...new Set(listed)];
  return {
    listed: distinct.slice(0, MAX_LISTED_HOSTS),
    count: Math.max(distinct.length, Number.isFinite(count) ? Math.floor(count) : 0),
  };
}

/**
 * Both lists as one, the first one's hosts first. The count is exact while every list names all its hosts;
 * else it is the least that there can have been.
 */
export function mergeHosts(first: HostList, second: HostList): HostList {
  if (second.count === 0) return first;
  const union = hostList([...first.listed, ...second.listed], 0);
  return { listed: union.listed, count: Math.max(union.count, first.count, second.count) };
}

/** There are hosts that the list does not name. */
export function hasUnlisted(list: HostList): boolean {
  return list.count > list.listed.length;
}

/** Lists up to this length are looked through one by one, which is quicker than a set and needs no memory. */
const SHORT_LIST = 8;
/** The hosts of longer lists: floods from forged sources compare many lists of full length with each other. */
const setOf = new WeakMap<readonly string[], ReadonlySet<string>>();

function lists({ listed }: HostList, host: string): boolean {
  if (listed.length <= SHORT_LIST) return listed.includes(host);
  let hosts = setOf.get(listed);
  if (hosts === undefined) {
    hosts = new Set(listed);
    setOf.set(listed, hosts);
  }
  return hosts.has(host);
}

/** At least one host is in both. */
export function overlap(first: HostList, second: HostList): boolean {
  const [shorter, longer] = first.listed.length <= second.listed.length ? [first, second] : [second, first];
  return shorter.listed.some((host) => lists(longer, host));
}

/**
 * Two lists name the same hosts when this share of the shorter one is in the other. Half: lists are cut
 * and grow while an attack goes on, so asking for all would tear one attack apart, and one host in
 * common among many is chance.
 */
const SAME_HOSTS_SHARE = 0.5;

/** Both lists mean the same hosts; symmetric. Lists without hosts mean nobody. */
export function sameHosts(first: HostList, second: HostList): boolean {
  const [shorter, longer] = first.listed.length <= second.listed.length ? [first, second] : [second, first];
  const length = shorter.listed.length;
  if (length === 0) return false;
  const common = shorter.listed.filter((host) => lists(longer, host)).length;
  return common >= length * SAME_HOSTS_SHARE;
}

/** Every host of `part` is, or where not all are listed may be, among those of `whole`. */
export function isPartOf(part: HostList, whole: HostList): boolean {
  if (part.count === 0 || part.count > whole.count) return false;
  return hasUnlisted(whole) || part.listed.every((host) => lists(whole, host));
}
