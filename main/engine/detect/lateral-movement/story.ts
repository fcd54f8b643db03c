import { type Evidence, type Finding, MAX_LISTED_HOSTS } from '../../../../contract/domain.ts';
import { countOf, formatDuration, listOf } from '../finding-text.ts';
import { type RemoteAction, SERVICES_OF_ADMINISTRATION } from './remote-action.ts';
import type { Source, Target } from './travels.ts';
import type { Verdict } from './verdict.ts';

export function describeMovement(source: Source, verdict: Verdict): Finding {
  const { targets } = verdict;
  const victims = targets.map(({ address }) => address);
  const services = [...new Set(targets.flatMap((target) => [...target.services]))];
  const names = services.map((id) => SERVICES_OF_ADMINISTRATION[id]?.name ?? id);
  const actions = actionsOf(targets);
  const accounts = [...new Set(targets.flatMap((target) => [...target.accounts]))];
  const firstUs = Math.min(...targets.map((target) => target.firstUs));
  const lastUs = Math.max(...targets.map((target) => target.lastUs));
  const techniques = new Set<string>();
  for (const action of actions) for (const technique of action.techniques) techniques.add(technique);
  for (const id of services) techniques.add(SERVICES_OF_ADMINISTRATION[id]?.technique ?? 'T1021');
  const isOneAccount = accounts.length === 1 && targets.length >= 3;
  if (isOneAccount && targets.every((target) => target.methods.has('ntlm'))) techniques.add('T1550.002');
  const deed = mainDeed(verdict, actions);
  return {
    detector: 'lateral-movement',
    kind: 'lateral-movement',
    cause: `lateral-movement/${source.address}`,
    firstSeenMs: firstUs / 1000,
    lastSeenMs: lastUs / 1000,
    severity: verdict.severity,
    confidence: verdict.confidence,
    techniques: [...techniques],
    attackers: [source.address],
    victims: victims.slice(0, MAX_LISTED_HOSTS),
    attackerCount: 1,
    victimCount: victims.length,
    title: `${source.address} ${deed} ${listOf(victims)}`,
    explanation: [
      `${source.address} ${deed} ${countOf(victims.length, 'computer')} of the network (${listOf(victims)}) within ${formatDuration((lastUs - firstUs) / 1e6)}, by ${listOf(names)}${accounts.length > 0 ? `, as ${listOf(accounts)}` : ''}.`,
      chainWords(source),
      'Tools that install and manage software do this too; a workstation seldom has a reason to.',
    ]
      .filter((sentence) => sentence !== '')
      .join(' '),
    evidence: evidenceOf(source, verdict, actions, accounts),
  };
}

/** The strongest first. */
function actionsOf(targets: readonly Target[]): RemoteAction[] {
  const actions = new Map<string, RemoteAction>();
  for (const target of targets) for (const [id, action] of target.actions) actions.set(id, action);
  return [...actions.values()].sort((first, second) => Number(second.isExecution) - Number(first.isExecution));
}

function mainDeed(verdict: Verdict, actions: readonly RemoteAction[]): string {
  if (verdict.controlled > 0) {
    const isService = actions.some(({ id }) => id === 'service' || id === 'executor' || id === 'changed-service');
    return isService ? 'started programs as services on' : 'started programs on';
  }
  return verdict.adminShares > 0 ? 'opened the administrative shares of' : 'logged in to';
}

function chainWords(source: Source): string {
  if (source.cameFrom === undefined) return '';
  const { address, service } = source.cameFrom;
  const name = SERVICES_OF_ADMINISTRATION[service]?.name ?? service;
  return `Shortly before, ${address} had reached it in the same way (${name}): so worms spread, and attackers move on.`;
}

function evidenceOf(
  source: Source,
  verdict: Verdict,
  actions: readonly RemoteAction[],
  accounts: readonly string[],
): Evidence[] {
  const evidence: Evidence[] = [
    {
      name: 'computers it worked on',
      value: source.targets.size,
      unit: 'computers',
      usual: source.usualTargets > 0 ? `up to ${source.usualTargets}` : '0 to 3',
      usualRange: { low: 0, high: Math.max(3, source.usualTargets) },
      meaning: 'People work on few computers of their network, and on the same ones.',
    },
  ];
  if (actions.length > 0) {
    evidence.push({
      name: 'what it did there',
      value: listOf(
        actions.map(({ words }) => words),
        6,
      ),
      usual: 'nothing of this',
      meaning: 'This needs the rights of an administrator on the other computer, and starts programs there.',
    });
  }
  if (accounts.length > 0) {
    evidence.push({
      name: 'accounts',
      value: listOf(accounts, 6),
      meaning: 'These accounts work on the computers that were reached.',
    });
  }
  if (verdict.depth > 0) {
    evidence.push({
      name: 'computers on the way',
      value: verdict.depth,
      unit: 'computers',
      usual: '0',
      usualRange: { low: 0, high: 0 },
      meaning: 'Each was reached in the same way, and then reached the next.',
    });
  }
  return evidence;
}
