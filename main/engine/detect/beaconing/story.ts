/** What is said of a host that calls regularly. */
import { type Evidence, type Finding, MAX_LISTED_HOSTS, type Severity } from '../../../../contract/domain.ts';
import { endpointText } from '../ends.ts';
import { countOf, formatDuration } from '../finding-text.ts';
import type { Channel, Destination } from './call.ts';
import type { CallPair } from './pair.ts';
import type { BeaconScore } from './score.ts';
import type { Suspicion } from './suspicion.ts';

const TECHNIQUES: Readonly<Record<Channel, readonly string[]>> = {
  http: ['T1071.001'],
  tls: ['T1573', 'T1071.001'],
  quic: ['T1573', 'T1071.001'],
  dns: ['T1071.004'],
  tcp: ['T1095'],
  udp: ['T1095'],
};
const UNUSUAL_PORT_TECHNIQUE = 'T1571';
export const BEACON_TECHNIQUES = [...new Set(Object.values(TECHNIQUES).flat()), UNUSUAL_PORT_TECHNIQUE];

const CHANNEL_TEXT: Readonly<Record<Channel, string>> = {
  http: 'over HTTP',
  tls: 'over TLS',
  quic: 'over QUIC',
  dns: 'over DNS',
  tcp: 'over TCP',
  udp: 'over UDP',
};

/** Regularity alone proves little; every point besides makes it surer. */
const CONFIDENCE_ALONE = 0.4;
const CONFIDENCE_OF_POINT = 0.15;
const MOST_CONFIDENCE = 0.95;
/** Signs that are said in the explanation; the others stand in the evidence. */
const TOLD_SIGNS = 2;
/** Pauses that vary by less are called the same. */
const STEADY_JITTER = 0.05;

export interface BeaconStory {
  readonly pair: CallPair;
  readonly score: BeaconScore;
  readonly suspicion: Suspicion;
  readonly severity: Severity;
  /** Those of its servers that may be named as attackers, the most called first. */
  readonly attackers: readonly string[];
}

export function describeBeacon(story: BeaconStory): Finding {
  const { pair, score, suspicion, severity, attackers } = story;
  const { client, channel } = pair.destination;
  const target = targetText(pair.destination);
  const pace = paceText(score.pauseSeconds);
  const isPortUnusual = suspicion.signs.includes('unusual-port');
  return {
    detector: 'beaconing',
    kind: 'beaconing',
    cause: `beaconing/${pair.key}`,
    firstSeenMs: pair.firstUs / 1000,
    lastSeenMs: pair.lastUs / 1000,
    severity,
    confidence: confidenceOf(score, suspicion),
    techniques: [...TECHNIQUES[channel], ...(isPortUnusual ? [UNUSUAL_PORT_TECHNIQUE] : [])],
    attackers: attackers.slice(0, MAX_LISTED_HOSTS),
    victims: [client],
    attackerCount: attackers.length,
    victimCount: 1,
    title:
      channel === 'dns'
        ? `${client} asks for new names below ${target} every ${pace}`
        : `${client} calls ${target} every ${pace} ${CHANNEL_TEXT[channel]}`,
    explanation: explanation(story, target, pace),
    evidence: [...rhythmEvidence(pair, score), ...suspicion.evidence],
  };
}

function explanation({ pair, score, suspicion, attackers }: BeaconStory, target: string, pace: string): string {
  const { client, channel, isProxied } = pair.destination;
  const vary =
    score.jitter < STEADY_JITTER
      ? 'with hardly any difference between the pauses'
      : `with pauses that vary by about ${Math.round(score.jitter * 100)} %`;
  const sentences = [
    `${client} called ${target} ${countOf(pair.calls, 'time')} within ${formatDuration((pair.lastUs - pair.firstUs) / 1e6)}, every ${pace} ${vary}; a person calls without a rhythm.`,
    ...suspicion.evidence.slice(0, TOLD_SIGNS).map(({ meaning }) => meaning),
    'Programs that are controlled from outside ask for orders like this; so do some tools that watch over others.',
  ];
  if (isProxied) sentences.push(`It goes through ${pair.destination.server}, which only passes it on.`);
  else if (channel === 'dns') sentences.push(`${pair.destination.server} was asked, and may only pass it on.`);
  else if (attackers.length === 0)
    sentences.push('Who is called belongs to this network and is not named as attacker.');
  return sentences.join(' ');
}

function rhythmEvidence(pair: CallPair, score: BeaconScore): Evidence[] {
  return [
    {
      name: 'calls',
      value: pair.calls,
      unit: 'calls',
      meaning: `Counted from the first to the last, ${formatDuration((pair.lastUs - pair.firstUs) / 1e6)} later.`,
    },
    {
      name: 'pause between calls',
      value: Number(score.pauseSeconds.toPrecision(3)),
      unit: 's',
      meaning: `It varies by about ${Math.round(score.jitter * 100)} %.`,
    },
    {
      name: 'regularity',
      value: Number(score.score.toFixed(2)),
      usual: 'below 0.5',
      usualRange: { low: 0, high: 0.5 },
      meaning: '1 is a clock whose messages have one length, 0 has no rhythm at all.',
    },
    {
      name: 'messages of the same length',
      value: `${Math.round(score.sizes * 100)} %`,
      meaning: 'Asking whether there is anything to do is the same message each time.',
    },
  ];
}

function confidenceOf(score: BeaconScore, suspicion: Suspicion): number {
  const certainty = CONFIDENCE_ALONE + CONFIDENCE_OF_POINT * Math.max(suspicion.points, 0);
  return Number(Math.min(score.score * certainty + 0.1, MOST_CONFIDENCE).toFixed(2));
}

/** "testing.com", "10.0.0.5:8080"; the port where it is not the one that everybody uses. */
function targetText({ name, server, port, channel }: Destination): string {
  const host = name === '' ? server : name;
  const isOwnPort = (channel === 'http' && port === 80) || channel === 'dns' || (channel !== 'http' && port === 443);
  return isOwnPort ? host : endpointText(host, port);
}

function paceText(seconds: number): string {
  if (seconds < 0.95) return `${Number(seconds.toPrecision(1))} seconds`;
  if (seconds < 1.05) return 'second';
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} seconds`;
  return formatDuration(seconds);
}
