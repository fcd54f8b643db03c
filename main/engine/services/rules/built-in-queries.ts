/** Queries to begin with: what people who look into an incident ask first. */
export const BUILT_IN_QUERIES: readonly { readonly id: string; readonly name: string; readonly query: string }[] = [
  {
    id: 'built-in-serious-alerts',
    name: 'Serious alerts of the last week',
    query: 'alerts where severity >= high since 7d',
  },
  {
    id: 'built-in-alerts-by-attacker',
    name: 'Attackers with the most alerts',
    query: 'alerts since 30d | count by attacker | limit 50',
  },
  {
    id: 'built-in-techniques',
    name: 'ATT&CK techniques that were seen',
    query: 'alerts since 30d | count by technique',
  },
  { id: 'built-in-logins', name: 'Remote logins', query: 'flows where service in (ssh, rdp, telnet, vnc) since 24h' },
  {
    id: 'built-in-names',
    name: 'Sites and hosts that were asked for',
    query: 'flows where name != "" since 24h | count by name | limit 100',
  },
  {
    id: 'built-in-applications',
    name: 'What is spoken, by the bytes',
    query: 'flows since 24h | count by application',
  },
  {
    id: 'built-in-biggest',
    name: 'The biggest transfers of the last day',
    query: 'flows where bytes > 10MB since 24h sort by bytes desc limit 100',
  },
  {
    id: 'built-in-sent-out',
    name: 'Who sent the most to the Internet',
    query:
      'flows where not responder in (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, 127.0.0.0/8, ' +
      '224.0.0.0/4, 255.255.255.255, fc00::/7, fe80::/10, ff00::/8, ::1) since 24h | sum initiatorBytes by initiator',
  },
  {
    id: 'built-in-fan-out',
    name: 'Hosts that spoke to the most others',
    query: 'flows since 24h | count distinct responder by initiator | limit 50',
  },
  {
    id: 'built-in-ports-tried',
    name: 'Hosts that tried the most ports',
    query: 'flows since 24h | count distinct responderPort by initiator | limit 50',
  },
  {
    id: 'built-in-unanswered',
    name: 'Who was not answered',
    query: 'flows where responderPackets = 0 since 24h | count by initiator, responder | limit 100',
  },
  {
    id: 'built-in-odd-ports',
    name: 'Encrypted traffic on unusual ports',
    query: 'flows where service in (tls, ssh) and responderPort not in (22, 443, 465, 636, 853, 993, 995) since 7d',
  },
  {
    id: 'built-in-long',
    name: 'Connections that lasted for hours',
    query: 'flows where duration > 1h since 7d sort by duration desc limit 100',
  },
  {
    id: 'built-in-dns-servers',
    name: 'DNS servers that are used',
    query: 'flows where service = dns since 7d | count by responder',
  },
  {
    id: 'built-in-unencrypted',
    name: 'Logins without encryption',
    query: 'flows where service in (ftp, telnet, pop3, imap, vnc) since 7d | count by initiator, responder, service',
  },
  {
    id: 'built-in-by-hour',
    name: 'Traffic by service and hour',
    query: 'flows since 24h | sum bytes by service, 1h',
  },
];
