/** From packets and flows to findings. */

import { arpSpoofingDetector } from './arp-spoofing/arp-spoofing.ts';
import { beaconingDetector } from './beaconing/beaconing.ts';
import { bruteForceDetector } from './brute-force.ts';
import { certificateChangeDetector } from './certificate-change/certificate-change.ts';
import { connectionFloodDetector } from './connection-flood.ts';
import type { DetectorDefinition } from './detector.ts';
import { dhcpExhaustionDetector } from './dhcp-exhaustion.ts';
import { dnsTunnelDetector } from './dns-tunnel/dns-tunnel.ts';
import { exfiltrationDetector } from './exfiltration/exfiltration.ts';
import { exploitDetector } from './exploit/exploit.ts';
import { floodDetector } from './flood.ts';
import { generatedDomainsDetector } from './generated-domains/generated-domains.ts';
import { hostDiscoveryDetector } from './host-discovery.ts';
import { icmpTunnelDetector } from './icmp-tunnel/icmp-tunnel.ts';
import { kerberosTicketsDetector } from './kerberos-tickets/kerberos-tickets.ts';
import { lateralMovementDetector } from './lateral-movement/lateral-movement.ts';
import { malwareTransferDetector } from './malware-transfer/malware-transfer.ts';
import { namePoisoningDetector } from './name-poisoning/name-poisoning.ts';
import { cleartextCredentialsDetector } from './policy/cleartext-credentials.ts';
import { unusualPortDetector } from './policy/unusual-port.ts';
import { unwantedServiceDetector } from './policy/unwanted-service.ts';
import { weakEncryptionDetector } from './policy/weak-encryption.ts';
import { portScanDetector } from './port-scan.ts';
import { remoteControlDetector } from './remote-control/remote-control.ts';
import { reverseShellDetector } from './reverse-shell/reverse-shell.ts';
import { rogueServerDetector } from './rogue-server/rogue-server.ts';
import { tunnelDetector } from './tunnel/tunnel.ts';
import { webAttackDetector } from './web-attack/web-attack.ts';

export {
  type BeaconScore,
  BeaconWatcher,
  beaconingSettings,
  connectionCall,
  type HttpCallFacts,
  httpCall,
  httpDestination,
  isCertificateCheck,
  type RatedPair,
  scoreBeacon,
} from './beaconing/beaconing.ts';
export type { DetectorContext, DetectorDefinition } from './detector.ts';
export { type Indicators, NO_INDICATORS } from './indicators.ts';
export { EMPTY_SEED, type LandscapeSeed } from './landscape.ts';
export { LearnedLandscape } from './learned-landscape.ts';

/** Every detector there is. A new one is a file of its own and a row here. */
export const DETECTORS: readonly DetectorDefinition[] = [
  portScanDetector,
  hostDiscoveryDetector,
  bruteForceDetector,
  floodDetector,
  connectionFloodDetector,
  dhcpExhaustionDetector,
  reverseShellDetector,
  arpSpoofingDetector,
  dnsTunnelDetector,
  remoteControlDetector,
  kerberosTicketsDetector,
  cleartextCredentialsDetector,
  weakEncryptionDetector,
  unwantedServiceDetector,
  unusualPortDetector,
  icmpTunnelDetector,
  webAttackDetector,
  exploitDetector,
  beaconingDetector,
  namePoisoningDetector,
  generatedDomainsDetector,
  rogueServerDetector,
  malwareTransferDetector,
  lateralMovementDetector,
  exfiltrationDetector,
  certificateChangeDetector,
  tunnelDetector,
];
