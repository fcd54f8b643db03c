import type { Evidence, Finding, Severity } from '../../../../contract/domain.ts';
import type { SettingValues } from '../../runtime/settings.ts';
import { attackersOf, notNamed } from '../control-ends.ts';
import { endpointText } from '../ends.ts';
import { countOf, formatDuration, listOf } from '../finding-text.ts';
import type { ControlCase } from './case.ts';
import type { remoteControlSettings } from './settings.ts';
import { type SignId, signRow } from './signs.ts';

/** Points at which doubt is gone; the confidence grows towards it. */
const CERTAIN_POINTS = 24;
const LEAST_CONFIDENCE = 0.4;
const MOST_CONFIDENCE = 0.97;

const STAGES: readonly SignId[] = ['raw-stage', 'web-stage', 'checksum-path'];
const ODD_PORTS: readonly SignId[] = ['odd-port', 'clear-web'];
const HIDDEN: readonly SignId[] = [
  'disguised-answer',
  'opaque-post',
  'encoded-post',
  'encoded-answer',
  'long-token-cookie',
];

export function describeControl(subject: ControlCase, settings: SettingValues<typeof remoteControlSettings>): Finding {
  const { caller, called, points } = subject;
  return {
    detector: 'remote-control',
    kind: 'command-and-control',
    cause: `remote-control/${caller.address}/${called.address}`,
    firstSeenMs: subject.firstUs / 1000,
    lastSeenMs: subject.lastUs / 1000,
    severity: severityOf(points, settings),
    confidence: confidenceOf(points),
    techniques: techniquesOf(subject),
    attackers: attackersOf(called),
    victims: [caller.address],
    attackerCount: attackersOf(called).length,
    victimCount: 1,
    title: `${caller.address} seems to be controlled by ${endpointText(called.address, called.port)}`,
    explanation: explain(subject, settings),
    evidence: evidence(subject),
  };
}

function severityOf(points: number, settings: SettingValues<typeof remoteControlSettings>): Severity {
  if (points >= settings.highPoints) return 'high';
  return points >= settings.mediumPoints ? 'medium' : 'low';
}

function confidenceOf(points: number): number {
  const grown = Math.min(1, points / CERTAIN_POINTS);
  return Number((LEAST_CONFIDENCE + (MOST_CONFIDENCE - LEAST_CONFIDENCE) * grown).toFixed(2));
}

function techniquesOf({ signs, isWeb, isEncrypted }: ControlCase): string[] {
  const has = (ids: readonly SignId[]) => ids.some((id) => signs.has(id));
  return [
    isWeb ? 'T1071.001' : isEncrypted ? 'T1573' : 'T1095',
    ...(isWeb && has(HIDDEN) ? ['T1573'] : []),
    ...(has(ODD_PORTS) ? ['T1571'] : []),
    ...(has(STAGES) ? ['T1105'] : []),
    ...(signs.has('picture-sent') || signs.has('separators') || signs.has('packed-frames') ? ['T1219'] : []),
  ];
}

/** The signs that say most. */
function strongest(subject: ControlCase): SignId[] {
  return [...subject.signs.keys()].sort((a, b) => signRow(b).points - signRow(a).points);
}

function explain(subject: ControlCase, settings: SettingValues<typeof remoteControlSettings>): string {
  const { caller, called, points, requests, isWeb } = subject;
  const seconds = (subject.lastUs - subject.firstUs) / 1e6;
  const how = isWeb
    ? `made ${countOf(requests, 'request')} to ${called.address} within ${formatDuration(seconds)}`
    : `kept in touch with ${called.address} for ${formatDuration(seconds)}${subject.isEncrypted ? ', encrypted' : ' in no protocol that is known'}`;
  const why = listOf(
    strongest(subject)
      .slice(0, 3)
      .map((id) => signRow(id).name),
  );
  return [
    `${caller.address} ${how}, in a way that programs under remote control have: ${why}.`,
    `The signs weigh ${points} points; ordinary software stays below ${settings.points}.`,
    points >= settings.mediumPoints
      ? 'Whoever runs the other end may be able to give this computer orders.'
      : 'Unusual but harmless programs can look like this too.',
    notNamed(called),
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function evidence(subject: ControlCase): Evidence[] {
  const rows = strongest(subject).map((id): Evidence => {
    const { name, usual, meaning } = signRow(id);
    return { name, value: subject.signs.get(id) ?? '', ...(usual === undefined ? {} : { usual }), meaning };
  });
  return [
    ...rows,
    {
      name: 'weight of the signs',
      value: subject.points,
      unit: 'points',
      usual: '0 to 5',
      usualRange: { low: 0, high: 5 },
      meaning: 'All signs between these two hosts together.',
    },
  ];
}
