import { type Evidence, type Finding, MAX_LISTED_HOSTS, type Severity } from '../../../../contract/domain.ts';
import { countOf, listOf } from '../finding-text.ts';

/** What a host that answers for names has done so far. */
export interface Poser {
  readonly address: string;
  readonly firstUs: number;
  lastUs: number;
  /** Names that it said are its own, by protocol. */
  readonly names: Map<string, Set<string>>;
  /** Who was told. */
  readonly told: Set<string>;
  readonly trapNames: Set<string>;
  /** Names under which it was called, and by which it then said to be another. */
  readonly otherNames: Map<string, string>;
  /** Hosts that were told, and then logged in at it, with the accounts. */
  readonly logins: Set<string>;
  readonly accounts: Set<string>;
  /** Hosts that fetched the settings of a proxy from it. */
  readonly proxyClients: Set<string>;
}

export interface PoserVerdict {
  readonly severity: Severity;
  readonly confidence: number;
}

const PROTOCOL_WORDS: Readonly<Record<string, string>> = {
  llmnr: 'LLMNR',
  'netbios-ns': 'NetBIOS',
  mdns: 'mDNS',
};

export function allNames(poser: Poser): string[] {
  return [...new Set([...poser.names.values()].flatMap((names) => [...names]))];
}

export function describePoser(poser: Poser, verdict: PoserVerdict): Finding {
  const { address } = poser;
  const names = allNames(poser);
  const protocols = [...poser.names.keys()].map((id) => PROTOCOL_WORDS[id] ?? id);
  // Those who gave something away were robbed; the others were only told a lie.
  const robbed = new Set([...poser.logins, ...poser.proxyClients]);
  const victims = [...robbed, ...[...poser.told].filter((host) => !robbed.has(host))];
  const accounts = [...poser.accounts];
  const evidence: Evidence[] = [
    {
      name: 'names that it answers for',
      value: names.length,
      unit: 'names',
      usual: '1',
      usualRange: { low: 1, high: 2 },
      meaning: `It said "that is me" to ${listOf(names, 6)}.`,
    },
    {
      name: 'asked by',
      value: listOf(protocols),
      meaning:
        'Computers ask their neighbours in this way for names that DNS does not know, mistyped ones for example.',
    },
  ];
  if (poser.trapNames.size > 0) {
    evidence.push({
      name: 'names that no computer has',
      value: listOf([...poser.trapNames]),
      usual: 'no answer',
      meaning: 'Browsers look for a proxy by this name by themselves. Whoever answers is asked for all web pages.',
    });
  }
  for (const [asked, told] of [...poser.otherNames].slice(0, 1)) {
    evidence.push({
      name: 'name of the server that was reached',
      value: told,
      usual: asked,
      meaning: `It was reached as ${asked}, and then called itself ${told}.`,
    });
  }
  if (poser.logins.size > 0) {
    evidence.push({
      name: 'logins handed to it',
      value: accounts.length > 0 ? listOf(accounts, 6) : countOf(poser.logins.size, 'host'),
      usual: 'none',
      meaning: 'A login by NTLM can be used elsewhere at once, or its password be guessed at leisure.',
    });
  }
  return {
    detector: 'name-poisoning',
    kind: 'man-in-the-middle',
    cause: `name-poisoning/${address}`,
    firstSeenMs: poser.firstUs / 1000,
    lastSeenMs: poser.lastUs / 1000,
    severity: verdict.severity,
    confidence: verdict.confidence,
    techniques: ['T1557.001', 'T1557'],
    attackers: [address],
    victims: victims.slice(0, MAX_LISTED_HOSTS),
    attackerCount: 1,
    victimCount: victims.length,
    title: `${address} poses as ${listOf(names)} to ${victims.length === 0 ? 'its neighbours' : listOf(victims)}`,
    explanation: [
      `${address} answered ${countOf(names.length, 'name')} that ${victims.length === 0 ? 'neighbours' : listOf(victims)} looked for with its own address; a computer answers for its own name only.`,
      poser.logins.size > 0
        ? `${listOf([...poser.logins])} then logged in there${accounts.length > 0 ? ` as ${listOf(accounts)}` : ''}: the login is in the wrong hands.`
        : 'Whoever believes it connects there, and often hands over a login without being asked.',
      'Tools for this are started inside of a network to collect passwords.',
    ].join(' '),
    evidence,
  };
}
