import type { SettingTable } from '../runtime/settings.ts';

/** Section `network` of the configuration. */
export const flowSettings = {
  flowCapacity: {
    type: 'number',
    default: 524_288,
    min: 1_024,
    max: 8_000_000,
    integer: true,
    unit: 'flows',
    reason:
      'Most flows remembered at once; when more are open, the quietest end early and are counted. Half a million is ten times a busy workstation and costs 64 MB only when a flood really opens them.',
  },
  conversationCapacity: {
    type: 'number',
    default: 131_072,
    min: 1_024,
    max: 1_000_000,
    integer: true,
    unit: 'flows',
    reason:
      'Most flows of two packets or more remembered at once, at 0.9 kB each. 131,072 stays under 120 MB and is far above what one computer keeps open.',
  },
  idleTimeoutSeconds: {
    type: 'number',
    default: 120,
    min: 1,
    max: 3_600,
    unit: 's',
    reason: 'A flow ends after this silence. 120 s is what CICFlowMeter uses and outlasts usual keep-alives.',
  },
  unansweredTimeoutSeconds: {
    type: 'number',
    default: 60,
    min: 1,
    max: 3_600,
    unit: 's',
    reason: 'A flow that nobody answered ends sooner: TCP gives up its SYNs within about a minute.',
  },
  lingerSeconds: {
    type: 'number',
    default: 5,
    min: 0,
    max: 240,
    unit: 's',
    reason:
      'A closed TCP connection is kept this long for its last acknowledgements, so that they make no flow of their own.',
  },
  activeTimeoutSeconds: {
    type: 'number',
    default: 1_800,
    min: 10,
    max: 86_400,
    unit: 's',
    reason: 'A longer flow is recorded in pieces of this length. Half an hour is the usual value of NetFlow exporters.',
  },
  updateSeconds: {
    type: 'number',
    default: 60,
    min: 1,
    max: 3_600,
    unit: 's',
    reason: 'How often a long flow reports what it has done so far.',
  },
  clockToleranceSeconds: {
    type: 'number',
    default: 60,
    min: 1,
    max: 86_400,
    unit: 's',
    reason:
      'Packets stamped earlier than their predecessors by no more than this are out of order (several interfaces, several CPUs); beyond it the clock was set back, and all open flows end.',
  },
} as const satisfies SettingTable;
