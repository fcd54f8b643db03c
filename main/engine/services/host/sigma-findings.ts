import {
  type AlertKind,
  type Evidence,
  type Finding,
  MAX_LISTED_FILES,
  type Severity,
} from '../../../../contract/domain.ts';
import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../../contract/events.ts';
import { plainText } from '../../../../contract/text.ts';
import { startsEverything } from '../../alerts/index.ts';
import {
  hostFinding,
  isInstalling,
  type ProcessTree,
  processKey,
  RecentMap,
  shownProgram,
} from '../../behaviours/index.ts';
import type { MatchedField, RuleHit, RuleLevel } from '../../rules/index.ts';

/** Causes that are remembered to count their repeats; more only begin to count anew. */
const MAX_CAUSES = 8_192;
/** A rule that hits all the time is told again so often: each telling changes an alert and is stored. */
const RETELL_MS = 1_000;
/** Lines of evidence from the fields that matched. */
const MAX_FIELDS_SHOWN = 8;
const MAX_RULE_TITLE = 120;
const MAX_RULE_DESCRIPTION = 600;
const MAX_FIELD_VALUE = 300;
/** Of the name of a rule's author or a log's user in a cause. */
const MAX_NAME = 64;
/** Of what the events of a correlation have in common. */
const MAX_GROUP = 200;

/** What an ATT&CK tactic makes of an alert. The first tactic of a rule that stands here decides. */
const KIND_OF_TACTIC: Readonly<Record<string, AlertKind>> = {
  reconnaissance: 'host-discovery',
  'initial-access': 'exploit',
  execution: 'execution',
  persistence: 'persistence',
  'privilege-escalation': 'privilege-escalation',
  'defense-evasion': 'defence-evasion',
  stealth: 'defence-evasion',
  'defense-impairment': 'defence-evasion',
  'credential-access': 'credential-access',
  discovery: 'discovery',
  'lateral-movement': 'lateral-movement',
  'command-and-control': 'command-and-control',
  exfiltration: 'exfiltration',
};

/** Techniques that say more than their tactic. A part counts as its whole. */
const KIND_OF_TECHNIQUE: Readonly<Record<string, AlertKind>> = {
  T1486: 'ransomware',
  T1498: 'denial-of-service',
  T1499: 'denial-of-service',
  T1110: 'brute-force',
};

/** How sure a rule is, by how bad it says that it is: authors give high levels to what has no other meaning. */
const CONFIDENCE: Readonly<Record<RuleLevel, number>> = {
  informational: 0.3,
  low: 0.4,
  medium: 0.55,
  high: 0.75,
  critical: 0.85,
};

/**
 * Packages do much that would be an attack elsewhere: they add users and jobs and change rights. A rule does not see who
 * stands above a program; what it says of the work of a package manager weighs one step less.
 */
const MILDER: Readonly<Record<Severity, Severity>> = {
  info: 'info',
  low: 'info',
  medium: 'low',
  high: 'medium',
  critical: 'high',
};
const INSTALLED: Evidence = {
  name: 'done by',
  value: 'a package manager',
  meaning: 'Packages do such things when they are installed, so that it weighs less.',
};

interface Count {
  readonly firstMs: number;
  hits: number;
  toldMs: number;
}

/**
 * From hits of rules to findings. Hits of one rule below one program, or by one user where no program is known, are one
 * cause: the finding is given again with what is known by then, at most once a second. Bounded: MAX_CAUSES counters.
 */
export class SigmaFindings {
  readonly #counts = new RecentMap<string, Count>(MAX_CAUSES);
  readonly #tree: Pick<ProcessTree, 'ancestors'>;

  constructor(tree: Pick<ProcessTree, 'ancestors'>) {
    this.#tree = tree;
  }

  /**
   * What a hit says; undefined where the same was said a moment ago.
   *
   * @param event what the rule matched; left out where a correlation ended because time passed
   */
  finding(hit: RuleHit, event: HostEvent | undefined): Finding | undefined {
    const { rule, timeMs, correlation } = hit;
    const process = event === undefined ? undefined : processOf(event);
    const detector = `sigma/${plainText(rule.id, MAX_NAME)}`;
    const cause = `${detector}/${subjectOf(hit, event, process, this.#tree)}`;
    const count = this.#counts.getOrInsert(cause, () => ({
      firstMs: timeMs,
      hits: 0,
      toldMs: Number.NEGATIVE_INFINITY,
    }));
    count.hits++;
    if (Math.abs(timeMs - count.toldMs) < RETELL_MS) return undefined;
    count.toldMs = timeMs;
    const isInstalled = process !== undefined && isInstalling([process, ...this.#tree.ancestors(process)]);
    const remote = event === undefined ? undefined : remoteAddressOf(event);
    const finding = hostFinding(
      {
        detector,
        kind: kindOf(rule),
        cause,
        firstSeenMs: Math.min(correlation?.firstMs ?? timeMs, count.firstMs),
        lastSeenMs: timeMs,
        severity: isInstalled ? MILDER[rule.severity] : rule.severity,
        confidence: CONFIDENCE[rule.level],
        techniques: rule.techniques,
        title: titleOf(hit, process),
        explanation: explanationOf(hit),
        evidence: isInstalled ? [...evidenceOf(hit, count), INSTALLED] : evidenceOf(hit, count),
        ...(process !== undefined && { process }),
        ...(event !== undefined && { files: filesOf(event).slice(0, MAX_LISTED_FILES) }),
      },
      this.#tree,
    );
    return remote === undefined ? finding : { ...finding, ...remote };
  }
}

function kindOf({ techniques, tactics }: RuleHit['rule']): AlertKind {
  for (const id of techniques) {
    const kind = KIND_OF_TECHNIQUE[id.slice(0, 5)];
    if (kind !== undefined) return kind;
  }
  for (const tactic of tactics) {
    const kind = KIND_OF_TACTIC[tactic];
    if (kind !== undefined) return kind;
  }
  return 'execution';
}

/** Whose doing it is: what repeats of the same rule have in common. */
function subjectOf(
  { correlation }: RuleHit,
  event: HostEvent | undefined,
  process: HostProcessWithParents | undefined,
  tree: Pick<ProcessTree, 'ancestors'>,
): string {
  if (correlation !== undefined) {
    const group = Object.values(correlation.group);
    if (group.length > 0) return plainText(group.join('/'), MAX_GROUP);
  }
  if (process !== undefined) return processKey(rootOf(process, tree.ancestors(process)));
  if (event === undefined) return 'host';
  return plainText(userOf(event) ?? 'host', MAX_NAME);
}

/** The program that it all began with, below those that start everything. */
function rootOf(process: HostProcess, ancestors: readonly HostProcess[]): HostProcess {
  let root = process;
  for (const ancestor of ancestors) {
    if (startsEverything(ancestor)) break;
    root = ancestor;
  }
  return root;
}

function processOf(event: HostEvent): HostProcessWithParents | undefined {
  return 'process' in event ? event.process : undefined;
}

function userOf(event: HostEvent): string | undefined {
  switch (event.type) {
    case 'login':
    case 'logout':
      return event.user;
    case 'log-line':
      return event.unit ?? event.identifier ?? event.service;
    default:
      return undefined;
  }
}

/** Who it came from or went to, where the event names somebody else's address. */
function remoteAddressOf(event: HostEvent): Pick<Finding, 'attackers' | 'attackerCount'> | undefined {
  if (event.type !== 'login' && event.type !== 'network-connection') return undefined;
  const { remoteAddress } = event;
  return remoteAddress === undefined || remoteAddress === ''
    ? undefined
    : { attackers: [remoteAddress], attackerCount: 1 };
}

function filesOf(event: HostEvent): readonly string[] {
  switch (event.type) {
    case 'file-renamed':
      return [event.path, event.previousPath].filter((path) => path !== '');
    case 'file-created':
    case 'file-written':
    case 'file-deleted':
    case 'file-attributes':
    case 'file-executed':
    case 'file-opened':
    case 'autostart-change':
      return [event.path];
    case 'process-start':
      return event.process.image.startsWith('/') ? [event.process.image] : [];
    case 'module-load':
      return event.path === undefined ? [] : [event.path];
    default:
      return [];
  }
}

function titleOf({ rule }: RuleHit, process: HostProcess | undefined): string {
  const title = plainText(rule.title, MAX_RULE_TITLE);
  return process === undefined ? title : `${shownProgram(process)}: ${title}`;
}

function explanationOf({ rule, correlation }: RuleHit): string {
  const description = plainText(rule.description.trim(), MAX_RULE_DESCRIPTION);
  const said = description === '' ? plainText(rule.title, MAX_RULE_TITLE) : description;
  const ended = /[.!?…]$/.test(said) ? said : `${said}.`;
  const known = rule.falsePositives.find((each) => each.length > 10);
  return [
    ended,
    correlation === undefined
      ? 'A rule recognised it by what the evidence lists.'
      : `A rule counted ${correlation.count} such events together.`,
    ...(known === undefined ? [] : [`It may be harmless: ${plainText(known, MAX_RULE_TITLE)}.`]),
  ].join(' ');
}

/** Names of the fields that rules read most, in plain words. */
const FIELD_WORDS: Readonly<Record<string, string>> = {
  Image: 'program',
  CommandLine: 'command line',
  ParentImage: 'started by',
  ParentCommandLine: 'command line of the parent',
  TargetFilename: 'file',
  User: 'user',
  CurrentDirectory: 'folder',
  DestinationIp: 'connected to',
  DestinationHostname: 'connected to',
  DestinationPort: 'port',
  QueryName: 'name looked up',
  '': 'text',
};

function evidenceOf({ rule, matched, correlation }: RuleHit, count: Count): Evidence[] {
  const rows: Evidence[] = [
    {
      name: 'rule',
      value: plainText(rule.title, MAX_RULE_TITLE),
      meaning: `Level ${rule.level}, ${rule.status === '' ? 'of unknown state' : plainText(rule.status, MAX_NAME)}${rule.author === '' ? '' : `, by ${plainText(rule.author, MAX_NAME)}`}.`,
    },
  ];
  for (const field of fieldsOnce(matched)) rows.push(field);
  if (correlation !== undefined) {
    rows.push({ name: 'events', value: correlation.count, meaning: 'What the rule counted together.' });
    for (const [field, value] of Object.entries(correlation.group)) {
      rows.push({
        name: plainText(field, MAX_NAME),
        value: plainText(value, MAX_FIELD_VALUE),
        meaning: 'What they have in common.',
      });
    }
  }
  if (count.hits > 1) rows.push({ name: 'hits', value: count.hits, meaning: 'How often the rule matched by now.' });
  return rows;
}

/** A field once, with everything that the rule looked for in it. */
function fieldsOnce(matched: readonly MatchedField[]): Evidence[] {
  const byField = new Map<string, { readonly value: string; readonly patterns: string[] }>();
  for (const { field, value, pattern } of matched) {
    const known = byField.get(field);
    if (known === undefined) byField.set(field, { value, patterns: [pattern] });
    else if (!known.patterns.includes(pattern)) known.patterns.push(pattern);
  }
  return [...byField].slice(0, MAX_FIELDS_SHOWN).map(([field, { value, patterns }]) => ({
    name: FIELD_WORDS[field] ?? plainText(field, MAX_NAME),
    value: plainText(value, MAX_FIELD_VALUE),
    meaning: `The rule looks for ${plainText(patterns.join(', '), MAX_FIELD_VALUE)}.`,
  }));
}
