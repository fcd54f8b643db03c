/** Services that go by names of their own: told by the name that a program asks for in TLS or HTTP. */

export type UnwantedTopic = 'tor' | 'mining' | 'peer-to-peer' | 'remote-access' | 'remote-desktop';

export interface NamedService {
  readonly topic: UnwantedTopic;
  readonly what: string;
}

/** Where programs for remote access keep in touch; their websites, which anybody may visit, are other names. */
const REMOTE_ACCESS: readonly (readonly [domain: string, label: RegExp, what: string])[] = [
  ['net.anydesk.com', /^/, 'AnyDesk'],
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
const MAX_LABELS = 8;

/** What a name stands for; undefined for nearly all. */
export function serviceOfName(name: string): NamedService | undefined {
  const lower = name.toLowerCase();
  for (const [domain, label, what] of REMOTE_ACCESS) {
    if (isUnder(lower, domain) && label.test(firstLabel(lower))) return { topic: 'remote-access', what };
  }
  const domain = lastLabels(lower, 2);
  if (POOLS.has(domain) && lower !== domain && !WEBSITES.test(firstLabel(lower))) {
    return { topic: 'mining', what: `mining pool ${domain}` };
  }
  return undefined;
}

function isUnder(name: string, domain: string): boolean {
  return name.length > domain.length && name.endsWith(domain) && name[name.length - domain.length - 1] === '.';
}

function firstLabel(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}

function lastLabels(name: string, count: number): string {
  const labels = name.split('.', MAX_LABELS);
  return labels.length === MAX_LABELS ? '' : labels.slice(-count).join('.');
}

/**
 * The names that Tor's relays and clients make up for their TLS: "www." and 8 to 20 characters of base32, with ".com"
 * for the client and the issuer and ".net" for the subject (tor-spec, "Negotiating the protocol").
 */
export function isMadeUpName(name: string, ending: '.com' | '.net'): boolean {
  if (!name.startsWith('www.') || !name.endsWith(ending)) return false;
  return /^[a-z2-7]{8,20}$/.test(name.slice(4, -4));
}

/** Certificates of Tor relays have nothing but such a name of both parties, and no other names. */
export function isTorCertificate(subject: string, issuer: string, names: readonly string[]): boolean {
  return (
    names.length === 0 &&
    subject.startsWith('CN=') &&
    issuer.startsWith('CN=') &&
    isMadeUpName(subject.slice(3), '.net') &&
    isMadeUpName(issuer.slice(3), '.com')
  );
}

/** Certificates that AnyDesk's relays and clients show. */
export function isAnyDeskCertificate(commonName: string, issuerCommonName: string): boolean {
  return commonName === 'AnyNet Relay' || commonName === 'AnyDesk Client' || issuerCommonName === 'AnyNet Root CA';
}
