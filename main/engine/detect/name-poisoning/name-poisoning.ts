import type { DnsFact, Fact, HttpRequestFact, LoginFact, PropertyFact } from '../../../../contract/facts.ts';
import type { FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import { parseAddress } from '../../runtime/address.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { initiatorText, responderText } from '../ends.ts';
import { answeredNames, askedName, isSameComputer, isTrapName, NAME_PROTOCOLS } from './answered-names.ts';
import { namePoisoningSettings } from './settings.ts';
import { allNames, describePoser, type Poser, type PoserVerdict } from './story.ts';

/** Hosts that answer for names. */
const MAX_POSERS = 512;
/** Questions whose asker is remembered: an answer to a group does not say to whom it is. */
const MAX_QUESTIONS = 1024;
const MAX_NAMES = 64;
const MAX_TOLD = 64;
const MAX_ACCOUNTS = 16;
const REPORT_GROWTH = 2;
const REPORT_EVERY_US = 60_000_000;

const MDNS = 'mdns';

interface Watched extends Poser {
  isDirty: boolean;
  reportedUs: number;
  reported: string;
  reportedSize: number;
}

/**
 * Who says "that is me" when neighbours look for names (LLMNR, NetBIOS, mDNS): to many names, to names that no
 * computer has, or to a name that it does not bear, as its own login service then says.
 */
class NamePoisoningWatcher implements TrafficObserver {
  readonly #context: DetectorContext<typeof namePoisoningSettings>;
  readonly #posers = new BoundedMap<string, Watched>(MAX_POSERS);
  readonly #askers = new BoundedMap<string, string>(MAX_QUESTIONS);
  readonly #forgetUs: number;
  #lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof namePoisoningSettings>) {
    this.#context = context;
    this.#forgetUs = context.settings.forgetMinutes * 60e6;
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'dns':
        if (NAME_PROTOCOLS.has(fact.protocol)) this.#names(flow, fact);
        break;
      case 'login':
        if (this.#posers.size > 0) this.#login(flow, fact);
        break;
      case 'property':
        if (this.#posers.size > 0 && fact.name === 'server-name') this.#serverName(flow, fact);
        break;
      case 'http-request':
        if (this.#posers.size > 0) this.#request(flow, fact);
        break;
    }
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isLast = second === this.#lastTickSecond;
    this.#lastTickSecond = second;
    for (const [address, poser] of this.#posers.entries()) {
      if (nowUs - poser.lastUs > this.#forgetUs) this.#posers.delete(address);
      else if (poser.isDirty) this.#judge(poser, nowUs, isLast);
    }
  }

  clockReset(nowUs: number): void {
    for (const [, poser] of this.#posers.entries()) if (poser.isDirty) this.#judge(poser, nowUs, true);
    this.#posers.clear();
    this.#askers.clear();
    this.#lastTickSecond = Number.NaN;
  }

  #names(flow: FlowView, fact: DnsFact): void {
    const asked = askedName(fact);
    if (asked !== '') {
      this.#askers.set(`${fact.protocol} ${asked}`, fact.fromInitiator ? initiatorText(flow) : responderText(flow));
      return;
    }
    const answers = answeredNames(fact);
    if (answers.length === 0) return;
    const sender = fact.fromInitiator ? initiatorText(flow) : responderText(flow);
    const receiver = fact.fromInitiator ? responderText(flow) : initiatorText(flow);
    for (const { name, address } of answers) {
      // Whoever gives the address of another speaks for it: a WINS server, a proxy, a reflector.
      if (!isOfSender(address, sender)) continue;
      const asker = this.#askers.peek(`${fact.protocol} ${name}`);
      // What a host tells unasked of itself to all is an announcement.
      if (asker === undefined || asker === sender) continue;
      this.#count(this.#poser(sender, fact.timeUs), fact, name, isOneHost(receiver) ? receiver : asker);
    }
  }

  #poser(address: string, nowUs: number): Watched {
    return this.#posers.getOrInsert(address, () => ({
      address,
      firstUs: nowUs,
      lastUs: nowUs,
      names: new Map(),
      told: new Set(),
      trapNames: new Set(),
      otherNames: new Map(),
      logins: new Set(),
      accounts: new Set(),
      proxyClients: new Set(),
      isDirty: false,
      reportedUs: 0,
      reported: '',
      reportedSize: 0,
    }));
  }

  #count(poser: Watched, fact: DnsFact, name: string, asker: string): void {
    const names = poser.names.get(fact.protocol) ?? new Set<string>();
    poser.names.set(fact.protocol, names);
    if (names.size < MAX_NAMES) names.add(name);
    if (poser.told.size < MAX_TOLD) poser.told.add(asker);
    if (isTrapName(name) && poser.trapNames.size < MAX_NAMES) poser.trapNames.add(name);
    poser.lastUs = fact.timeUs;
    poser.isDirty = true;
  }

  /** A host that was told the name hands over a login. */
  #login(flow: FlowView, fact: LoginFact): void {
    const poser = this.#posers.peek(responderText(flow));
    if (poser === undefined || !fact.fromInitiator || !fact.method.startsWith('ntlm')) return;
    const client = initiatorText(flow);
    if (!poser.told.has(client)) return;
    poser.logins.add(client);
    if (fact.user !== '' && poser.accounts.size < MAX_ACCOUNTS) {
      poser.accounts.add(fact.domain === '' ? fact.user : `${fact.domain}\\${fact.user}`);
    }
    poser.lastUs = fact.timeUs;
    poser.isDirty = true;
  }

  /** What the server calls itself, to a client that looked for it by another name. */
  #serverName(flow: FlowView, fact: PropertyFact): void {
    if (fact.fromInitiator || fact.value === '') return;
    const poser = this.#posers.peek(responderText(flow));
    if (poser === undefined || !poser.told.has(initiatorText(flow))) return;
    const names = allNames(poser);
    // A name that it bears is among those that it answered for.
    if (names.length === 0 || names.some((name) => isSameComputer(name, fact.value))) return;
    if (poser.otherNames.size === 0) poser.otherNames.set(names[0]!, fact.value);
    poser.isDirty = true;
  }

  #request(flow: FlowView, fact: HttpRequestFact): void {
    if (!/^\/(?:wpad\.dat|proxy\.pac)/i.test(fact.uri)) return;
    const poser = this.#posers.peek(responderText(flow));
    if (poser === undefined || poser.trapNames.size === 0 || poser.proxyClients.size >= MAX_TOLD) return;
    poser.proxyClients.add(initiatorText(flow));
    poser.isDirty = true;
  }

  #judge(poser: Watched, nowUs: number, isLast: boolean): void {
    const verdict = this.#verdict(poser);
    if (verdict === null) {
      poser.isDirty = false;
      return;
    }
    const size = allNames(poser).length + poser.told.size + poser.accounts.size;
    const isNew = poser.reported !== verdict.severity;
    const isGrown = size >= poser.reportedSize * REPORT_GROWTH || nowUs - poser.reportedUs >= REPORT_EVERY_US;
    if (!isNew && !isLast && !isGrown) return;
    const words = parseAddress(poser.address);
    poser.isDirty = false;
    if (words !== null && !this.#context.landscape.mayBeAttacker(...words)) return;
    poser.reported = verdict.severity;
    poser.reportedSize = size;
    poser.reportedUs = nowUs;
    this.#context.report(describePoser(poser, verdict));
  }

  #verdict(poser: Poser): PoserVerdict | null {
    const { names, multicastDnsNames } = this.#context.settings;
    const asked = new Set<string>();
    for (const [protocol, found] of poser.names) if (protocol !== MDNS) for (const name of found) asked.add(name);
    const isForMany = asked.size >= names || (poser.names.get(MDNS)?.size ?? 0) >= multicastDnsNames;
    const isTrap = [...poser.trapNames].some((name) => asked.has(name));
    const isOther = poser.otherNames.size > 0;
    if (!isForMany && !isTrap && !isOther) return null;
    const isRobbery = poser.logins.size > 0 || poser.proxyClients.size > 0;
    const signs = Number(isForMany) + Number(isTrap) + Number(isOther) + Number(isRobbery);
    return { severity: isRobbery ? 'high' : 'medium', confidence: CONFIDENCE[Math.min(signs, CONFIDENCE.length) - 1]! };
  }
}

/** By the number of signs that agree. */
const CONFIDENCE: readonly number[] = [0.75, 0.88, 0.95];

/** The address is the sender's own; of the other IP version it cannot be told, and pointing elsewhere is no pose. */
function isOfSender(address: string, sender: string): boolean {
  return address === sender || address.includes(':') !== sender.includes(':');
}

function isOneHost(address: string): boolean {
  return !address.startsWith('224.') && !address.startsWith('ff') && !address.endsWith('.255');
}

export const namePoisoningDetector = defineDetector({
  id: 'name-poisoning',
  kind: 'man-in-the-middle',
  summary: 'A host answers for names of others (LLMNR, NetBIOS, mDNS) to have their logins handed to it.',
  techniques: ['T1557.001', 'T1557'],
  settings: namePoisoningSettings,
  interest: {
    facts: [
      ...(['dns:llmnr', 'dns:netbios-ns', 'dns:mdns'] as const),
      'login',
      ...(['property:smb.server-name', 'property:rpc.server-name', 'property:ldap.server-name'] as const),
      'http-request',
    ],
  },
  memoryBound: '512 hosts of 16 kB, 1,024 questions of 300 B',
  create: (context) => new NamePoisoningWatcher(context),
});
