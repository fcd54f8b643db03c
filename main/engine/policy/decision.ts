import type { ActionKind, ActionMode } from '../../../contract/actions.ts';
import { type Finding, type ProcessRecord, SEVERITIES, type Severity } from '../../../contract/domain.ts';
import type { ResponseSettings } from './settings.ts';

/** What is to be done about a finding, why, and which setting says so. */
export interface Decision {
  readonly action: ActionKind;
  readonly mode: ActionMode;
  /** Who did it; what else is meant follows from who runs below and above it: tree.ts. */
  readonly target: ProcessRecord;
  /** One plain sentence. */
  readonly reason: string;
  /** Path of the setting that decided, and its value. */
  readonly setting: string;
  readonly value: string;
}

export interface DecisionContext {
  readonly settings: ResponseSettings;
  /** The whole engine only says what it would do. */
  readonly isSimulating: boolean;
  /** Whether somebody allowed what was found. */
  readonly isAllowed: boolean;
}

interface ResponseRow {
  /** Who must have found it: others may call something by the same kind that only looks like it. */
  readonly detector: string;
  readonly kind: Finding['kind'];
  readonly leastSeverity: Severity;
  readonly leastConfidence: number;
  readonly setting: keyof ResponseSettings & 'ransomware';
  readonly action: ActionKind;
  readonly reason: string;
}

/** What is acted on, and how. Everything else is told, and left to people. */
const RESPONSES: readonly ResponseRow[] = [
  {
    detector: 'ransomware',
    kind: 'ransomware',
    leastSeverity: 'high',
    // Its weakest statement that rests on documents; what is less sure than that is for people to judge.
    leastConfidence: 0.9,
    setting: 'ransomware',
    action: 'freeze',
    reason: 'It makes documents unreadable, and every further second costs more of them.',
  },
];

/** Where the engine's own simulation decides, whatever the settings say. */
const SIMULATION = { setting: '--simulate', value: 'on' };

/** Whether anything may be done about what this detector or behaviour finds. */
export function isActedOn(detector: string): boolean {
  return RESPONSES.some((row) => row.detector === detector);
}

/** What is to be done; undefined for nothing. Pure. */
export function decide(finding: Finding, context: DecisionContext): Decision | undefined {
  const row = RESPONSES.find((each) => each.detector === finding.detector && each.kind === finding.kind);
  const [target] = finding.processes ?? [];
  if (row === undefined || target === undefined || context.isAllowed) return undefined;
  if (finding.confidence < row.leastConfidence) return undefined;
  if (SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(row.leastSeverity)) return undefined;
  const value = context.settings[row.setting];
  if (value === 'off') return undefined;
  const isSimulated = value === 'simulate' || context.isSimulating;
  const decidedBy = value === 'freeze' && context.isSimulating ? SIMULATION : undefined;
  return {
    action: row.action,
    mode: isSimulated ? 'simulate' : 'act',
    target,
    reason: row.reason,
    ...(decidedBy ?? { setting: `response.${row.setting}`, value }),
  };
}
