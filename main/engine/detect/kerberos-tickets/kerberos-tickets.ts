import type { CommandFact, Fact, LoginFact, PropertyFact } from '../../../../contract/facts.ts';
import type { EndReason, FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import { parseAddress } from '../../runtime/address.ts';
import type { SettingTable } from '../../runtime/settings.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { initiatorText, responderText } from '../ends.ts';
import { type Collected, describeHarvest, HARVESTS, type Harvest, MAX_NAMES } from './harvest.ts';

const settings = {
  serviceAccounts: {
    type: 'number',
    default: 10,
    min: 2,
    max: 128,
    integer: true,
    unit: 'accounts',
    reason:
      'Tickets with weak encryption for so many service accounts within the window are collected to guess their passwords. A server that works with several databases needs a few; each is fetched once in hours.',
  },
  serviceAccountsAsked: {
    type: 'number',
    default: 3,
    min: 1,
    max: 128,
    integer: true,
    unit: 'accounts',
    reason: 'The same where the client allows nothing but weak encryption, which present systems never do.',
  },
  openAccounts: {
    type: 'number',
    default: 10,
    min: 1,
    max: 128,
    integer: true,
    unit: 'accounts',
    reason:
      'Logins without proof for so many accounts within the window are told of. In some realms no account needs a proof, and behind a shared computer several people log in.',
  },
  openAccountsAsked: {
    type: 'number',
    default: 2,
    min: 1,
    max: 128,
    integer: true,
    unit: 'accounts',
    reason:
      'The same where the client allows nothing but weak encryption. One may be an old device that cannot do better.',
  },
  windowMinutes: {
    type: 'number',
    default: 15,
    min: 1,
    max: 1_440,
    unit: 'min',
    reason: 'After so long without another ticket, counting begins anew.',
  },
} as const satisfies SettingTable;

/** Accounts of computers have long random passwords that change by themselves: their services are no prey. */
const COMPUTER_SERVICES: ReadonlySet<string> = new Set([
  'krbtgt',
  'cifs',
  'host',
  'ldap',
  'gc',
  'dns',
  'rpcss',
  'restrictedkrbhost',
  'termsrv',
  'wsman',
  'nfs',
  'kadmin',
  'e3514235-4b06-11d1-ab04-00c04fc2dcd2',
]);
const WEAK = /^(rc4|des-|etype-)/;
const NO_PROOF = 'kerberos-no-preauth';
/** "WELLKNOWN/ANONYMOUS" proves nothing by design (RFC 8062). */
const NOBODY = 'wellknown/';
const NAME_CHARACTERS = 96;
const MAX_SERVERS = 8;
const MAX_FLOWS = 1_024;
const MAX_CLIENTS = 256;
const REPORT_GROWTH = 2;
const REPORT_EVERY_US = 60e6;

interface Conversation {
  /** The end that asks; of what is met in its middle it may be the responder. */
  isClientInitiator: boolean;
  /** The latest request allows nothing but weak ciphers. */
  isWeakOffer: boolean;
  /** Of the latest ticket, while its cipher is not known. */
  service: string;
}

/** Tickets that are collected to guess passwords offline: Kerberoasting and AS-REP roasting. */
class KerberosTicketsWatcher implements TrafficObserver {
  readonly #context: DetectorContext<typeof settings>;
  readonly #flows = new BoundedMap<number, Conversation>(MAX_FLOWS);
  readonly #collected: Readonly<Record<Harvest, BoundedMap<string, Collected>>> = {
    services: new BoundedMap(MAX_CLIENTS, (_, collected) => this.#tellLast(collected)),
    accounts: new BoundedMap(MAX_CLIENTS, (_, collected) => this.#tellLast(collected)),
  };
  readonly #pending = new Set<Collected>();
  #lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof settings>) {
    this.#context = context;
  }

  fact(flow: FlowView, fact: Fact): void {
    if (fact.type === 'property' && fact.protocol === 'kerberos') this.#property(flow, fact);
    else if (fact.type === 'command' && fact.protocol === 'kerberos') this.#command(flow, fact);
    else if (fact.type === 'login' && fact.method === NO_PROOF) this.#login(flow, fact);
  }

  flowEnd(flow: FlowView, _reason: EndReason): void {
    this.#flows.delete(flow.id);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isStopping = second === this.#lastTickSecond;
    this.#lastTickSecond = second;
    for (const collected of this.#pending) {
      if (isStopping || nowUs - collected.reportedUs >= REPORT_EVERY_US) this.#report(collected, nowUs);
    }
  }

  clockReset(nowUs: number): void {
    for (const collected of this.#pending) this.#report(collected, nowUs);
    this.#flows.clear();
    for (const harvest of HARVESTS) this.#collected[harvest].clear();
    this.#lastTickSecond = Number.NaN;
  }

  #conversation(flow: FlowView): Conversation {
    return this.#flows.getOrInsert(flow.id, () => ({ isClientInitiator: true, isWeakOffer: false, service: '' }));
  }

  #property(flow: FlowView, { name, value, timeUs }: PropertyFact): void {
    if (name === 'ciphers-offered') {
      this.#conversation(flow).isWeakOffer = value.split(' ').every((cipher) => WEAK.test(cipher));
    } else if (name === 'ticket-cipher') {
      const conversation = this.#conversation(flow);
      const { service, isWeakOffer } = conversation;
      conversation.service = '';
      if (service !== '' && WEAK.test(value)) this.#note(flow, 'services', service, isWeakOffer, timeUs);
    }
  }

  #command(flow: FlowView, { command, argument, status, timeUs, fromInitiator }: CommandFact): void {
    if (command !== 'tgs' || status !== 0) return;
    const service = argument.slice(argument.lastIndexOf(' ') + 1);
    const conversation = this.#conversation(flow);
    conversation.isClientInitiator = fromInitiator;
    conversation.service = '';
    if (!isOfAccount(service)) return;
    // A cipher is told once in a conversation; who offers weak ones only is given no other.
    if (conversation.isWeakOffer) this.#note(flow, 'services', service, true, timeUs);
    else conversation.service = service;
  }

  #login(flow: FlowView, { outcome, user, timeUs, fromInitiator }: LoginFact): void {
    if (outcome !== 'success' || user === '' || user.toLowerCase().startsWith(NOBODY)) return;
    const conversation = this.#conversation(flow);
    conversation.isClientInitiator = fromInitiator;
    this.#note(flow, 'accounts', user, conversation.isWeakOffer, timeUs);
  }

  #note(flow: FlowView, harvest: Harvest, name: string, isWeakOffer: boolean, timeUs: number): void {
    const { isClientInitiator } = this.#conversation(flow);
    const client = isClientInitiator ? initiatorText(flow) : responderText(flow);
    const map = this.#collected[harvest];
    let collected = map.get(client);
    if (collected === undefined || timeUs - collected.lastUs > this.#context.settings.windowMinutes * 60e6) {
      if (collected !== undefined) this.#pending.delete(collected);
      collected = newCollected(harvest, client, timeUs);
      map.set(client, collected);
    }
    collected.lastUs = Math.max(collected.lastUs, timeUs);
    if (collected.servers.size < MAX_SERVERS) {
      collected.servers.add(isClientInitiator ? responderText(flow) : initiatorText(flow));
    }
    const key = name.slice(0, NAME_CHARACTERS).toLowerCase();
    if (collected.names.has(key) || collected.names.size >= MAX_NAMES) return;
    collected.names.add(key);
    if (isWeakOffer) collected.weakOffers++;
    this.#judge(collected, timeUs);
  }

  #judge(collected: Collected, timeUs: number): void {
    const { serviceAccounts, serviceAccountsAsked, openAccounts, openAccountsAsked } = this.#context.settings;
    const { harvest, names, weakOffers, reportedNames } = collected;
    if (reportedNames > 0) {
      if (names.size >= reportedNames * REPORT_GROWTH) this.#report(collected, timeUs);
      else this.#pending.add(collected);
      return;
    }
    const [least, leastAsked] =
      harvest === 'accounts' ? [openAccounts, openAccountsAsked] : [serviceAccounts, serviceAccountsAsked];
    const isGuilty = names.size >= least || weakOffers >= leastAsked;
    const words = parseAddress(collected.client);
    if (!isGuilty || words === null || !this.#context.landscape.mayBeAttacker(...words)) return;
    this.#report(collected, timeUs);
  }

  /** It makes room for another: what waits to be told is told now. */
  #tellLast(collected: Collected): void {
    if (this.#pending.has(collected)) this.#report(collected, collected.lastUs);
  }

  #report(collected: Collected, nowUs: number): void {
    this.#pending.delete(collected);
    collected.reportedNames = collected.names.size;
    collected.reportedUs = nowUs;
    this.#context.report(describeHarvest(collected));
  }
}

/** "MSSQLSvc/db.example.org:1433", or the name of the account itself; no computer, and no service of one. */
function isOfAccount(service: string): boolean {
  if (service === '' || service.endsWith('$')) return false;
  const slash = service.indexOf('/');
  return !COMPUTER_SERVICES.has((slash < 0 ? service : service.slice(0, slash)).toLowerCase());
}

function newCollected(harvest: Harvest, client: string, timeUs: number): Collected {
  return {
    harvest,
    client,
    firstUs: timeUs,
    lastUs: timeUs,
    names: new Set(),
    servers: new Set(),
    weakOffers: 0,
    reportedNames: 0,
    reportedUs: 0,
  };
}

export const kerberosTicketsDetector = defineDetector({
  id: 'kerberos-tickets',
  kind: 'brute-force',
  summary: 'A computer collects Kerberos tickets whose passwords can be guessed elsewhere.',
  techniques: ['T1558.003', 'T1558.004'],
  settings,
  interest: {
    facts: ['property:kerberos.ciphers-offered', 'property:kerberos.ticket-cipher', 'command:kerberos', 'login'],
    silentEnds: false,
  },
  memoryBound: '512 clients with 128 names of 150 B, 1,024 conversations of 100 B',
  create: (context) => new KerberosTicketsWatcher(context),
});
