import type { Finding } from '../../../../contract/domain.ts';
import { countOf, formatDuration, listOf } from '../finding-text.ts';

/** Names of services or accounts of one client that are kept. */
export const MAX_NAMES = 128;
const SHOWN_NAMES = 8;

export const HARVESTS = ['services', 'accounts'] as const;
/** What is collected: tickets for services, or logins of accounts that need no proof. */
export type Harvest = (typeof HARVESTS)[number];

/** What one client collected of one kind. */
export interface Collected {
  readonly harvest: Harvest;
  readonly client: string;
  readonly firstUs: number;
  lastUs: number;
  readonly names: Set<string>;
  readonly servers: Set<string>;
  /** Names for which it offered nothing but weak ciphers. */
  weakOffers: number;
  reportedNames: number;
  reportedUs: number;
}

interface HarvestText {
  readonly technique: string;
  readonly title: (client: string, count: number) => string;
  readonly explanation: (client: string, count: number, duration: string) => string;
  readonly evidenceName: string;
  readonly usual: string;
  readonly usualRange: { readonly low: number; readonly high: number };
  readonly meaning: string;
}

const TEXTS: Readonly<Record<Harvest, HarvestText>> = {
  services: {
    technique: 'T1558.003',
    title: (client, count) => `${client} collected weakly encrypted tickets for ${countOf(count, 'service account')}`,
    explanation: (client, count, duration) =>
      `${client} asked Kerberos for tickets of ${countOf(count, 'service account')} within ${duration}, encrypted with a method from 1999 (RC4) that is quick to guess passwords against. Such tickets can be tried against word lists elsewhere, where nobody sees it (Kerberoasting); usual are none to two in so short a time. The passwords of these accounts should be long, and RC4 switched off for them.`,
    evidenceName: 'service accounts',
    usual: '0 to 2',
    usualRange: { low: 0, high: 2 },
    meaning: 'Tickets of their kind are encrypted with the password of the account.',
  },
  accounts: {
    technique: 'T1558.004',
    title: (client, count) => `${client} collected password hashes of ${countOf(count, 'account')} that need no proof`,
    explanation: (client, count, duration) =>
      `${client} asked Kerberos to log in ${countOf(count, 'account')} within ${duration} that are set up to need no proof of the password first (pre-authentication). The answers can be tried against word lists elsewhere, where nobody sees it (AS-REP roasting). Usual is that no account is set up so: switch pre-authentication on for them, and change their passwords.`,
    evidenceName: 'accounts',
    usual: '0',
    usualRange: { low: 0, high: 0 },
    meaning: 'Each answer holds something that is encrypted with the password of the account.',
  },
};

const CONFIDENCE = 0.8;
const SURE_CONFIDENCE = 0.9;

export function describeHarvest(collected: Collected): Finding {
  const { harvest, client, firstUs, lastUs, names, servers, weakOffers } = collected;
  const text = TEXTS[harvest];
  const duration = formatDuration((lastUs - firstUs) / 1e6);
  return {
    detector: 'kerberos-tickets',
    kind: 'brute-force',
    cause: `kerberos-tickets/${harvest}/${client}`,
    firstSeenMs: firstUs / 1000,
    lastSeenMs: lastUs / 1000,
    // Where no account needs a proof, a computer that many people use looks the same.
    severity: harvest === 'accounts' && weakOffers === 0 ? 'low' : 'medium',
    confidence: weakOffers > 0 ? SURE_CONFIDENCE : CONFIDENCE,
    techniques: [text.technique],
    attackers: [client],
    victims: [...servers],
    attackerCount: 1,
    victimCount: servers.size,
    title: text.title(client, names.size),
    explanation: text.explanation(client, names.size, duration),
    evidence: [
      {
        name: text.evidenceName,
        value: names.size,
        unit: 'names',
        usual: text.usual,
        usualRange: text.usualRange,
        meaning: `${text.meaning} Asked for were ${listOf([...names], SHOWN_NAMES)}.`,
      },
      {
        name: 'requests that allow weak encryption only',
        value: weakOffers,
        unit: 'requests',
        usual: '0',
        usualRange: { low: 0, high: 0 },
        meaning: 'Systems offer strong methods as well; tools for guessing ask for the weak one on purpose.',
      },
      {
        name: 'duration',
        value: Math.round((lastUs - firstUs) / 1e6),
        unit: 's',
        meaning: 'From the first to the latest.',
      },
    ],
  };
}
