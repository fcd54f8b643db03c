import { type Evidence, type Finding, MAX_LISTED_HOSTS } from '../../../contract/domain.ts';
import { countOf, formatCount, formatDuration, listOf } from './finding-text.ts';
import type { TriedNames } from './login-names.ts';
import type { LoginProtocol } from './login-protocols.ts';

/** From so many names on, with so few tries of each, passwords are sprayed and not guessed one after the other. */
const SPRAYED_NAMES = 5;
const SPRAY_TRIES_PER_NAME = 4;
/** About one try of each of so many names comes from a list of stolen credentials, or is spraying: which, the passwords tell. */
const LIST_NAMES = 20;
const LIST_TRIES_PER_NAME = 1.2;
/** So many different passwords per name make it a list of pairs; fewer than this a few passwords for all. */
const PAIRS_SHARE = 0.7;
/** When so many failures are names that do not exist, they are what is looked for. */
const SEARCH_SHARE = 0.5;
const SHOWN_NAMES = 8;
const CONFIDENCE = 0.9;

/** Accounts that rule the computer or the service. */
const PRIVILEGED: ReadonlySet<string> = new Set(['root', 'administrator', 'admin', 'sa', 'sys', 'system', 'postgres']);

export function isPrivileged(user: string): boolean {
  return PRIVILEGED.has(user.toLowerCase());
}

/** What the names of failed logins say. */
export interface NamesRead {
  readonly count: number;
  /** Of the ways to guess that the names show; empty when they show none. */
  readonly techniques: readonly string[];
  /** Names are looked for, and no passwords yet. */
  readonly isSearch: boolean;
  readonly sentences: readonly string[];
}

export function readNames(tried: TriedNames | undefined): NamesRead {
  const count = tried?.names.size ?? 0;
  if (tried === undefined || count < SPRAYED_NAMES) return { count, techniques: [], isSearch: false, sentences: [] };
  const perName = tried.failures / count;
  const isSearch = tried.unknownNames >= tried.failures * SEARCH_SHARE;
  const techniques: string[] = [];
  if (isSearch) techniques.push('T1087');
  if (perName <= SPRAY_TRIES_PER_NAME) {
    const isList = count >= LIST_NAMES && perName <= LIST_TRIES_PER_NAME;
    const arePairs = tried.secrets.size >= count * PAIRS_SHARE;
    if (isList && arePairs) techniques.push('T1110.004');
    else techniques.push('T1110.003');
  } else {
    techniques.push('T1110.001');
  }
  return { count, techniques, isSearch, sentences: [sentence()] };

  function sentence(): string {
    const names = `${countOf(count, 'name')} were tried, about ${countOf(Math.max(1, perName), 'time')} each`;
    if (isSearch) return `${names}, and most of them do not exist: whoever it is looks for accounts.`;
    if (perName <= SPRAY_TRIES_PER_NAME) return `${names}, so that no account is locked.`;
    return `${names}.`;
  }
}

export function nameEvidence(tried: TriedNames | undefined): Evidence[] {
  if (tried === undefined || tried.names.size === 0) return [];
  const shown = [...tried.names].sort((first, second) => second[1] - first[1]).slice(0, SHOWN_NAMES);
  const rows: Evidence[] = [
    {
      name: 'names tried',
      value: tried.names.size,
      unit: 'names',
      usual: '1 or 2',
      usualRange: { low: 1, high: 2 },
      meaning: `A person has one or two. Tried were ${listOf(
        shown.map(([name]) => name),
        SHOWN_NAMES,
      )}${tried.names.size > SHOWN_NAMES ? ', …' : ''}.`,
    },
  ];
  if (tried.unknownNames > 0) {
    rows.push({
      name: 'names that do not exist',
      value: tried.unknownNames,
      unit: 'logins',
      usual: '0 or 1',
      usualRange: { low: 0, high: 1 },
      meaning: 'The server said so: a list of names is being tried.',
    });
  }
  return rows;
}

/** Says what is known of one who tries many names, at whatever pace. */
export function describeNameGuessing(attacker: string, protocol: LoginProtocol, tried: TriedNames): Finding {
  const { names, failures, firstUs, lastUs } = tried;
  const servers = [...tried.servers].sort((first, second) => second[1] - first[1]).map(([server]) => server);
  const where = servers.length === 1 ? servers[0]! : countOf(servers.length, 'host');
  const read = readNames(tried);
  const seconds = Math.max(0, lastUs - firstUs) / 1e6;
  return {
    detector: 'brute-force',
    kind: 'brute-force',
    cause: `brute-force/names/${attacker}/${protocol.service}`,
    firstSeenMs: firstUs / 1000,
    lastSeenMs: lastUs / 1000,
    severity: 'medium',
    confidence: CONFIDENCE,
    techniques: read.techniques.length > 0 ? read.techniques : ['T1110.003'],
    attackers: [attacker],
    victims: servers.slice(0, MAX_LISTED_HOSTS),
    attackerCount: 1,
    victimCount: servers.length,
    title: `${attacker} is trying ${countOf(names.size, 'account name')} for ${protocol.name} on ${where}`,
    explanation: [
      `${attacker} failed ${countOf(failures, 'time')} to log in to ${protocol.name} on ${where} under ${countOf(names.size, 'different name')} within ${formatDuration(seconds)}; a person has one or two names.`,
      read.isSearch
        ? 'Most of the names do not exist: whoever it is looks for accounts.'
        : 'A few tries for each of many names keep under the limits at which accounts are locked.',
      tried.accepted.size === 0
        ? 'No login was seen to work.'
        : `Logins under ${countOf(tried.accepted.size, 'name')} worked in the same time.`,
    ].join(' '),
    evidence: [
      {
        name: 'failed logins',
        value: failures,
        unit: 'logins',
        usual: '0 to 3',
        usualRange: { low: 0, high: 3 },
        meaning: `The server turned these logins down, about ${formatCount(Math.max(1, failures / Math.max(1, names.size)))} for each name.`,
      },
      ...nameEvidence(tried),
      {
        name: 'hosts',
        value: servers.length,
        unit: 'hosts',
        usual: '1',
        usualRange: { low: 1, high: 1 },
        meaning: servers.length > 1 ? 'The same was tried on several hosts.' : 'All tries went to one host.',
      },
      {
        name: 'duration',
        value: Math.round(seconds),
        unit: 's',
        meaning: 'From the first failed login to the latest.',
      },
    ],
  };
}
