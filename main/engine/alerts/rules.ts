import { type AlertKind, SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { type HostList, isPartOf, overlap, sameHosts } from './hosts.ts';

/** What the rules look at: an alert, or a finding that looks for one. */
export interface Case {
  readonly kind: AlertKind;
  /** All kinds of findings in it, that of the strongest first. */
  readonly kinds: readonly AlertKind[];
  /** It says that the attacker got in: see chain.ts. */
  readonly hasFoothold: boolean;
  readonly severity: Severity;
  readonly confidence: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly attackers: HostList;
  readonly victims: HostList;
  /** Something on this computer said it, not only its traffic. */
  readonly isOnHost: boolean;
  /** What it belongs to among the processes of this computer: see trees.ts. */
  readonly tree: ReadonlySet<string>;
}

/** 0 for the mildest severity. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** The silence between two spans of time; 0 or less when they overlap. */
export function gapMs(first: Case, second: Case): number {
  return Math.max(first.firstSeenMs, second.firstSeenMs) - Math.min(first.lastSeenMs, second.lastSeenMs);
}

/** What findings of one kind but of different causes must have in common to be one alert. */
type JoinBy = 'cause-only' | 'attackers' | 'victims' | 'attackers-and-victims';

/**
 * One row per kind. Findings with one cause always join; these rules join further, because one attack is
 * often noticed from several sides (a SYN scan and a UDP scan of one host by one host are one scan).
 */
export const JOIN_BY: Readonly<Record<AlertKind, JoinBy>> = {
  'port-scan': 'attackers-and-victims',
  // Who is looked for differs from probe to probe; who looks does not.
  'host-discovery': 'attackers',
  'brute-force': 'attackers-and-victims',
  // The sources are often forged, and one attack often uses several kinds of flood at once.
  'denial-of-service': 'victims',
  exfiltration: 'attackers-and-victims',
  'reverse-shell': 'attackers-and-victims',
  'command-and-control': 'attackers-and-victims',
  beaconing: 'attackers-and-victims',
  'dns-tunnel': 'attackers-and-victims',
  tunnel: 'attackers-and-victims',
  'man-in-the-middle': 'attackers-and-victims',
  // It moves on from host to host, so that each step has another victim.
  'lateral-movement': 'attackers',
  exploit: 'attackers-and-victims',
  'web-attack': 'attackers-and-victims',
  'malware-transfer': 'attackers-and-victims',
  // Different notices about the same two hosts are different things to decide.
  policy: 'cause-only',
  anomaly: 'cause-only',
  // About programs and files of this computer: there are no two hosts that could be the same.
  execution: 'cause-only',
  persistence: 'cause-only',
  'privilege-escalation': 'cause-only',
  'credential-access': 'cause-only',
  'defence-evasion': 'cause-only',
  discovery: 'cause-only',
  ransomware: 'cause-only',
  malware: 'cause-only',
};

const COMMON: Readonly<Record<JoinBy, (first: Case, second: Case) => boolean>> = {
  'cause-only': () => false,
  attackers: (first, second) => sameHosts(first.attackers, second.attackers),
  victims: (first, second) => overlap(first.victims, second.victims),
  'attackers-and-victims': (first, second) =>
    sameHosts(first.attackers, second.attackers) && overlap(first.victims, second.victims),
};

/** Kinds that are different looks at one thing: what one detector calls a shell, another calls control. */
const SAME_THING: readonly (readonly AlertKind[])[] = [
  ['reverse-shell', 'command-and-control', 'beaconing'],
  ['exfiltration', 'dns-tunnel', 'tunnel'],
  ['exploit', 'web-attack'],
];

function isSameThing(first: AlertKind, second: AlertKind): boolean {
  return first === second || SAME_THING.some((kinds) => kinds.includes(first) && kinds.includes(second));
}

/** Two cases of different causes are one attack, times aside. Symmetric. */
export function isSameAttack(first: Case, second: Case): boolean {
  return first.kinds.some((kind) =>
    second.kinds.some((other) => isSameThing(kind, other) && COMMON[JOIN_BY[kind]](first, second)),
  );
}

/** Notices and unusual traffic of a program are not steps of what else it does. */
const APART: readonly AlertKind[] = ['policy', 'anomaly'];

/**
 * Two cases are about one tree of processes, and at least one of them is about what programs did: a browser's traffic
 * alone is many things. Symmetric.
 */
export function isSameTree(first: Case, second: Case): boolean {
  if (!first.isOnHost && !second.isOnHost) return false;
  if (first.kinds.some((kind) => APART.includes(kind)) || second.kinds.some((kind) => APART.includes(kind)))
    return false;
  return haveCommonProcess(first, second);
}

function haveCommonProcess({ tree: first }: Case, { tree: second }: Case): boolean {
  const [smaller, larger] = first.size <= second.size ? [first, second] : [second, first];
  for (const name of smaller) if (larger.has(name)) return true;
  return false;
}

/** Two cases are about the same attackers and victims, as far as they name them. Symmetric. */
export function areSameParties(first: Case, second: Case): boolean {
  return COMMON['attackers-and-victims'](first, second);
}

/** One kind of attack that makes another kind of detector speak too. */
interface ExplanationRule {
  readonly shadow: AlertKind;
  /** `any-rule`: every kind that is not an anomaly itself. */
  readonly by: AlertKind | 'any-rule';
  /**
   * `same`: one attacker and victim in both. `mirrored`: the victim's answers look like an attack by it. `pair`: the
   * same two ends, whoever is the attacker: an anomaly does not know.
   */
  readonly hosts: 'same' | 'mirrored' | 'pair';
  /** Said in the alert that explains, after the shadow's title. */
  readonly meaning: string;
}

/** Which alerts are only the shadow of another. The shadow is not listed; the other names it in its evidence. */
export const EXPLAINED_BY: readonly ExplanationRule[] = [
  {
    shadow: 'port-scan',
    by: 'denial-of-service',
    hosts: 'same',
    meaning: 'A flood touches many ports and looks like a scan as well. It is the same traffic.',
  },
  {
    shadow: 'host-discovery',
    by: 'denial-of-service',
    hosts: 'same',
    meaning: 'A flood looks like a search for hosts as well. It is the same traffic.',
  },
  {
    shadow: 'brute-force',
    by: 'denial-of-service',
    hosts: 'same',
    meaning: 'A flood of connections looks like password guessing as well. It is the same traffic.',
  },
  {
    shadow: 'denial-of-service',
    by: 'port-scan',
    hosts: 'same',
    meaning: 'A very fast scan looks like a flood as well. It is the same traffic.',
  },
  {
    shadow: 'port-scan',
    by: 'denial-of-service',
    hosts: 'mirrored',
    meaning: 'These are the answers of the flooded host, which go to many ports and addresses.',
  },
  {
    shadow: 'host-discovery',
    by: 'denial-of-service',
    hosts: 'mirrored',
    meaning: 'These are the answers of the flooded host, which go to many addresses.',
  },
  {
    shadow: 'denial-of-service',
    by: 'denial-of-service',
    hosts: 'mirrored',
    meaning: 'These are the answers of the flooded host.',
  },
  {
    shadow: 'anomaly',
    by: 'any-rule',
    hosts: 'pair',
    meaning: 'What was learnt of this computer finds the same traffic unusual: another reason to believe the alert.',
  },
];

/**
 * A scan, a search or password guessing stays an alert of its own beside a flood, and a scan explains the
 * flood instead, when it is surer than the flood by this much. Below it the flood explains: rates that make
 * a flood are the stronger statement, and detectors of nearly equal confidence do not tell more.
 */
const CLEARLY_SURER = 0.2;

function isSurer(first: Case, second: Case): boolean {
  // Confidences are decimal fractions: 0.9 - 0.7 must count as 0.2.
  return first.confidence - second.confidence >= CLEARLY_SURER - 1e-9;
}

/** Which of a flood and what looks like it is to be believed. */
function isBelieved(rule: ExplanationRule, shadow: Case, by: Case): boolean {
  if (rule.hosts === 'mirrored' && rule.shadow === rule.by) return isOriginal(by, shadow);
  if (rule.hosts === 'mirrored') return true;
  return rule.shadow === 'denial-of-service' ? isSurer(by, shadow) : !isSurer(shadow, by);
}

/** Of two floods in opposite directions: the more severe, the surer, the earlier one is the attack. */
function isOriginal(first: Case, second: Case): boolean {
  const order =
    severityRank(first.severity) - severityRank(second.severity) ||
    first.confidence - second.confidence ||
    second.firstSeenMs - first.firstSeenMs;
  return order > 0;
}

function isWithin(shadow: Case, by: Case, slackMs: number): boolean {
  return (
    shadow.firstSeenMs >= by.firstSeenMs - slackMs &&
    shadow.lastSeenMs <= by.lastSeenMs + slackMs &&
    gapMs(shadow, by) <= 0
  );
}

/** The two ends of a case are ends of another one, in either direction. */
function isPairOf(part: Case, whole: Case): boolean {
  return (
    (isPartOf(part.attackers, whole.attackers) && isPartOf(part.victims, whole.victims)) ||
    (isPartOf(part.attackers, whole.victims) && isPartOf(part.victims, whole.attackers))
  );
}

/** An anomaly of the traffic of a program of which something on this computer says more. */
function isActOf(shadow: Case, by: Case): boolean {
  return by.isOnHost && haveCommonProcess(shadow, by);
}

/**
 * The rule by which `by` explains `shadow`, if there is one. Never true in both directions at once. An intrusion in
 * several steps is nobody's shadow, and explains nothing away but anomalies; these may begin before what explains them
 * and end after it, as they are about whole conversations.
 *
 * @param by at most the longest silence of one alert away in time
 */
export function explanation(shadow: Case, by: Case, slackMs: number): ExplanationRule | undefined {
  if (shadow.kinds.length > 1) return undefined;
  const isAlike = by.kinds.length === 1 && isWithin(shadow, by, slackMs);
  return EXPLAINED_BY.find((rule) => {
    if (rule.shadow !== shadow.kind) return false;
    if (rule.by === 'any-rule') return by.kind !== shadow.kind && (isPairOf(shadow, by) || isActOf(shadow, by));
    if (!isAlike || rule.by !== by.kind) return false;
    const attackers = rule.hosts === 'same' ? by.attackers : by.victims;
    const victims = rule.hosts === 'same' ? by.victims : by.attackers;
    return isPartOf(shadow.attackers, attackers) && isPartOf(shadow.victims, victims) && isBelieved(rule, shadow, by);
  });
}

/** Different attacks that a reader wants to see side by side: one attacker, one victim or one program in common. */
export function isRelated(first: Case, second: Case): boolean {
  return (
    overlap(first.attackers, second.attackers) ||
    overlap(first.victims, second.victims) ||
    haveCommonProcess(first, second)
  );
}
