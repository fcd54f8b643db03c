import type { Fact, LoginFact, PropertyFact, ProtocolId } from '../../../../contract/facts.ts';
import type { FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import type { SettingTable } from '../../runtime/settings.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { endsOf } from '../ends.ts';
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
import { isBetweenHosts } from './parties.ts';

const settings = {
  quietHours: quietHoursSetting,
} as const satisfies SettingTable;

const TOPIC = 'password';
const CONFIDENCE = 0.95;
const SNMP_PORT = 161;

/** How people call what carries the password. Other protocols go by their name in capitals. */
const NAMES: Partial<Record<ProtocolId, string>> = {
  telnet: 'Telnet',
  smtp: 'mail (SMTP)',
  pop3: 'mail (POP3)',
  imap: 'mail (IMAP)',
  http: 'a website without encryption (HTTP)',
  http2: 'a website without encryption (HTTP)',
  ldap: 'the directory (LDAP)',
  redis: 'Redis',
  postgresql: 'PostgreSQL',
  mysql: 'MySQL',
  mongodb: 'MongoDB',
  smb: 'file sharing (SMB)',
};

/** Their passwords are the names of wallets, and nobody's secret. */
const NO_SECRETS: ReadonlySet<ProtocolId> = new Set(['stratum']);
/** Names under which servers let anybody in, with any password. */
const NOBODY: ReadonlySet<string> = new Set(['anonymous', 'ftp', 'guest']);

/** Passwords that an onlooker can read. The password itself is never kept, and not in the facts. */
class CleartextWatcher implements TrafficObserver {
  readonly #book: NoticeBook;

  constructor(context: DetectorContext<typeof settings>) {
    this.#book = new NoticeBook({
      quietHours: context.settings.quietHours,
      landscape: context.landscape,
      describe: (group) => this.#describe(group),
      report: (finding) => context.report(finding),
    });
  }

  fact(flow: FlowView, fact: Fact): void {
    if (fact.type === 'login') {
      // What is turned down is nobody's password, or was mistyped; guessers would fill the list.
      if (fact.isCleartext && fact.outcome !== 'failure') this.#login(flow, fact);
    } else if (fact.type === 'property') {
      this.#property(flow, fact);
    }
  }

  tick(nowUs: number): void {
    this.#book.tick(nowUs);
  }

  clockReset(nowUs: number): void {
    this.#book.clockReset(nowUs);
  }

  #login(flow: FlowView, fact: LoginFact): void {
    if (NO_SECRETS.has(fact.protocol) || NOBODY.has(fact.user.toLowerCase())) return;
    const who = fact.user === '' ? '' : ` of ${fact.user}`;
    this.#sight(
      flow,
      fact.fromInitiator,
      nameOf(fact.protocol),
      `The password${who} could be read on the way.`,
      'low',
      fact.timeUs,
    );
  }

  #property(flow: FlowView, { protocol, name, value, timeUs }: PropertyFact): void {
    if (protocol === 'vnc' && name === 'security' && value === 'none') {
      this.#sight(
        flow,
        true,
        'VNC',
        'No password is asked for at all: whoever reaches the port has the screen.',
        'low',
        timeUs,
      );
    } else if (protocol === 'snmp' && name === 'community') {
      // An answer that nobody was seen to ask for: a flood by way of others' devices.
      if (flow.initiatorPort === SNMP_PORT) return;
      const meaning = value.startsWith('default:')
        ? 'The community is the one that devices come with; it is the password of versions 1 and 2.'
        : 'The community, which is the password of versions 1 and 2, could be read on the way.';
      this.#sight(flow, true, 'SNMP', meaning, 'info', timeUs);
    }
  }

  #sight(
    flow: FlowView,
    isClientInitiator: boolean,
    what: string,
    meaning: string,
    severity: 'info' | 'low',
    timeUs: number,
  ): void {
    if (!isBetweenHosts(flow)) return;
    const ends = endsOf(flow);
    this.#book.sight({
      topic: TOPIC,
      client: isClientInitiator ? ends.initiator : ends.responder,
      server: isClientInitiator ? ends.responder : ends.initiator,
      port: isClientInitiator ? ends.responderPort : ends.initiatorPort,
      what,
      meaning,
      severity,
      timeUs,
    });
  }

  #describe(group: NoticeGroup) {
    const doers = doersOf(group);
    const places = placesOf(group);
    return noticeFinding(
      group,
      {
        detector: 'cleartext-credentials',
        techniques: ['T1040', 'T1552'],
        confidence: CONFIDENCE,
        title: `${doers} logged in to ${places} without encryption`,
        explanation: [
          `${doers} logged in to ${places} over ${whatOf(group)}, where the password is not encrypted.`,
          'Everybody on the way can read it: in the same wireless network, at the provider, and on every device between.',
          'Usual are encrypted ways to the same services (HTTPS, SFTP, SSH, mail over TLS); a password that was sent so should be changed.',
        ].join(' '),
      },
      (address) => this.#book.isNameable(address),
    );
  }
}

function nameOf(protocol: ProtocolId): string {
  return NAMES[protocol] ?? protocol.toUpperCase();
}

export const cleartextCredentialsDetector = defineDetector({
  id: 'cleartext-credentials',
  kind: 'policy',
  summary: 'Somebody logs in where the password can be read on the way.',
  techniques: ['T1040', 'T1552'],
  settings,
  interest: { facts: ['login', 'property:vnc.security', 'property:snmp.community'] },
  memoryBound: NOTICE_MEMORY,
  create: (context) => new CleartextWatcher(context),
});
