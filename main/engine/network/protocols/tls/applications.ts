/** Applications that are known by what their TLS shows: names that they make up or own. */
import type { CertificateFact, ProtocolFact, ProtocolId } from '../../../../../contract/facts.ts';
import type { Unstamped } from '../protocol.ts';

interface Application {
  readonly id: ProtocolId;
  /** Where it is usual. */
  readonly ports: readonly number[];
  /** Whether the name that a client asks for is the application's own. */
  readonly hasServerName?: (name: string) => boolean;
  /** Whether a peer's own certificate is one of the application's. */
  readonly hasCertificate: (certificate: Unstamped<CertificateFact>) => boolean;
}

const APPLICATIONS: readonly Application[] = [
  {
    // Relays make both names up (tor-spec, "Creating channels"); no authority is called so. The name that clients ask
    // for is made up too, but one cannot tell it from others.
    id: 'tor',
    ports: [443, 9001],
    hasCertificate: ({ subject, issuer, names }) =>
      names.length === 0 && isMadeUp(subject, 'CN=www.', '.net') && isMadeUp(issuer, 'CN=www.', '.com'),
  },
  {
    id: 'anydesk',
    ports: [80, 443, 6568, 7070],
    hasServerName: (name) => name.endsWith('.net.anydesk.com'),
    hasCertificate: ({ commonName, issuerCommonName }) =>
      ANYDESK_NAMES.has(commonName) || ANYDESK_NAMES.has(issuerCommonName),
  },
];

const ANYDESK_NAMES: ReadonlySet<string> = new Set(['AnyDesk Client', 'AnyNet Relay', 'AnyNet Root CA']);
/** Characters of a name that Tor makes up: of base32. */
const MADE_UP = /^[a-z2-7]{8,20}$/;

function isMadeUp(text: string, start: string, end: string): boolean {
  if (!text.startsWith(start) || !text.endsWith(end)) return false;
  return MADE_UP.test(text.slice(start.length, -end.length));
}

/** The fact that the flow speaks an application's protocol, told by the name that the client asks for. */
export function applicationOfName(name: string, responderPort: number): Unstamped<ProtocolFact> | undefined {
  const found = APPLICATIONS.find(({ hasServerName }) => hasServerName?.(name));
  return found && factOf(found, responderPort);
}

/** The same by the certificate that a peer shows for itself. */
export function applicationOfCertificate(
  certificate: Unstamped<CertificateFact>,
  responderPort: number,
): Unstamped<ProtocolFact> | undefined {
  const found = APPLICATIONS.find(({ hasCertificate }) => hasCertificate(certificate));
  return found && factOf(found, responderPort);
}

function factOf({ id, ports }: Application, responderPort: number): Unstamped<ProtocolFact> {
  return { type: 'protocol', protocol: id, isUsualPort: ports.includes(responderPort) };
}
