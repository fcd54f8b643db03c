/** How numbers, lists and times read in titles and explanations. */

/** "1,000". */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** "1 port", "1,000 ports". */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${Math.round(count) === 1 ? singular : plural}`;
}

/** "less than a second", "23 seconds", "4 minutes", "1.5 hours". */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return 'less than a second';
  if (seconds < 120) return countOf(seconds, 'second');
  if (seconds < 7200) return countOf(seconds / 60, 'minute');
  return `${(seconds / 3600).toFixed(1)} hours`;
}

/** "97 %". */
export function formatShare(part: number, whole: number): string {
  return `${whole > 0 ? Math.round((part / whole) * 100) : 0} %`;
}

/** A rate per second with two significant digits, a number. */
export function ratePerSecond(count: number, seconds: number): number {
  return Number((count / Math.max(seconds, 1)).toPrecision(2));
}

/** "a", "a and b", "a, b and c", "a, b and 5 more". */
export function listOf(items: readonly string[], limit = 3): string {
  if (items.length > limit)
    return `${items.slice(0, limit - 1).join(', ')} and ${formatCount(items.length - limit + 1)} more`;
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/**
 * The IPv4 /24 or IPv6 /64 that holds at least nine tenths of the addresses, as text; null when they are
 * spread wider or there are fewer than `least`.
 */
export function sharedSubnet(addresses: readonly string[], least = 8): string | null {
  if (addresses.length < least) return null;
  const counts = new Map<string, number>();
  for (const address of addresses) {
    const subnet = subnetOf(address);
    counts.set(subnet, (counts.get(subnet) ?? 0) + 1);
  }
  const [subnet, count] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  return count >= addresses.length * 0.9 ? subnet : null;
}

function subnetOf(address: string): string {
  if (!address.includes(':')) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail === undefined) return `${groups.slice(0, 4).join(':')}::/64`;
  const missing = 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const full = [...groups, ...new Array<string>(Math.max(0, missing)).fill('0'), ...tail.split(':')].slice(0, 4);
  while (full.at(-1) === '0') full.pop();
  return `${full.join(':')}::/64`;
}
