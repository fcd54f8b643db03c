import type { CertificateFact, Fact, SshFact } from '../../../../contract/facts.ts';
import type { EndReason, FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import { parseAddress } from '../../runtime/address.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { endpointText, initiatorText, isResponderInside, responderText } from '../ends.ts';
import { KnownCertificates } from './known-certificates.ts';
import { certificateChangeSettings } from './settings.ts';
import { describeChange, describeSoftware, type Interception, type ServerSoftware } from './story.ts';

/** Handshakes that are under way. */
const MAX_HANDSHAKES = 4096;
const MAX_INTERCEPTIONS = 256;
const MAX_HOSTS = 64;
const MAX_SSH_SERVERS = 2048;
const REPORT_GROWTH = 2;
const DAY_US = 86_400e6;

interface Served extends ServerSoftware {
  readonly hassh: string;
  readonly wasTold: boolean;
}

/** Servers that show a certificate of another issuer than before, or run another SSH server than before. */
class CertificateChangeWatcher implements TrafficObserver {
  readonly #context: DetectorContext<typeof certificateChangeSettings>;
  readonly #known: KnownCertificates;
  /** By flow: the name that the client asked for, empty without one. */
  readonly #asked = new BoundedMap<number, string>(MAX_HANDSHAKES);
  readonly #interceptions = new BoundedMap<string, Interception>(MAX_INTERCEPTIONS);
  /** By flow: what the SSH server said that it is. */
  readonly #banners = new BoundedMap<number, string>(MAX_HANDSHAKES);
  readonly #sshServers = new BoundedMap<string, Served>(MAX_SSH_SERVERS);

  constructor(context: DetectorContext<typeof certificateChangeSettings>) {
    this.#context = context;
    this.#known = new KnownCertificates(context.settings.rememberDays * DAY_US);
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'tls-client':
        // Of DTLS certificates are made up for each call.
        if (fact.protocol === 'tls') this.#asked.set(flow.id, fact.serverName.toLowerCase());
        break;
      case 'certificate':
        if (fact.position === 0 && !fact.fromInitiator) this.#certificate(flow, fact);
        break;
      case 'ssh':
        if (!fact.fromInitiator) this.#ssh(flow, fact);
        break;
    }
  }

  flowEnd(flow: FlowView, _reason: EndReason): void {
    if (this.#asked.size > 0) this.#asked.delete(flow.id);
    if (this.#banners.size > 0) this.#banners.delete(flow.id);
  }

  clockReset(): void {
    this.#known.clear();
    this.#asked.clear();
    this.#banners.clear();
    this.#interceptions.clear();
    this.#sshServers.clear();
  }

  #certificate(flow: FlowView, fact: CertificateFact): void {
    const name = this.#asked.peek(flow.id);
    // Without the client's hello it is not known which of the server's names was meant.
    if (name === undefined || fact.sha256 === '') return;
    const address = responderText(flow);
    const server = endpointText(name === '' ? address : name, flow.responderPort);
    const change = this.#known.note(server, address, fact);
    // Outside, peers of all kinds make certificates up; of an own device one wants to know.
    if (change === undefined || !(change.isDemotion || isResponderInside(flow))) return;
    const cause = `certificate-change/${change.now.isSelfSigned ? server : change.now.issuer}`;
    const interception = this.#interceptions.getOrInsert(cause, () => ({
      cause,
      firstUs: fact.timeUs,
      lastUs: fact.timeUs,
      first: change,
      servers: new Set(),
      clients: new Set(),
      addresses: new Set(),
      isDemotion: false,
      reportedServers: 0,
    }));
    const wasDemotion = interception.isDemotion;
    interception.lastUs = fact.timeUs;
    interception.isDemotion ||= change.isDemotion;
    add(interception.servers, server);
    add(interception.clients, initiatorText(flow));
    if (change.isNewAddress && name !== '' && this.#mayBeAttacker(address)) add(interception.addresses, address);
    // At its beginning, and then whenever twice as many servers are concerned.
    const { size } = interception.servers;
    const isWorse = change.isDemotion && !wasDemotion;
    if (!isWorse && size < Math.max(1, interception.reportedServers * REPORT_GROWTH)) return;
    interception.reportedServers = size;
    this.#context.report(describeChange(interception));
  }

  #ssh(flow: FlowView, fact: SshFact): void {
    if (fact.event === 'banner') {
      this.#banners.set(flow.id, fact.software);
      return;
    }
    const software = this.#banners.peek(flow.id);
    if (software === undefined || fact.hassh === '') return;
    const server = endpointText(responderText(flow), flow.responderPort);
    const product = productOf(software);
    const before = this.#sshServers.get(server);
    const isOther = before !== undefined && before.product !== product && before.hassh !== fact.hassh;
    // Told once: behind one address there may be several servers.
    const isTold = isOther && !before.wasTold;
    this.#sshServers.set(server, {
      product,
      software,
      hassh: fact.hassh,
      wasTold: isOther || before?.wasTold === true,
    });
    if (isTold) {
      this.#context.report(describeSoftware(server, initiatorText(flow), before, { product, software }, fact.timeUs));
    }
  }

  #mayBeAttacker(address: string): boolean {
    const words = parseAddress(address);
    return words !== null && this.#context.landscape.mayBeAttacker(...words);
  }
}

/** "SSH-2.0-OpenSSH_9.2p1 Debian" → "openssh". */
function productOf(software: string): string {
  const text = software.replace(/^SSH-[\d.]+-/, '');
  const end = text.search(/[_\s\-/\d]/);
  return (end < 0 ? text : text.slice(0, end)).toLowerCase();
}

function add(set: Set<string>, value: string): void {
  if (set.size < MAX_HOSTS) set.add(value);
}

export const certificateChangeDetector = defineDetector({
  id: 'certificate-change',
  kind: 'man-in-the-middle',
  summary:
    'A server shows the certificate of another issuer than before, as when somebody opens the encryption on the way.',
  techniques: ['T1557'],
  settings: certificateChangeSettings,
  interest: { facts: ['tls-client:tls', 'certificate', 'ssh'], silentEnds: false },
  memoryBound: '4,096 servers of 8 certificates of 500 B, 256 changes of 10 kB, 8,192 handshakes of 300 B',
  create: (context) => new CertificateChangeWatcher(context),
});
