/** A UDP service that answers anyone with more than it was asked: what a reflection attack abuses. */
export interface ReflectedService {
  /** The port that the service answers from. */
  readonly port: number;
  readonly name: string;
  /**
   * How many times larger the answers are than the question, as measured by US-CERT alert TA14-017A (rev. 2019)
   * or the named later report; in words, because it varies by server. Empty where nobody has published a number.
   */
  readonly amplification: string;
}

/**
 * Services known from reflection attacks, by source port. Sources: US-CERT TA14-017A; Rossow, "Amplification
 * Hell" (NDSS 2014); for the later ones the reports of those who saw them first.
 */
export const REFLECTED_SERVICES: readonly ReflectedService[] = [
  { port: 17, name: 'QOTD', amplification: '140' },
  { port: 19, name: 'chargen', amplification: '360' },
  { port: 53, name: 'DNS', amplification: '28–54' },
  { port: 69, name: 'TFTP', amplification: '60' },
  { port: 111, name: 'portmap', amplification: '7–28' },
  { port: 123, name: 'NTP', amplification: '557' },
  { port: 137, name: 'NetBIOS name service', amplification: '4' },
  { port: 161, name: 'SNMP', amplification: '6' },
  { port: 177, name: 'XDMCP', amplification: '' },
  { port: 389, name: 'CLDAP', amplification: '56–70' },
  { port: 427, name: 'SLP', amplification: 'up to 2,200' },
  { port: 500, name: 'ISAKMP', amplification: '' },
  { port: 520, name: 'RIP', amplification: '131' },
  { port: 623, name: 'IPMI', amplification: '' },
  { port: 1194, name: 'OpenVPN', amplification: '' },
  { port: 1434, name: 'SQL Server browser', amplification: '25' },
  { port: 1604, name: 'Citrix ICA browser', amplification: '' },
  { port: 1701, name: 'L2TP', amplification: '' },
  { port: 1900, name: 'SSDP', amplification: '31' },
  { port: 3283, name: 'Apple Remote Desktop', amplification: '36' },
  { port: 3389, name: 'RDP over UDP', amplification: '86' },
  { port: 3478, name: 'STUN', amplification: '2' },
  { port: 3702, name: 'WS-Discovery', amplification: '10–500' },
  { port: 4500, name: 'ISAKMP behind NAT', amplification: '' },
  { port: 5060, name: 'SIP', amplification: '' },
  { port: 5093, name: 'Sentinel licence server', amplification: '' },
  { port: 5353, name: 'mDNS', amplification: '2–10' },
  { port: 5683, name: 'CoAP', amplification: '10–50' },
  { port: 10001, name: 'Ubiquiti discovery', amplification: '30–35' },
  { port: 11211, name: 'memcached', amplification: '10,000–51,000' },
  { port: 20800, name: 'Call of Duty game server', amplification: '' },
  { port: 27015, name: 'Steam game server', amplification: '5' },
  { port: 27960, name: 'Quake game server', amplification: '64' },
  { port: 30120, name: 'FiveM game server', amplification: '' },
  { port: 37810, name: 'DHDiscover (video recorders)', amplification: '30–38' },
  { port: 47808, name: 'BACnet', amplification: '' },
];

/** Index into REFLECTED_SERVICES by port, -1 where none; 64 kB so that a packet costs one look-up. */
export function reflectedServiceByPort(): Int8Array {
  const byPort = new Int8Array(65_536).fill(-1);
  for (const [index, service] of REFLECTED_SERVICES.entries()) byPort[service.port] = index;
  return byPort;
}
