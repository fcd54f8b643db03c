import type { Evidence, Finding } from '../../../../contract/domain.ts';
import { countOf, formatCount, formatDuration, listOf, ratePerSecond } from '../finding-text.ts';
import { type Channel, typesOf } from './channel.ts';
import { isOneWay, type TunnelSign } from './signs.ts';

const CONFIDENCE: Readonly<Record<TunnelSign, number>> = {
  'unusual-types': 0.97,
  dialogue: 0.95,
  'long-names': 0.85,
  names: 0.75,
  'slow-names': 0.7,
  answers: 0.75,
};
/** What only looks like it becomes sure with so much data. */
const CERTAIN_BYTES = 10_000;
const CERTAIN_CONFIDENCE = 0.92;
/** Two signs that nothing ordinary shows. */
const CERTAIN_SIGNS: readonly TunnelSign[] = ['unusual-types', 'dialogue'];

export function describeDnsTunnel(channel: Channel, sign: TunnelSign): Finding {
  const { client, server, names } = channel;
  const carried = Math.round(channel.carriedBytes);
  const back = Math.round(channel.answerBytes);
  const isSure = CERTAIN_SIGNS.includes(sign) || carried + back >= CERTAIN_BYTES;
  const seconds = (channel.lastUs - channel.firstUs) / 1e6;
  const place = channel.domain === '' ? 'names that end in no domain' : `names below ${channel.domain}`;
  const attackers = channel.serverMayBeAttacker ? [server] : [];
  const way = channel.isExfiltration ? 'sent data out' : 'talked through a tunnel';
  return {
    detector: 'dns-tunnel',
    kind: channel.isExfiltration ? 'exfiltration' : 'dns-tunnel',
    cause: `dns-tunnel/${client}/${channel.domain}`,
    firstSeenMs: Math.round(channel.firstUs / 1000),
    lastSeenMs: Math.round(channel.lastUs / 1000),
    severity: isSure ? 'high' : 'medium',
    confidence: isSure ? Math.max(CONFIDENCE[sign], CERTAIN_CONFIDENCE) : CONFIDENCE[sign],
    techniques: channel.isExfiltration ? ['T1048.003', 'T1071.004'] : ['T1071.004', 'T1572'],
    attackers,
    victims: [client],
    attackerCount: attackers.length,
    victimCount: 1,
    title: `${client} ${way} in DNS look-ups of ${place}${attackers.length > 0 ? `, answered by ${server}` : ''}`,
    explanation: [
      `${client} asked for ${countOf(names, 'different name')} ${channel.domain === '' ? 'that end in no domain' : `below ${channel.domain}`} within ${formatDuration(seconds)}, which carry about ${countOf(carried, 'byte')} of data${back > 0 ? `, and got about ${countOf(back, 'byte')} back` : ''}; ordinary programs ask for a handful of names, again and again.`,
      MEANING[sign],
      attackers.length > 0
        ? `${server} answered. If it only passes look-ups on, the true other end is whoever runs the domain.`
        : `${server}, which was asked, is this network's own name server and only passes look-ups on: the true other end is whoever runs the domain.`,
    ].join(' '),
    evidence: evidenceOf(channel, carried, back, seconds),
  };
}

const MEANING: Readonly<Record<TunnelSign, string>> = {
  'unusual-types': 'It asked for record types that hardly anything but a tunnel uses.',
  dialogue: 'Names with data in them were asked for records that carry data back, which makes it a conversation.',
  'long-names': 'The names are long and made of letters and digits as if drawn by lot, as encoded data is.',
  names: 'The names are made of letters and digits as if drawn by lot, as encoded data is.',
  'slow-names': 'It happens slowly, but in sum the names carry far more than host names do.',
  answers: 'Texts came back under ever new names, as when a program is fetched piece by piece.',
};

function evidenceOf(channel: Channel, carried: number, back: number, seconds: number): Evidence[] {
  const rows: Evidence[] = [
    {
      name: 'different names',
      value: channel.names,
      unit: 'names',
      usual: 'under 20 below one domain',
      usualRange: { low: 0, high: 20 },
      meaning: 'Each name carries something new, so that no server can answer from memory.',
    },
    {
      name: 'data in names',
      value: carried,
      unit: 'B',
      usual: 'under 200 B',
      usualRange: { low: 0, high: 200 },
      meaning: 'What the names would hold, were they encoded data.',
    },
    {
      name: 'data in answers',
      value: back,
      unit: 'B',
      meaning: isOneWay(channel) ? 'Much more leaves than comes back.' : 'Commands and files can come in this way.',
    },
    {
      name: 'record types',
      value: listOf(typesOf(channel), 5),
      usual: 'A, AAAA, HTTPS',
      meaning: 'NULL, TXT, CNAME and MX records can carry more than an address.',
    },
    {
      name: 'pace',
      value: ratePerSecond(channel.queries, seconds),
      unit: 'per second',
      usual: 'under 0.1',
      meaning: 'Look-ups below this domain.',
    },
  ];
  if (channel.example !== '') {
    rows.push({ name: 'example', value: channel.example, meaning: 'The name that carries most.' });
  }
  if (channel.emptyAnswers > 0) {
    rows.push({
      name: 'look-ups without a result',
      value: `${formatCount(channel.emptyAnswers)} of ${formatCount(channel.emptyAnswers + channel.dataAnswers)}`,
      meaning: 'Names that do not exist still bring what they carry to the server of the domain.',
    });
  }
  return rows;
}
