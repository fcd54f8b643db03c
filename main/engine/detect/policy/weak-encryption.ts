import type { CertificateFact, Fact, TlsServerFact } from '../../../../contract/facts.ts';
import { type FlowView, PROTOCOL, type TrafficObserver } from '../../../../contract/traffic.ts';
import type { SettingTable } from '../../runtime/settings.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { type Ends, endsOf } from '../ends.ts';
import { countOf } from '../finding-text.ts';
import {
  doersOf,
  NOTICE_MEMORY,
  NoticeBook,
  type NoticeGroup,
  noticeFinding,
  placesOf,
  quietHoursSetting,
} from './notice-book.ts';
import { isBetweenHosts, partiesOf } from './parties.ts';

const settings = {
  graceDays: {
    type: 'number',
    default: 1,
    min: 0,
    max: 365,
    unit: 'd',
    reason: 'A certificate counts as expired, or as not yet valid, beyond so much: clocks and time zones differ.',
  },
  selfSigned: {
    type: 'boolean',
    default: true,
    reason:
      'Tell of certificates that nobody but their owner vouches for. Devices of one’s own network often have them.',
  },
  quietHours: quietHoursSetting,
} as const satisfies SettingTable;

const MS_PER_DAY = 86_400_000;
/** Where certificates that vouch for themselves are the rule: every Remote Desktop has one, and most mail servers do. */
const SELF_SIGNED_PORTS: ReadonlySet<number> = new Set([25, 3389]);
const SSL_3 = 0x0300;
const TLS_1_2 = 0x0303;
const OBSOLETE: Readonly<Record<number, string>> = { 2: 'SSL 2', 768: 'SSL 3', 769: 'TLS 1.0', 770: 'TLS 1.1' };
const CERTIFICATE = 'certificate';
const OBSOLETE_TLS = 'obsolete-tls';
const CONFIDENCE = 0.9;
const SHOWN_NAME = 80;

interface Flaw {
  readonly what: string;
  readonly meaning: string;
  readonly severity: 'info' | 'low';
}

/** Certificates that prove nothing, and encryption that was given up. */
class WeakEncryptionWatcher implements TrafficObserver {
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
    if (fact.type === 'certificate') this.#certificate(flow, fact);
    else if (fact.type === 'tls-server') this.#server(flow, fact);
  }

  tick(nowUs: number): void {
    this.#book.tick(nowUs);
  }

  clockReset(nowUs: number): void {
    this.#book.clockReset(nowUs);
  }

  #certificate(flow: FlowView, fact: CertificateFact): void {
    // Calls and games over DTLS make a certificate for each, by design (RFC 5763).
    if (fact.position !== 0 || fact.fromInitiator || flow.protocol === PROTOCOL.udp) return;
    const timeMs = fact.timeUs / 1000;
    const graceMs = this.#settings.graceDays * MS_PER_DAY;
    const isOver = fact.notAfterMs < timeMs - graceMs;
    const isEarly = fact.notBeforeMs > timeMs + graceMs;
    const isSelfSigned = fact.isSelfSigned && this.#settings.selfSigned;
    if (!isOver && !isEarly && !isSelfSigned) return;
    const ends = endsOf(flow);
    const flaw = isOver || isEarly ? dateFlaw(fact, isOver, timeMs) : ownFlaw(fact, ends);
    this.#sight(flow, ends, CERTIFICATE, flaw, fact.timeUs);
  }

  #server(flow: FlowView, { version, protocol, isRetryRequest, timeUs }: TlsServerFact): void {
    const name = OBSOLETE[version];
    if (name === undefined || version >= TLS_1_2 || protocol !== 'tls' || isRetryRequest) return;
    const meaning =
      version <= SSL_3
        ? 'It is broken: what is sent can be decrypted by others (RFC 7568).'
        : 'It is given up by browsers and standards since 2021 (RFC 8996).';
    this.#sight(flow, endsOf(flow), OBSOLETE_TLS, { what: name, meaning, severity: 'info' }, timeUs);
  }

  #sight(flow: FlowView, ends: Ends, topic: string, flaw: Flaw, timeUs: number): void {
    if (isBetweenHosts(flow)) this.#book.sight({ topic, ...partiesOf(flow, ends), ...flaw, timeUs });
  }

  #describe(group: NoticeGroup) {
    const isNameable = (address: string) => this.#book.isNameable(address);
    return noticeFinding(group, group.topic === CERTIFICATE ? certificateText(group) : obsoleteText(group), isNameable);
  }
}

function dateFlaw(fact: CertificateFact, isOver: boolean, timeMs: number): Flaw {
  const days = Math.max(1, Math.round((isOver ? timeMs - fact.notAfterMs : fact.notBeforeMs - timeMs) / MS_PER_DAY));
  return {
    what: isOver ? 'expired certificate' : 'certificate of the future',
    meaning: `${nameOf(fact)} ${isOver ? 'expired' : 'becomes valid'} ${countOf(days, 'day')} ${isOver ? 'before' : 'later'}.`,
    severity: 'low',
  };
}

function ownFlaw(fact: CertificateFact, ends: Ends): Flaw {
  const isOrdinary = ends.isResponderInside || SELF_SIGNED_PORTS.has(ends.responderPort);
  return {
    what: 'self-signed certificate',
    meaning: `${nameOf(fact)} is vouched for by nobody but itself.`,
    severity: isOrdinary ? 'info' : 'low',
  };
}

function nameOf(fact: CertificateFact): string {
  const name = fact.commonName || fact.subject;
  return name === '' ? 'A certificate without a name' : `That of ${name.slice(0, SHOWN_NAME)}`;
}

function certificateText(group: NoticeGroup) {
  const doers = doersOf(group);
  const places = placesOf(group);
  return {
    detector: 'weak-encryption',
    techniques: ['T1557'],
    confidence: CONFIDENCE,
    title: `${doers} relied on a certificate of ${places} that proves nothing`,
    explanation: [
      `The connections of ${doers} to ${places} are encrypted, but the certificate is expired, not yet valid, or vouched for by nobody.`,
      'Then it cannot be told whether the right computer is at the other end, or somebody in between.',
      'Devices of the own network often have such certificates; on the Internet they are a mistake of the server, or a sign of software that hides.',
    ].join(' '),
  };
}

function obsoleteText(group: NoticeGroup) {
  const doers = doersOf(group);
  const places = placesOf(group);
  return {
    detector: 'weak-encryption',
    techniques: ['T1040'],
    confidence: CONFIDENCE,
    title: `${doers} uses outdated encryption with ${places}`,
    explanation: [
      `${doers} and ${places} agreed on a version of TLS that is no longer held to be safe; usual are TLS 1.2 and 1.3.`,
      'One of the two is old, or set up so; an update mends it.',
    ].join(' '),
  };
}

export const weakEncryptionDetector = defineDetector({
  id: 'weak-encryption',
  kind: 'policy',
  summary: 'A server shows a certificate that is expired or vouched for by nobody, or agrees on outdated encryption.',
  techniques: ['T1557', 'T1040'],
  settings,
  interest: { facts: ['certificate', 'tls-server:tls'] },
  memoryBound: NOTICE_MEMORY,
  create: (context) => new WeakEncryptionWatcher(context),
});
