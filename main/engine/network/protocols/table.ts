import { adb } from './adb.ts';
import { bittorrent } from './bittorrent.ts';
import { dhcp } from './dhcp.ts';
import { dhcpv6 } from './dhcpv6.ts';
import { dns, llmnr, mdns, netbiosNames } from './dns/index.ts';
import { ftp } from './ftp/ftp.ts';
import { ftpData } from './ftp/ftp-data.ts';
import { http } from './http/http.ts';
import { http2 } from './http2/http2.ts';
import { icmp } from './icmp.ts';
import { imap } from './imap.ts';
import { ipsec } from './ipsec.ts';
import { irc } from './irc.ts';
import { kerberos } from './kerberos.ts';
import { ldap } from './ldap.ts';
import { mongodb } from './mongodb.ts';
import { mqtt } from './mqtt.ts';
import { mssql } from './mssql.ts';
import { mysql } from './mysql.ts';
import { ntp } from './ntp.ts';
import { openvpn } from './openvpn/openvpn.ts';
import { oracle } from './oracle.ts';
import { pop3 } from './pop3.ts';
import { postgresql } from './postgresql.ts';
import type { ProtocolDefinition } from './protocol.ts';
import { quic } from './quic/quic.ts';
import { rdp } from './rdp/index.ts';
import { redis } from './redis.ts';
import { rpc } from './rpc/index.ts';
import { rtsp } from './rtsp.ts';
import { sip } from './sip.ts';
import { smb } from './smb/index.ts';
import { smtp } from './smtp/smtp.ts';
import { snmp } from './snmp.ts';
import { socks } from './socks.ts';
import { ssdp } from './ssdp.ts';
import { ssh } from './ssh/ssh.ts';
import { stratum } from './stratum.ts';
import { stun } from './stun.ts';
import { syslog } from './syslog.ts';
import { teamviewer } from './teamviewer.ts';
import { telnet } from './telnet.ts';
import { tftp } from './tftp.ts';
import { dtls } from './tls/dtls.ts';
import { tls } from './tls/tls.ts';
import { vnc } from './vnc.ts';
import { websocket } from './websocket.ts';
import { wireguard } from './wireguard.ts';
import { xmpp } from './xmpp.ts';

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
  adb,
  bittorrent,
  ipsec,
  kerberos,
  ldap,
  mongodb,
  mqtt,
  mssql,
  mysql,
  openvpn,
  oracle,
  postgresql,
  rdp,
  redis,
  rpc,
  smb,
  snmp,
  stratum,
  teamviewer,
  vnc,
  wireguard,
  smtp,
  pop3,
  imap,
  telnet,
  irc,
  socks,
  sip,
  rtsp,
  websocket,
  xmpp,
  http2,
];
