import type { AllowEntry, AllowMatch } from '../../../contract/api-alerts.ts';
import type { Alert } from '../../../contract/domain.ts';
import { type AddressWords, isIpv4, parseAddress } from '../runtime/address.ts';
import { severityRank } from './rules.ts';

/** What an entry of the allow-list says about which alerts it hides. */
export type AllowTarget = Pick<AllowEntry, 'match' | 'maximumSeverity' | 'untilMs'>;

/** What of an alert, or of a finding that is to become one, an entry is held against. */
export type AllowSubject = Pick<
  Alert,
  'severity' | 'kind' | 'detectors' | 'attackers' | 'attackerCount' | 'victims' | 'victimCount' | 'processes'
>;

/**
 * Whether an entry hides an alert: everything that it names fits, the alert is no worse than it may be, and its
 * time has not run out. An address or a network fits when *all* attackers (victims) of the alert are in it, so a
 * stranger who joins in is not hidden; where an alert names more of them than it lists, nobody knows, so it does not.
 */
export function fitsAllow(
  { match, maximumSeverity, untilMs }: AllowTarget,
  alert: AllowSubject,
  nowMs: number,
): boolean {
  if (untilMs !== null && untilMs <= nowMs) return false;
  if (severityRank(alert.severity) > severityRank(maximumSeverity)) return false;
  if (Object.values(match).every((value) => value === undefined)) return false;
  return (
    (match.kind === undefined || alert.kind === match.kind) &&
    (match.program === undefined || alert.processes?.[0]?.image === match.program) &&
    (match.command === undefined || alert.processes?.[0]?.commandLine === match.command) &&
    (match.detector === undefined || isOnly(alert.detectors, (detector) => detector === match.detector)) &&
    (match.attacker === undefined || areWithin(alert.attackers, alert.attackerCount, hostsOf(match, 'attacker'))) &&
    (match.victim === undefined || areWithin(alert.victims, alert.victimCount, hostsOf(match, 'victim')))
  );
}

/** What is wrong with an entry, in words; undefined when it can be used. */
export function allowProblem(match: AllowMatch, detectors: readonly string[]): string | undefined {
  if (Object.values(match).every((value) => value === undefined)) {
    return 'It names nothing. Name at least a kind, an attacker, a victim, a program or a detector.';
  }
  for (const side of ['attacker', 'victim'] as const) {
    const text = match[side];
    if (text !== undefined && parseHosts(text) === null) {
      return `The ${side} is no address and no network such as 10.0.0.0/8.`;
    }
  }
  if (match.program !== undefined && !/^\/./.test(match.program)) {
    return 'The program is no absolute path such as /usr/bin/gpg.';
  }
  if (match.command !== undefined && match.program === undefined) {
    return 'A command line alone is easily forged. Name the program as well.';
  }
  if (match.detector !== undefined && !detectors.includes(match.detector)) {
    return `There is no such detector. There are ${detectors.join(', ')}.`;
  }
  return undefined;
}

function isOnly<T>(values: readonly T[], test: (value: T) => boolean): boolean {
  return values.length > 0 && values.every(test);
}

function areWithin(hosts: readonly string[], count: number, range: Hosts | null): boolean {
  return count <= hosts.length && range !== null && isOnly(hosts, (host) => isWithin(host, range));
}

/** A network, or the text of a MAC address. */
type Hosts = { readonly words: AddressWords; readonly bits: number } | { readonly mac: string };

type Side = 'attacker' | 'victim';

/** A list of a thousand entries is asked with every change of an alert: their texts are read once. */
const READ: Readonly<Record<Side, WeakMap<AllowMatch, Hosts | null>>> = {
  attacker: new WeakMap(),
  victim: new WeakMap(),
};

function hostsOf(match: AllowMatch, side: Side): Hosts | null {
  const read = READ[side].get(match);
  if (read !== undefined) return read;
  const hosts = parseHosts(match[side] ?? '');
  READ[side].set(match, hosts);
  return hosts;
}

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const ADDRESS_BITS = 128;
/** An IPv4 address is the last 32 bits of its mapped form. */
const MAPPED_BITS = 96;
const WORD_BITS = 32;

function parseHosts(text: string): Hosts | null {
  const lower = text.trim().toLowerCase();
  if (MAC.test(lower)) return { mac: lower };
  const [address, prefix, ...rest] = lower.split('/');
  const words = parseAddress(address);
  if (words === null || rest.length > 0) return null;
  if (prefix === undefined) return { words, bits: ADDRESS_BITS };
  const isShort = isIpv4(words[0], words[1], words[2]) && !address.includes(':');
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) + (isShort ? MAPPED_BITS : 0) : Number.NaN;
  return bits <= ADDRESS_BITS ? { words, bits } : null;
}

function isWithin(host: string, range: Hosts): boolean {
  if ('mac' in range) return host.toLowerCase() === range.mac;
  const words = parseAddress(host);
  if (words === null) return false;
  return words.every((word, index) => {
    const bits = Math.min(Math.max(range.bits - index * WORD_BITS, 0), WORD_BITS);
    return bits === 0 || (word ^ range.words[index]) >>> (WORD_BITS - bits) === 0;
  });
}
