import { alertSettings } from '../../alerts/index.ts';
import { apiSettings } from '../../api/index.ts';
import { BEHAVIOURS } from '../../behaviours/index.ts';
import { canarySettings } from '../../canaries/index.ts';
import { DETECTORS } from '../../detect/index.ts';
import { httpSettings } from '../../http/index.ts';
import { indicatorSettings } from '../../indicators/index.ts';
import { integritySettings } from '../../integrity/index.ts';
import { flowSettings } from '../../network/index.ts';
import { responseSettings } from '../../policy/index.ts';
import type { Section } from '../../runtime/config-names.ts';
import { logSettings } from '../../runtime/log.ts';
import { sensorSettings } from '../../sensors/index.ts';
import { storeSettings } from '../../store/index.ts';
import { behaviourSection, detectorSection } from '../alerts/section-names.ts';
import { captureSettings } from '../captures/capture-settings.ts';
import { hostSettings } from '../host/host-settings.ts';
import { modelSettings } from '../learning/model-settings.ts';
import { scanSettings } from '../rules/scan-settings.ts';

/** What the settings page calls the sections. */
const TITLES: Readonly<Record<string, string>> = {
  sensors: 'What is watched',
  network: 'Conversations (flows)',
  'detect.port-scan': 'Finding port scans',
  'detect.host-discovery': 'Finding searches for computers',
  'detect.brute-force': 'Finding guessed passwords',
  'detect.flood': 'Finding floods of packets',
  'detect.connection-flood': 'Finding floods of connections',
  'detect.dhcp-exhaustion': 'Finding exhausted address pools (DHCP)',
  'detect.reverse-shell': 'Finding command shells for others',
  'detect.arp-spoofing': 'Finding devices that pose as others (ARP)',
  'detect.dns-tunnel': 'Finding tunnels in look-ups of names (DNS)',
  'detect.remote-control': 'Finding computers under remote control',
  'detect.kerberos-tickets': 'Finding collected Kerberos tickets',
  'detect.cleartext-credentials': 'Noticing passwords in clear text',
  'detect.weak-encryption': 'Noticing bad certificates and outdated encryption',
  'detect.unwanted-service': 'Noticing Tor, mining, file sharing and remote access',
  'detect.unusual-port': 'Noticing protocols on unusual ports',
  'detect.icmp-tunnel': 'Finding tunnels in pings (ICMP)',
  'detect.web-attack': 'Finding attacks on web applications',
  'detect.exploit': 'Finding attacks on weak programs',
  'detect.beaconing': 'Finding beacons (regular calls)',
  'detect.name-poisoning': 'Finding hosts that pose under names of others (LLMNR)',
  'detect.generated-domains': 'Finding made-up domains',
  'detect.rogue-server': 'Finding servers and routers that nobody set up (DHCP, IPv6)',
  'detect.malware-transfer': 'Finding transfers of malware',
  'detect.lateral-movement': 'Finding movement from computer to computer',
  'detect.exfiltration': 'Finding data that leaves',
  'detect.certificate-change': 'Finding certificates that change',
  indicators: 'Lists of what is known to be bad',
  'detect.tunnel': 'Finding connections inside of others',
  host: 'What is watched on this computer',
  'host.container-escape': 'Finding ways out of containers',
  'host.crypto-mining': 'Finding mining',
  'host.decode-and-run': 'Finding programs that were decoded and run',
  'host.firewall-change': 'Finding firewalls switched off',
  'host.fork-bomb': 'Finding fork bombs',
  'host.kernel-module': 'Finding code in the kernel',
  'host.login-guessing': 'Finding guessed logins in logs',
  'host.preloaded-library': 'Finding libraries inside of other programs',
  'host.process-injection': 'Finding programs that change others',
  'host.removable-media': 'Finding programs run from new drives',
  'host.self-protection': 'Noticing whoever turns against Holdfast',
  'host.credential-access': 'Finding stolen passwords and keys',
  'host.discovery': 'Finding programs that look around',
  'host.download-and-run': 'Finding programs that were fetched and run',
  'host.hidden-program': 'Finding programs that hide',
  'host.persistence': 'Finding what starts by itself',
  'host.privilege-escalation': 'Finding programs that take more rights',
  'host.ransomware': 'Finding ransomware',
  'host.host-reverse-shell': 'Finding shells that obey the network',
  'host.traces-removed': 'Finding removed traces',
  'host.web-shell': 'Finding shells behind servers',
  scan: 'Finding harmful programs by their content',
  alerts: 'Joining findings into alerts',
  response: 'What is done about it',
  models: 'Learning what is normal (anomalies)',
  integrity: 'Integrity of files',
  canaries: 'Canaries: files that nobody uses',
  captures: 'Captures',
  http: 'Console in a browser, REST and metrics',
  api: 'Connections to the engine',
  store: 'What is kept, and for how long',
  log: 'Log',
};

const TABLES: readonly Section[] = [
  { path: 'sensors', table: sensorSettings },
  { path: 'network', table: flowSettings },
  ...DETECTORS.map((detector) => ({ path: detectorSection(detector.id), table: detector.settings })),
  { path: 'host', table: hostSettings },
  ...BEHAVIOURS.map((behaviour) => ({ path: behaviourSection(behaviour.id), table: behaviour.settings })),
  { path: 'scan', table: scanSettings },
  { path: 'indicators', table: indicatorSettings },
  { path: 'alerts', table: alertSettings },
  { path: 'response', table: responseSettings },
  { path: 'models', table: modelSettings },
  { path: 'integrity', table: integritySettings },
  { path: 'canaries', table: canarySettings },
  { path: 'captures', table: captureSettings },
  { path: 'api', table: apiSettings },
  { path: 'http', table: httpSettings },
  { path: 'store', table: storeSettings },
  { path: 'log', table: logSettings },
];

/** Every section of the configuration, in the order in which `holdfast config example` prints them. */
export const CONFIG_SECTIONS: readonly Section[] = TABLES.map((section) => ({
  ...section,
  title: TITLES[section.path],
}));
