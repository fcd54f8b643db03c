import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import type { FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import type { SettingTable } from '../../runtime/settings.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { isInitiatorInside, isResponderInside } from '../ends.ts';
import {
  doersOf,
  NOTICE_MEMORY,
  NoticeBook,
  type NoticeGroup,
  type NoticeText,
  noticeFinding,
  placesOf,
  quietHoursSetting,
  whatOf,
} from './notice-book.ts';
import { isBetweenHosts, type Parties, partiesOf, protocolIdsOf } from './parties.ts';
import { isMadeUpName, serviceOfName, type UnwantedTopic } from './service-names.ts';

const settings = {
  tor: { type: 'boolean', default: true, reason: 'Tell of Tor, which hides where connections go.' },
  mining: {
    type: 'boolean',
    default: true,
    reason: 'Tell of mining pools: mining costs electricity, and is often what intruders do with a computer.',
  },
  peerToPeer: { type: 'boolean', default: true, reason: 'Tell of peer-to-peer file sharing (BitTorrent).' },
  remoteAccess: {
    type: 'boolean',
    default: true,
    reason: 'Tell of programs that let others work on the computer, which intruders and fraudsters use as well.',
  },
  quietHours: quietHoursSetting,
} as const satisfies SettingTable;

interface ServiceRow {
  readonly topic: UnwantedTopic;
  readonly what: string;
  /** Told only between inside and outside. */
  readonly crossesBorder?: boolean;
}

const BY_PROTOCOL: Partial<Record<ProtocolId, ServiceRow>> = {
  tor: { topic: 'tor', what: 'Tor' },
  stratum: { topic: 'mining', what: 'mining (Stratum)' },
  bittorrent: { topic: 'peer-to-peer', what: 'BitTorrent' },
  teamviewer: { topic: 'remote-access', what: 'TeamViewer' },
  anydesk: { topic: 'remote-access', what: 'AnyDesk' },
  vnc: { topic: 'remote-desktop', what: 'VNC', crossesBorder: true },
  rdp: { topic: 'remote-desktop', what: 'Remote Desktop', crossesBorder: true },
};

/** Ports that Tor's relays have unless told otherwise. */
const TOR_PORTS: ReadonlySet<number> = new Set([9001, 9030]);

interface TopicText {
  readonly setting: 'tor' | 'mining' | 'peerToPeer' | 'remoteAccess';
  readonly techniques: readonly string[];
  readonly confidence: number;
  /** What one sighting means. */
  readonly meaning: string;
  readonly title: (doers: string, what: string, places: string) => string;
  readonly explanation: string;
}

const TOPICS: Readonly<Record<UnwantedTopic, TopicText>> = {
  tor: {
    setting: 'tor',
    techniques: ['T1090.003'],
    confidence: 0.85,
    meaning: 'A relay of the network.',
    title: (doers) => `${doers} uses Tor`,
    explanation:
      'Tor hides where connections go, from the network and from this program. People use it for their privacy, and malware to reach its controllers; if nobody here installed it, look for the program.',
  },
  mining: {
    setting: 'mining',
    techniques: ['T1496.001'],
    confidence: 0.9,
    meaning: 'The work is handed out and the results are handed in here.',
    title: (doers, _what, places) => `${doers} works for a mining pool at ${places}`,
    explanation:
      'Mining turns computing time and electricity into somebody’s money. When nobody here set it up on purpose, an intruder did, and has or had a way in.',
  },
  'peer-to-peer': {
    setting: 'peerToPeer',
    techniques: [],
    confidence: 0.9,
    meaning: 'Another member of the network.',
    title: (doers, what) => `${doers} takes part in peer-to-peer file sharing (${what})`,
    explanation:
      'Files are exchanged with strangers directly, and the computer can be reached by them. Usual for system images and games; elsewhere it is a question of rules and of what is shared.',
  },
  'remote-access': {
    setting: 'remoteAccess',
    techniques: ['T1219'],
    confidence: 0.9,
    meaning: 'The program keeps in touch with its maker’s servers here, so that others can reach the computer.',
    title: (doers, what) => `${doers} runs a program for remote access (${what})`,
    explanation:
      'With it somebody elsewhere can see the screen and work on the computer. That is what support and administrators use, and also fraudsters on the phone and intruders who want to stay: make sure that it is wanted.',
  },
  'remote-desktop': {
    setting: 'remoteAccess',
    techniques: ['T1219'],
    confidence: 0.9,
    meaning: 'A screen is shown and worked on across the Internet.',
    title: (doers, what, places) => `${doers} opened ${what} to ${places} across the Internet`,
    explanation:
      'Screens that can be reached from the Internet are found and attacked within hours. Usual is to reach them through a VPN only.',
  },
};

/** Software that an owner may not want on a computer, though it is no attack. */
class UnwantedServiceWatcher implements TrafficObserver {
  readonly #settings: DetectorContext<typeof settings>['settings'];
  readonly #book: NoticeBook;

  constructor(context: DetectorContext<typeof settings>) {
    this.#settings = context.settings;
    this.#book = new NoticeBook({
      quietHours: context.settings.quietHours,
      landscape: context.landscape,
      describe: (group) => this.#describe(group),
      report: (finding) => context.report(finding),
    });
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'protocol': {
        const row = BY_PROTOCOL[fact.protocol];
        if (row === undefined) return;
        if (row.crossesBorder && isInitiatorInside(flow) === isResponderInside(flow)) return;
        this.#sight(flow, row.topic, row.what, fact.timeUs);
        return;
      }
      case 'tls-client': {
        if (fact.serverName === '') return;
        if (TOR_PORTS.has(flow.responderPort) && isMadeUpName(fact.serverName)) {
          this.#sight(flow, 'tor', 'Tor', fact.timeUs);
        } else {
          this.#name(flow, fact.serverName, fact.timeUs);
        }
        return;
      }
      case 'http-request':
        // One request tells for its connection.
        if (fact.index === 0) this.#name(flow, fact.host, fact.timeUs);
    }
  }

  tick(nowUs: number): void {
    this.#book.tick(nowUs);
  }

  clockReset(nowUs: number): void {
    this.#book.clockReset(nowUs);
  }

  #name(flow: FlowView, name: string, timeUs: number): void {
    const service = serviceOfName(name);
    if (service !== undefined) this.#sight(flow, service.topic, service.what, timeUs);
  }

  #sight(flow: FlowView, topic: UnwantedTopic, what: string, timeUs: number): void {
    const text = TOPICS[topic];
    if (!this.#settings[text.setting] || !isBetweenHosts(flow)) return;
    const parties = topic === 'peer-to-peer' ? peersOf(flow) : partiesOf(flow);
    this.#book.sight({ topic, ...parties, what, meaning: text.meaning, severity: 'low', timeUs });
  }

  #describe(group: NoticeGroup) {
    const topic = TOPICS[group.topic as UnwantedTopic];
    const doers = doersOf(group);
    const text: NoticeText = {
      detector: 'unwanted-service',
      techniques: topic.techniques,
      confidence: topic.confidence,
      title: topic.title(doers, whatOf(group), placesOf(group)),
      explanation: `${doers} was seen to use ${whatOf(group)} with ${placesOf(group)}. ${topic.explanation}`,
    };
    return noticeFinding(group, text, (address) => this.#book.isNameable(address));
  }
}

/** Among equals it is about the one inside, whoever called. */
function peersOf(flow: FlowView): Parties {
  const { client, server, port } = partiesOf(flow);
  const isTurned = isResponderInside(flow) && !isInitiatorInside(flow);
  return isTurned ? { client: server, server: client, port } : { client, server, port };
}

export const unwantedServiceDetector = defineDetector({
  id: 'unwanted-service',
  kind: 'policy',
  summary: 'A computer uses Tor, a mining pool, peer-to-peer file sharing or a program for remote access.',
  techniques: ['T1090.003', 'T1496.001', 'T1219'],
  settings,
  interest: {
    facts: ['tls-client', 'http-request', ...protocolIdsOf(BY_PROTOCOL).map((id) => `protocol:${id}` as const)],
  },
  memoryBound: NOTICE_MEMORY,
  create: (context) => new UnwantedServiceWatcher(context),
});
