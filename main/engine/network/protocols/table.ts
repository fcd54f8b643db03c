import { dhcp } from './dhcp.ts';
import { dhcpv6 } from './dhcpv6.ts';
import { dns, llmnr, mdns, netbiosNames } from './dns/index.ts';
import { ftp } from './ftp/ftp.ts';
import { ftpData } from './ftp/ftp-data.ts';
import { http } from './http/http.ts';
import { icmp } from './icmp.ts';
import { ntp } from './ntp.ts';
import type { ProtocolDefinition } from './protocol.ts';
import { quic } from './quic/quic.ts';
import { ssdp } from './ssdp.ts';
import { ssh } from './ssh/ssh.ts';
import { stun } from './stun.ts';
import { syslog } from './syslog.ts';
import { tftp } from './tftp.ts';
import { dtls } from './tls/dtls.ts';
import { tls } from './tls/tls.ts';

/** All protocols that are told by their bytes. The order does not count: identification must not depend on it. */
export const PROTOCOLS: readonly ProtocolDefinition[] = [
  dns,
  mdns,
  llmnr,
  netbiosNames,
  tls,
  dtls,
  quic,
  dhcp,
  dhcpv6,
  icmp,
  ntp,
  ssdp,
  stun,
  syslog,
  tftp,
  http,
  ftp,
  ftpData,
  ssh,
];
