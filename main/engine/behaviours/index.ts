/** From events of the host to findings. */

import type { defineBehaviour } from './behaviour.ts';
import { credentialAccessBehaviour } from './credential-access.ts';
import { discoveryBehaviour } from './discovery.ts';
import { downloadAndRunBehaviour } from './download-and-run.ts';
import { hiddenProgramBehaviour } from './hidden-program.ts';
import { persistenceBehaviour } from './persistence.ts';
import { privilegeEscalationBehaviour } from './privilege-escalation.ts';
import { ransomwareBehaviour } from './ransomware.ts';
import { reverseShellBehaviour } from './reverse-shell.ts';
import { tracesRemovedBehaviour } from './traces-removed.ts';
import { webShellBehaviour } from './web-shell.ts';

export type { Behaviour, BehaviourContext, BehaviourDefinition } from './behaviour.ts';
export { BehaviourHost } from './host.ts';
export { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
export { ProcessTree } from './process-tree.ts';
export { RecentMap } from './recent-map.ts';

/** Every behaviour there is. A new one is a file of its own and a row here. */
export const BEHAVIOURS: readonly ReturnType<typeof defineBehaviour>[] = [
  credentialAccessBehaviour,
  discoveryBehaviour,
  downloadAndRunBehaviour,
  hiddenProgramBehaviour,
  persistenceBehaviour,
  privilegeEscalationBehaviour,
  ransomwareBehaviour,
  reverseShellBehaviour,
  tracesRemovedBehaviour,
  webShellBehaviour,
];
