/** Programs that protect a computer, by what they install and how their service is called. */
export interface SecurityTool {
  readonly name: string;
  readonly kind: 'antivirus' | 'endpoint protection' | 'firewall' | 'audit' | 'intrusion detection' | 'integrity';
  /** One of them is there when it is installed. */
  readonly files: readonly string[];
  /** One of them runs when it is in use; none for tools that are started by hand or by the kernel. */
  readonly units: readonly string[];
}

export const SECURITY_TOOLS: readonly SecurityTool[] = [
  {
    name: 'ClamAV',
    kind: 'antivirus',
    files: ['/usr/bin/clamscan', '/usr/sbin/clamd'],
    units: ['clamav-daemon.service', 'clamd@scan.service'],
  },
  {
    name: 'CrowdStrike Falcon',
    kind: 'endpoint protection',
    files: ['/opt/CrowdStrike/falcond'],
    units: ['falcon-sensor.service'],
  },
  {
    name: 'Microsoft Defender',
    kind: 'endpoint protection',
    files: ['/opt/microsoft/mdatp/sbin/wdavdaemon'],
    units: ['mdatp.service'],
  },
  {
    name: 'SentinelOne',
    kind: 'endpoint protection',
    files: ['/opt/sentinelone/bin/sentinelctl'],
    units: ['sentinelone.service'],
  },
  { name: 'Sophos', kind: 'endpoint protection', files: ['/opt/sophos-spl/base/bin'], units: ['sophos-spl.service'] },
  {
    name: 'ESET',
    kind: 'endpoint protection',
    files: ['/opt/eset/eea/sbin', '/opt/eset/efs/sbin'],
    units: ['eea.service', 'efs.service'],
  },
  {
    name: 'Elastic Agent',
    kind: 'endpoint protection',
    files: ['/opt/Elastic/Agent/elastic-agent', '/opt/Elastic/Endpoint/elastic-endpoint'],
    units: ['elastic-agent.service', 'ElasticEndpoint.service'],
  },
  {
    name: 'Wazuh',
    kind: 'intrusion detection',
    files: ['/var/ossec/bin/wazuh-control'],
    units: ['wazuh-agent.service'],
  },
  {
    name: 'osquery',
    kind: 'audit',
    files: ['/usr/bin/osqueryd', '/opt/osquery/bin/osqueryd'],
    units: ['osqueryd.service'],
  },
  {
    name: 'Falco',
    kind: 'intrusion detection',
    files: ['/usr/bin/falco'],
    units: ['falco.service', 'falco-modern-bpf.service'],
  },
  { name: 'Tetragon', kind: 'intrusion detection', files: ['/usr/local/bin/tetragon'], units: ['tetragon.service'] },
  { name: 'auditd', kind: 'audit', files: ['/usr/sbin/auditd', '/sbin/auditd'], units: ['auditd.service'] },
  { name: 'Suricata', kind: 'intrusion detection', files: ['/usr/bin/suricata'], units: ['suricata.service'] },
  { name: 'Fail2ban', kind: 'intrusion detection', files: ['/usr/bin/fail2ban-server'], units: ['fail2ban.service'] },
  { name: 'CrowdSec', kind: 'intrusion detection', files: ['/usr/bin/crowdsec'], units: ['crowdsec.service'] },
  { name: 'OpenSnitch', kind: 'firewall', files: ['/usr/bin/opensnitchd'], units: ['opensnitch.service'] },
  {
    name: 'Portmaster',
    kind: 'firewall',
    files: ['/opt/safing/portmaster', '/usr/lib/portmaster'],
    units: ['portmaster.service'],
  },
  { name: 'firewalld', kind: 'firewall', files: ['/usr/sbin/firewalld'], units: ['firewalld.service'] },
  { name: 'UFW', kind: 'firewall', files: ['/usr/sbin/ufw'], units: ['ufw.service'] },
  { name: 'AIDE', kind: 'integrity', files: ['/usr/bin/aide', '/usr/sbin/aide'], units: [] },
  { name: 'Tripwire', kind: 'integrity', files: ['/usr/sbin/tripwire'], units: [] },
  { name: 'rkhunter', kind: 'integrity', files: ['/usr/bin/rkhunter'], units: [] },
];
