/** What the labels of the evaluation data say: `attacks/labels.json` and `benign/benign.json`. */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

/** Below the data folder: neither absolute nor upwards, whatever a label file says. */
const file = z
  .string()
  .min(1)
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').includes('..'),
    'must be a path inside of the data folder',
  );

const attack = z
  .object({
    id: z.string().min(1),
    file,
    category: z.string().min(1),
    attack_techniques: z.array(z.string()).readonly(),
    attacker: z.array(z.string()).readonly(),
    victim: z.array(z.string()).readonly(),
    /** False for captures that are there to look at, not to be counted. */
    counted_in_tpr: z.boolean().default(true),
  })
  .readonly();

export const attackLabelsSchema = z.array(attack).min(1).readonly();

export const benignLabelsSchema = z
  .object({
    captures: z
      .array(
        z
          .object({
            file,
            /** policy: ordinary use of VPN, peer-to-peer and the like, of which alerts of low severity may speak. */
            class: z.enum(['benign', 'policy']),
            active_seconds: z.number().nonnegative(),
          })
          .readonly(),
      )
      .min(1)
      .readonly(),
  })
  .readonly();

export type AttackLabel = z.infer<typeof attack>;
export type BenignLabel = z.infer<typeof benignLabelsSchema>['captures'][number];

/** Whom a label means. */
export type LabelledHosts =
  /** These hosts, by address (IP or MAC, lower case) or network. */
  | { readonly type: 'named'; readonly addresses: ReadonlySet<string>; readonly networks: BlockList }
  /** More than can be named: forged senders, reflectors. */
  | { readonly type: 'many' }
  /** The label leaves it to the capture. */
  | { readonly type: 'unnamed' };

const MANY = /\b(many|spoofed|reflectors|random)\b/i;
const MAC = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi;
/** Split at everything that no address, network or port contains. */
const WORD_BREAK = /[\s,;()[\]]+/;

/** Reads "10.0.0.1:9001 (listener)", "192.168.1.0/24", "MAC 00:25:…", "many (spoofed)", "DHCP server". */
export function readHosts(texts: readonly string[]): LabelledHosts {
  const addresses = new Set<string>();
  const networks = new BlockList();
  let isNamed = false;
  for (const text of texts) {
    for (const mac of text.match(MAC) ?? []) {
      addresses.add(mac.toLowerCase());
      isNamed = true;
    }
    for (const word of text.split(WORD_BREAK)) if (addHost(word, addresses, networks)) isNamed = true;
  }
  if (isNamed) return { type: 'named', addresses, networks };
  return texts.some((text) => MANY.test(text)) ? { type: 'many' } : { type: 'unnamed' };
}

function addHost(word: string, addresses: Set<string>, networks: BlockList): boolean {
  const [address, prefix, ...rest] = word.split('/') as [string, string?, ...string[]];
  const version = isIP(address);
  if (version !== 0 && prefix === undefined) {
    addresses.add(address.toLowerCase());
    return true;
  }
  const bits = Number(prefix);
  if (version !== 0 && rest.length === 0 && Number.isInteger(bits) && bits >= 0 && bits <= (version === 4 ? 32 : 128)) {
    networks.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
    return true;
  }
  const withoutPort = word.replace(/:\d+$/, '');
  if (isIP(withoutPort) !== 4) return false;
  addresses.add(withoutPort);
  return true;
}

/** Whether an address of an alert is one that the label names. */
export function isNamedHost(hosts: LabelledHosts, address: string): boolean {
  if (hosts.type !== 'named') return false;
  if (hosts.addresses.has(address.toLowerCase())) return true;
  const version = isIP(address);
  return version !== 0 && hosts.networks.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
