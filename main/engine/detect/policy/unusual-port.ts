import type { Fact, ProtocolFact, ProtocolId } from '../../../../contract/facts.ts';
import type { FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import type { SettingTable } from '../../runtime/settings.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import {
  doersOf,
  NOTICE_MEMORY,
  NoticeBook,
  type NoticeGroup,
  noticeFinding,
  placesOf,
  quietHoursSetting,
  whatOf,
} from './notice-book.ts';
import { isBetweenHosts, partiesOf, protocolIdsOf } from './parties.ts';

const settings = {
  allowedPorts: {
    type: 'list',
    default: [],
    pattern: /^[a-z0-9]{2,20}:\d{1,5}$/,
    patternMeaning: 'a protocol and a port, such as ssh:2200',
    reason: 'Protocols on ports where the owner has put them on purpose, such as "ssh:2200".',
  },
  quietHours: quietHoursSetting,
} as const satisfies SettingTable;

interface PortRow {
  readonly name: string;
  /** Ports where it is found often enough, besides its own. */
  readonly common?: readonly number[];
  /** Only on these ports is it told of: elsewhere it is found everywhere. */
  readonly only?: ReadonlySet<number>;
}

/** Ports that firewalls let out, for what web and names need: other protocols go there to get through. */
const LET_OUT: ReadonlySet<number> = new Set([53, 80, 443, 853, 8080, 8443]);
/** Ports of remote shells, names and mail, where the web has nothing to do. */
const NOT_FOR_WEB: ReadonlySet<number> = new Set([22, 23, 53, 123, 161, 445, 3389]);

/** The protocols of which a port tells something. What every program does on ports of its own choice is not here. */
const PROTOCOLS: Partial<Record<ProtocolId, PortRow>> = {
  ssh: { name: 'SSH', common: [222, 830, 2022, 2200, 8022, 10022, 22_022, 22_222, 29_418] },
  telnet: { name: 'Telnet', common: [2323, 5554, 9023] },
  rdp: { name: 'Remote Desktop', common: [3388, 3390, 3391, 33_890] },
  vnc: { name: 'VNC', common: [5904, 5905, 5906, 5907, 5908, 5909, 5910] },
  ftp: { name: 'FTP', common: [2100, 8021] },
  smtp: { name: 'mail (SMTP)', common: [26, 1025, 10_024, 10_025] },
  pop3: { name: 'mail (POP3)', common: [1110] },
  imap: { name: 'mail (IMAP)', common: [1143] },
  smb: { name: 'file sharing (SMB)' },
  ldap: { name: 'the directory (LDAP)', common: [1389, 3268, 10_389] },
  irc: { name: 'chat (IRC)', common: [6665, 7070, 8000, 8001] },
  socks: { name: 'a proxy (SOCKS)', common: [1082, 1086, 7890, 10_808] },
  openvpn: { name: 'OpenVPN', only: new Set([53, 80]) },
  tls: { name: 'TLS', only: NOT_FOR_WEB },
  http: { name: 'HTTP', only: NOT_FOR_WEB },
};

const TOPIC = 'port';
const CONFIDENCE = 0.85;

/** Protocols on ports that are not theirs: to get through a firewall, or not to be found. */
class UnusualPortWatcher implements TrafficObserver {
  readonly #allowed: ReadonlySet<string>;
  readonly #book: NoticeBook;

  constructor(context: DetectorContext<typeof settings>) {
    this.#allowed = new Set(context.settings.allowedPorts);
    this.#book = new NoticeBook({
      quietHours: context.settings.quietHours,
      landscape: context.landscape,
      describe: (group) => this.#describe(group),
      report: (finding) => context.report(finding),
    });
  }

  fact(flow: FlowView, fact: Fact): void {
    if (fact.type !== 'protocol' || fact.isUsualPort) return;
    const row = PROTOCOLS[fact.protocol];
    if (row !== undefined) this.#judge(flow, fact, row);
  }

  tick(nowUs: number): void {
    this.#book.tick(nowUs);
  }

  clockReset(nowUs: number): void {
    this.#book.clockReset(nowUs);
  }

  #judge(flow: FlowView, { protocol, timeUs }: ProtocolFact, row: PortRow): void {
    if (!isBetweenHosts(flow)) return;
    const { client, server, port } = partiesOf(flow);
    // Met in the middle, and the port that is left is its own after all.
    if (port !== flow.responderPort) return;
    if (row.only !== undefined && !row.only.has(port)) return;
    if (row.common?.includes(port) || this.#allowed.has(`${protocol}:${port}`)) return;
    this.#book.sight({
      topic: TOPIC,
      client,
      server,
      port,
      what: row.name,
      meaning: LET_OUT.has(port)
        ? 'The port belongs to the web or to names, and firewalls let it out.'
        : 'Usual is another port; a scanner that knows only that one does not find it.',
      severity: 'low',
      timeUs,
    });
  }

  #describe(group: NoticeGroup) {
    const doers = doersOf(group);
    const ports = [...new Set([...group.items.values()].map((item) => item.port))];
    const where = ports.length === 1 ? `port ${ports[0]}` : 'unusual ports';
    return noticeFinding(
      group,
      {
        detector: 'unusual-port',
        techniques: ['T1571'],
        confidence: CONFIDENCE,
        title: `${doers} speaks ${whatOf(group)} with ${placesOf(group)} on ${where}`,
        explanation: [
          `${doers} speaks ${whatOf(group)} with ${placesOf(group)} on ${where}, which is not where this is usual.`,
          'Administrators move services to be left alone by scanners; intruders do it to get through a firewall and not to be noticed.',
          'If it is meant to be there, the port can be allowed in the settings.',
        ].join(' '),
      },
      (address) => this.#book.isNameable(address),
    );
  }
}

export const unusualPortDetector = defineDetector({
  id: 'unusual-port',
  kind: 'policy',
  summary: 'A protocol is spoken on a port that is not its own, such as SSH on the port of the web.',
  techniques: ['T1571'],
  settings,
  interest: { facts: protocolIdsOf(PROTOCOLS).map((id) => `protocol:${id}` as const) },
  memoryBound: NOTICE_MEMORY,
  create: (context) => new UnusualPortWatcher(context),
});
