/** Programs that change the rules of a firewall: after one was run they are looked at, and a change is taken for its work. */
const CHANGERS: ReadonlySet<string> = new Set([
  'nft',
  'iptables',
  'ip6tables',
  'iptables-restore',
  'ip6tables-restore',
  'iptables-legacy',
  'iptables-nft',
  'xtables-nft-multi',
  'xtables-legacy-multi',
  'ufw',
  'firewall-cmd',
  'netfilter-persistent',
]);

/** Options of nft that change only how rules are shown. */
const SHOWING: ReadonlySet<string> = new Set([
  ...['-a', '-j', '-n', '-nn', '-s', '-t', '-y', '--handle', '--json', '--numeric', '--stateless', '--terse'],
  ...['--numeric-priority', '--numeric-protocol', '--numeric-time', '--reversedns', '--service'],
]);
/** One program under many names, which does what the name says that it was called by. */
const CALLED_BY_NAME = /^xtables-(?:nft|legacy)-multi$/;
const SAVES = /^(?:iptables|ip6tables|arptables|ebtables)(?:-nft|-legacy)?-save$/;

/**
 * Whether a program may have changed the rules. Who only has them shown, as we do ourselves to see what changed, did not.
 *
 * @param image path of the program
 * @param words its arguments, its own name first, where they are known
 */
export function mayChangeFirewall(image: string, words: readonly string[] = []): boolean {
  const name = nameOf(image);
  if (!CHANGERS.has(name)) return false;
  if (name === 'nft') return !isListing(words.slice(1));
  return !(CALLED_BY_NAME.test(name) && SAVES.test(nameOf(words[0] ?? '')));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** "-j -n list ruleset", with no second command behind it, and no other option, which older versions take there: nft(8). */
function isListing(words: readonly string[]): boolean {
  const command = words.find((word) => !SHOWING.has(word));
  return command === 'list' && !words.some((word) => (word.startsWith('-') ? !SHOWING.has(word) : /[;\n]/.test(word)));
}
