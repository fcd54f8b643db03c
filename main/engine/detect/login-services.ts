import { PROTOCOL_IDS, type ProtocolId } from '../../../contract/facts.ts';
import { SERVICES } from '../../../contract/traffic.ts';

/** Services where people log in: those that flows name, then those of which only parsers speak. Numbers are indices. */
export const LOGIN_SERVICES = [...SERVICES, 'sip', 'mqtt', 'socks', 'irc', 'rpc', 'rtsp', 'snmp'] as const;
export type LoginService = (typeof LOGIN_SERVICES)[number];

/** Where nobody logs in, or nobody sees it. */
const WITHOUT_LOGINS: ReadonlySet<LoginService> = new Set(['unknown', 'tls', 'dns', 'dhcp', 'ntp', 'quic']);

/** Protocols whose logins are those of a service of another name. */
const SAME_SERVICE: Partial<Record<ProtocolId, LoginService>> = { http2: 'http', winrm: 'http' };

/** Index into LOGIN_SERVICES of the service whose logins a parser tells; -1 where it tells none. */
export function loginServiceOfProtocol(protocol: ProtocolId): number {
  return BY_PROTOCOL[protocol] ?? -1;
}

const BY_PROTOCOL: Partial<Record<string, number>> = {
  ...Object.fromEntries(LOGIN_SERVICES.map((service, index) => [service, WITHOUT_LOGINS.has(service) ? -1 : index])),
  ...Object.fromEntries(
    Object.entries(SAME_SERVICE).map(([protocol, service]) => [protocol, LOGIN_SERVICES.indexOf(service)]),
  ),
};

/** All protocols with such a service. */
export const LOGIN_PROTOCOL_IDS: readonly ProtocolId[] = PROTOCOL_IDS.filter((id) => loginServiceOfProtocol(id) >= 0);
