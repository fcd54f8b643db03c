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

/** @param image path of the program */
export function mayChangeFirewall(image: string): boolean {
  return CHANGERS.has(image.slice(image.lastIndexOf('/') + 1));
}
