/** From events of the host to findings. */

import type { defineBehaviour } from './behaviour.ts';
import { containerEscapeBehaviour } from './container-escape.ts';
import { credentialAccessBehaviour } from './credential-access.ts';
import { cryptoMiningBehaviour } from './crypto-mining.ts';
import { decodeAndRunBehaviour } from './decode-and-run.ts';
import { discoveryBehaviour } from './discovery.ts';
import { downloadAndRunBehaviour } from './download-and-run.ts';
import { firewallBehaviour } from './firewall.ts';
import { forkBombBehaviour } from './fork-bomb.ts';
import { hiddenProgramBehaviour } from './hidden-program.ts';
import { kernelModuleBehaviour } from './kernel-module.ts';
import { loginGuessingBehaviour } from './login-guessing.ts';
import { persistenceBehaviour } from './persistence.ts';
import { preloadedLibraryBehaviour } from './preloaded-library.ts';
import { privilegeEscalationBehaviour } from './privilege-escalation.ts';
import { processInjectionBehaviour } from './process-injection.ts';
import { ransomwareBehaviour } from './ransomware.ts';
import { removableMediaBehaviour } from './removable-media.ts';
import { reverseShellBehaviour } from './reverse-shell.ts';
import { selfProtectionBehaviour } from './self-protection.ts';
import { tracesRemovedBehaviour } from './traces-removed.ts';
import { webShellBehaviour } from './web-shell.ts';

export type { Behaviour, BehaviourContext, BehaviourDefinition, ForkBurst, HostSamples } from './behaviour.ts';
export { NO_SAMPLES } from './behaviour.ts';
export { CREDENTIAL_PLACES, holdsCredentials } from './credential-access.ts';
export { BehaviourHost } from './host.ts';
export { hostFinding, processKey, recordsOf, shownPath, shownProgram } from './host-finding.ts';
export { ProcessTree } from './process-tree.ts';
export { isInstalling } from './programs.ts';
export { RecentMap } from './recent-map.ts';

/** Every behaviour there is. A new one is a file of its own and a row here. */
export const BEHAVIOURS: readonly ReturnType<typeof defineBehaviour>[] = [
  containerEscapeBehaviour,
  credentialAccessBehaviour,
  cryptoMiningBehaviour,
  decodeAndRunBehaviour,
  discoveryBehaviour,
  downloadAndRunBehaviour,
  firewallBehaviour,
  forkBombBehaviour,
  hiddenProgramBehaviour,
  kernelModuleBehaviour,
  loginGuessingBehaviour,
  persistenceBehaviour,
  preloadedLibraryBehaviour,
  privilegeEscalationBehaviour,
  processInjectionBehaviour,
  ransomwareBehaviour,
  removableMediaBehaviour,
  reverseShellBehaviour,
  selfProtectionBehaviour,
  tracesRemovedBehaviour,
  webShellBehaviour,
];
