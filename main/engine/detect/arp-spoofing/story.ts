import { type Evidence, type Finding, MAX_LISTED_HOSTS } from '../../../../contract/domain.ts';
import { formatMac } from '../../runtime/address.ts';
import { countOf, formatDuration, listOf } from '../finding-text.ts';
import type { Claimant, Contest } from './claim-book.ts';
import type { Suspicion, Verdict } from './verdict.ts';

export function macText(mac: number): string {
  return formatMac(Math.floor(mac / 2 ** 32), mac | 0);
}

/** The finding about a device that stands in for others. */
export function describeSpoofing(suspicion: Suspicion, verdict: Verdict): Finding {
  const { mac, passing } = suspicion;
  const attacker = suspicion.ownAddresses()[0] ?? macText(mac);
  const named = attacker === macText(mac) ? attacker : `${attacker} (${macText(mac)})`;
  const claimed = verdict.claimed.map(({ address }) => address);
  const victims = victimsOf(suspicion, verdict, attacker);
  const claimants = verdict.claimed.flatMap((contest) => contest.claimants.filter((each) => each.mac === mac));
  const firstUs = Math.min(...claimants.map((claimant) => claimant.firstUs));
  const lastUs = Math.max(...claimants.map((claimant) => claimant.lastUs));
  const mismatches = claimants.reduce((sum, claimant) => sum + claimant.mismatches, 0);
  const seconds = (lastUs - firstUs) / 1e6;
  const gateways = verdict.claimed.filter((contest) => suspicion.isGateway(contest)).map(({ address }) => address);
  const whose = gateways.length > 0 ? `the gateway ${listOf(gateways)}` : listOf(claimed);
  const others = claimed.filter((address) => !victims.includes(address));
  const evidence: Evidence[] = [
    {
      name: 'addresses of others that it claims',
      value: listOf(claimed, 6),
      usual: 'none',
      meaning: 'A device answers for its own address only.',
    },
    {
      name: 'answers that nobody asked for',
      value: verdict.unaskedReplies,
      unit: 'answers',
      usual: '0 to 2',
      usualRange: { low: 0, high: 2 },
      meaning: 'What neighbours believe is overwritten by answers without a question.',
    },
    {
      name: 'claimed addresses whose owner is there',
      value: verdict.livelyOwners,
      unit: 'addresses',
      usual: '0',
      usualRange: { low: 0, high: 0 },
      meaning: 'When an address moves to another device, the one that had it before is silent.',
    },
  ];
  if (verdict.asksForClaimed) {
    evidence.push({
      name: 'asks for what it claims',
      value: 'yes',
      usual: 'no',
      meaning: 'It asked the network who has the address that it says to have: it knows that it is another device’s.',
    });
  }
  if (verdict.moved > 0 && passing !== undefined) {
    evidence.push({
      name: 'hosts whose traffic goes through it now',
      value: listOf([...passing.moved], 4),
      usual: 'none',
      meaning: 'Their packets for elsewhere went to another device before.',
    });
  }
  if (verdict.forwarded > 0) {
    evidence.push({
      name: 'packets seen going in and out of it',
      value: verdict.forwarded,
      unit: 'packets',
      usual: '0',
      usualRange: { low: 0, high: 0 },
      meaning: 'It hands on what it gets, so that nobody notices.',
    });
  }
  if (mismatches > 0) {
    evidence.push({
      name: 'messages that name another sender than the frame',
      value: mismatches,
      unit: 'messages',
      usual: '0',
      meaning: 'Ordinary systems write the same MAC address in both places.',
    });
  }
  return {
    detector: 'arp-spoofing',
    kind: 'man-in-the-middle',
    cause: `arp-spoofing/${macText(mac)}`,
    firstSeenMs: firstUs / 1000,
    lastSeenMs: lastUs / 1000,
    severity: verdict.severity,
    confidence: verdict.confidence,
    techniques: ['T1557.002', 'T1557'],
    attackers: [attacker],
    victims: victims.slice(0, MAX_LISTED_HOSTS),
    attackerCount: 1,
    victimCount: victims.length,
    title:
      others.length > 0
        ? `${attacker} put itself between ${listOf(victims)} and ${listOf(others)} (ARP spoofing)`
        : `${attacker} put itself between ${listOf(victims)} (ARP spoofing)`,
    explanation: [
      `${named} says that it is ${whose}, which is another device: ${countOf(verdict.unaskedReplies, 'answer')} within ${formatDuration(seconds)} that nobody had asked for, where there are usually none.`,
      verdict.moved > 0
        ? `Traffic of ${listOf([...(passing?.moved ?? [])])} goes through it since.`
        : 'Who believes it sends packets there instead of to the real one.',
      'So it can read and change whatever is not encrypted, and redirect connections.',
    ].join(' '),
    evidence,
  };
}

/**
 * The hosts that were told lies, or whose traffic went another way. The gateway is told lies too when both directions
 * are wanted; the one who is robbed is the host behind it, so it stands alone where both are known.
 */
function victimsOf(suspicion: Suspicion, verdict: Verdict, attacker: string): string[] {
  const gateways = new Set(
    verdict.claimed.filter((contest) => suspicion.isGateway(contest)).map(({ address }) => address),
  );
  const moved = verdict.moved > 0 ? [...(suspicion.passing?.moved ?? [])] : [];
  const own = new Set([attacker, ...suspicion.ownAddresses()]);
  const all = [...new Set([...verdict.told, ...moved])].filter((host) => !own.has(host));
  const hosts = all.filter((host) => !gateways.has(host));
  if (hosts.length > 0) return hosts;
  if (all.length > 0) return all;
  return verdict.claimed.map(({ address }) => address);
}

/** Two devices with one address, both in use. */
export function describeDuplicate(contest: Contest, pair: readonly [Claimant, Claimant]): Finding {
  const [first, second] = pair;
  const { address } = contest;
  return {
    detector: 'arp-spoofing',
    kind: 'anomaly',
    cause: `arp-spoofing/duplicate/${address}`,
    firstSeenMs: second.firstUs / 1000,
    lastSeenMs: Math.max(first.lastUs, second.lastUs) / 1000,
    severity: 'low',
    confidence: 0.7,
    techniques: ['T1557.002'],
    attackers: [macText(second.mac)],
    victims: [address],
    attackerCount: 1,
    victimCount: 1,
    title: `${macText(first.mac)} and ${macText(second.mac)} both use the address ${address}`,
    explanation: [
      `Two devices use ${address} at the same time: ${macText(first.mac)}, and since then also ${macText(second.mac)}.`,
      'Mostly one of them was given an address by hand that was taken already; connections of both then break now and then.',
      'Nothing else that spoofing does was seen.',
    ].join(' '),
    evidence: [
      {
        name: 'devices with this address',
        value: contest.claimants.length,
        unit: 'devices',
        usual: '1',
        usualRange: { low: 1, high: 1 },
        meaning: 'An address belongs to one device.',
      },
    ],
  };
}
