/** Services that go by names of their own: told by the name that a program asks for in TLS or HTTP. */

export type UnwantedTopic = 'tor' | 'mining' | 'peer-to-peer' | 'remote-access' | 'remote-desktop';

export interface NamedService {
  readonly topic: UnwantedTopic;
  readonly what: string;
}

/** Where programs for remote access keep in touch; their websites, which anybody may visit, are other names. */
const REMOTE_ACCESS: readonly (readonly [domain: string, label: RegExp, what: string])[] = [
  ['teamviewer.com', /^(router|master|ping|relay)\d{0,4}$/, 'TeamViewer'],
  ['screenconnect.com', /^(instance|server)-/, 'ScreenConnect'],
  ['relay.splashtop.com', /^/, 'Splashtop'],
  ['rustdesk.com', /^(rs|hbbs|relay)/, 'RustDesk'],
  ['logmein-gateway.com', /^/, 'LogMeIn'],
  ['dwservice.net', /^node/, 'DWService'],
  ['atera.com', /^agent/, 'Atera'],
  ['zohoassist.com', /^gateway|^[a-z]{2}\d/, 'Zoho Assist'],
  ['ammyy.com', /^rl$/, 'Ammyy Admin'],
];

/** Pools for mining; a pool's website is "www" or the bare domain. */
const POOLS: ReadonlySet<string> = new Set([
  'minexmr.com',
  'supportxmr.com',
  'nanopool.org',
  'ethermine.org',
  '2miners.com',
  'f2pool.com',
  'hashvault.pro',
  'moneroocean.stream',
  'herominers.com',
  'unmineable.com',
  'c3pool.com',
  'xmrpool.eu',
  'antpool.com',
  'viabtc.com',
  'nicehash.com',
  'miningpoolhub.com',
  'kryptex.network',
]);
const WEBSITES = /^(www|api|static|cdn|img|assets|docs|blog|help|support|stats|status|m|app|account|accounts)$/;
/** A pool's name has fewer. */
const MAX_POOL_LABELS = 8;

/** The rows of REMOTE_ACCESS by the last two labels of their domains: nearly every name is told by one look. */
const REMOTE_ACCESS_BY_END: ReadonlyMap<string, typeof REMOTE_ACCESS> = Map.groupBy(REMOTE_ACCESS, ([domain]) =>
  lastTwoLabels(domain),
);

/** What a name stands for; undefined for nearly all. */
export function serviceOfName(name: string): NamedService | undefined {
  const lower = name.toLowerCase();
  const end = lastTwoLabels(lower);
  for (const [domain, label, what] of REMOTE_ACCESS_BY_END.get(end) ?? []) {
    if (isUnder(lower, domain) && label.test(firstLabel(lower))) return { topic: 'remote-access', what };
  }
  if (!POOLS.has(end) || lower === end || lower.split('.', MAX_POOL_LABELS).length === MAX_POOL_LABELS)
    return undefined;
  return WEBSITES.test(firstLabel(lower)) ? undefined : { topic: 'mining', what: `mining pool ${end}` };
}

function isUnder(name: string, domain: string): boolean {
  return name.length > domain.length && name.endsWith(domain) && name[name.length - domain.length - 1] === '.';
}

function firstLabel(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}

function lastTwoLabels(name: string): string {
  const last = name.lastIndexOf('.');
  return last <= 0 ? name : name.slice(name.lastIndexOf('.', last - 1) + 1);
}

/**
 * A name that Tor's clients make up for their TLS: "www.", 8 to 20 characters of base32, and ".com" (tor-spec,
 * "Negotiating the protocol"). Others may have such a name too: it tells only on a port of Tor's relays.
 */
export function isMadeUpName(name: string): boolean {
  return name.startsWith('www.') && name.endsWith('.com') && /^[a-z2-7]{8,20}$/.test(name.slice(4, -4));
}
