/**
 * What speaks for a beacon, and against it, besides the rhythm: a table. Software that asks for updates, mail or orders
 * is as regular as an implant; it differs in whom it calls, how, and in whose company.
 */
import type { Evidence } from '../../../../contract/domain.ts';
import { formatShare } from '../finding-text.ts';
import type { CallPair } from './pair.ts';
import type { BeaconScore } from './score.ts';

/** A pair in its surroundings. */
export interface Suspect {
  readonly pair: CallPair;
  readonly score: BeaconScore;
  /** Hosts that call the same name, this one among them. */
  readonly crowd: number;
  /** From so many on it is an ordinary service. */
  readonly crowdHosts: number;
  /** Other destinations that the host calls at the same port as regularly. */
  readonly likePairs: number;
  /** A gateway or another device that the owner's network is made of. */
  readonly isOwnDevice: boolean;
}

export interface Sign {
  readonly id: string;
  /** Points: 1 what ordinary programs rarely do, 0.5 what some do; negative what speaks for them. 0: not seen. */
  points(suspect: Suspect): number;
  evidence(suspect: Suspect): Evidence;
}

/** Nearly all messages show it: a few are something else that the host has with the destination. */
const NEARLY_ALL = 0.8;
const HARDLY_ANY = 0.1;
/** Inside, devices and services without a name or a real certificate are common. */
const INSIDE_POINTS = 0.5;
const OUTSIDE_POINTS = 1;
/** A program that asks so often keeps its connection. */
const QUICK_PAUSE_SECONDS = 30;
const QUICK_CALLS = 30;
const RELENTLESS = { calls: 100, pauseSeconds: 5 } as const;
const SMALL_MESSAGE_BYTES = 8_192;
/** Pages of one site that take turns without one leading to the other. */
const TURNS = { least: 2, most: 8 } as const;
/** Browsing: so many different pages, or so many requests that a page led to. */
const BROWSED_SHAPES = 9;
const BROWSED_SHARE = 0.2;
/** A monitor, or a load balancer, calls so many others the same way. */
const MONITORED_PAIRS = 5;
/** Calls of a few hundred bytes at most, in an open connection, that say "I am still here". */
const MOSTLY = 0.6;

function isHttp({ pair }: Suspect): boolean {
  return pair.destination.channel === 'http';
}

/** Attempts are made again and again by much that has lost its server; how they are made says no more. */
function isRefused(pair: CallPair): boolean {
  return pair.share('refused') >= NEARLY_ALL;
}

export const SIGNS: readonly Sign[] = [
  {
    id: 'address',
    points: ({ pair }) => {
      if (pair.isNamed) return 0;
      return pair.isServerInside ? INSIDE_POINTS : OUTSIDE_POINTS;
    },
    evidence: ({ pair }) => ({
      name: 'called by',
      value: pair.destination.name || pair.destination.server,
      usual: 'a name',
      meaning: 'Services have names; a bare address is what a program calls that must work without one.',
    }),
  },
  {
    id: 'lone-browser',
    points: ({ pair }) =>
      pair.share('browser-agent') >= NEARLY_ALL &&
      pair.share('no-manners') >= NEARLY_ALL &&
      pair.share('referred') <= HARDLY_ANY
        ? 1.5
        : 0,
    evidence: ({ pair }) => ({
      name: 'calls itself',
      value: pair.agent,
      usual: 'asks for a language, follows links',
      meaning: 'It says that it is a browser and does not behave like one: a disguise.',
    }),
  },
  {
    id: 'library-agent',
    points: (suspect) => (isHttp(suspect) && suspect.pair.share('library-agent') >= NEARLY_ALL ? 0.5 : 0),
    evidence: ({ pair }) => ({
      name: 'calls itself',
      value: pair.agent === '' ? 'nothing' : pair.agent,
      usual: 'a browser, or a product by its name',
      meaning: 'Programs by known makers say who they are; scripts and implants often leave the name of their tool.',
    }),
  },
  {
    id: 'posts',
    points: (suspect) =>
      isHttp(suspect) &&
      suspect.pair.share('post') >= NEARLY_ALL &&
      suspect.pair.shapes.length <= TURNS.least &&
      suspect.pair.sentMedian <= SMALL_MESSAGE_BYTES
        ? 0.5
        : 0,
    evidence: ({ pair }) => ({
      name: 'sends to',
      value: pair.shapes[0] ?? '',
      meaning: 'A small message to the same place each time, as a program reports for orders.',
    }),
  },
  {
    id: 'turns',
    points: (suspect) => {
      const { pair } = suspect;
      const { length } = pair.shapes;
      return isHttp(suspect) && length >= TURNS.least && length <= TURNS.most && pair.isAnsweredAlike ? 0.5 : 0;
    },
    evidence: ({ pair }) => ({
      name: 'asks in turn for',
      value: pair.shapes.slice(0, TURNS.most).join(', '),
      meaning: 'Different pages, all with an answer of the same length: a way to look like visits to a site.',
    }),
  },
  {
    id: 'drawn-pauses',
    points: ({ score }) => (score.isDrawn ? 1 : 0),
    evidence: ({ score }) => ({
      name: 'pauses vary by',
      value: Math.round(score.jitter * 100),
      unit: '%',
      usual: '0, or without a limit',
      meaning: 'They are spread evenly over a band, as a program does that draws them to hide its rhythm.',
    }),
  },
  {
    id: 'unusual-port',
    points: ({ pair }) => (pair.share('unusual-port') >= NEARLY_ALL ? 0.5 : 0),
    evidence: ({ pair }) => ({
      name: 'port',
      value: pair.destination.port,
      usual: pair.destination.channel === 'http' ? '80' : '443',
      meaning: 'This protocol is seldom found there.',
    }),
  },
  {
    id: 'unknown-protocol',
    points: ({ pair }) => {
      const { channel } = pair.destination;
      return (channel === 'tcp' || channel === 'udp') && pair.share('refused') <= HARDLY_ANY ? 0.5 : 0;
    },
    evidence: ({ pair }) => ({
      name: 'protocol',
      value: 'unknown',
      usual: 'HTTP or TLS',
      meaning: `Its messages at ${pair.destination.channel.toUpperCase()} port ${pair.destination.port} are of no protocol that is known.`,
    }),
  },
  {
    id: 'refused',
    points: ({ pair }) => (isRefused(pair) ? 0.5 : 0),
    evidence: ({ pair }) => ({
      name: 'calls that nobody took',
      value: formatShare(pair.share('refused'), 1),
      usual: 'given up after a few',
      meaning: 'It goes on calling though nobody is there: its master is gone, or has not come yet.',
    }),
  },
  {
    id: 'self-signed',
    points: ({ pair }) => {
      if (pair.selfSigned === 0) return 0;
      return pair.isServerInside ? INSIDE_POINTS : OUTSIDE_POINTS;
    },
    evidence: () => ({
      name: 'certificate',
      value: 'signed by itself',
      usual: 'signed by an authority',
      meaning: 'Nobody vouches for who answers.',
    }),
  },
  {
    id: 'library-hello',
    points: ({ pair }) => (pair.share('library-hello') >= NEARLY_ALL ? 0.5 : 0),
    evidence: () => ({
      name: 'TLS of',
      value: 'a program that is no browser',
      meaning: 'Its hello lacks what browsers put in (RFC 8701).',
    }),
  },
  {
    id: 'new-connections',
    points: ({ pair, score }) =>
      score.calls >= QUICK_CALLS &&
      score.pauseSeconds <= QUICK_PAUSE_SECONDS &&
      pair.share('new-connection') >= NEARLY_ALL &&
      !isRefused(pair)
        ? 0.5
        : 0,
    evidence: ({ pair }) => ({
      name: 'in a connection of its own',
      value: formatShare(pair.share('new-connection'), 1),
      usual: 'one connection for many calls',
      meaning: 'Programs that ask so often keep their connection; starting anew each time is what small scripts do.',
    }),
  },
  {
    id: 'relentless',
    points: ({ score }) => (score.calls >= RELENTLESS.calls && score.pauseSeconds <= RELENTLESS.pauseSeconds ? 0.5 : 0),
    evidence: ({ score }) => ({
      name: 'calls without a break',
      value: score.calls,
      unit: 'calls',
      usual: 'a few, then a pause',
      meaning: 'Hardly any software asks every few seconds for so long.',
    }),
  },
  {
    id: 'new-names',
    points: ({ pair }) => (pair.destination.channel === 'dns' && pair.repeats <= pair.messages * HARDLY_ANY ? 1 : 0),
    evidence: ({ pair }) => ({
      name: 'names asked for once',
      value: pair.messages,
      unit: 'names',
      usual: 'the same few again',
      meaning:
        'A name that was never asked for cannot come from a memory on the way: each question reaches the server.',
    }),
  },
  {
    id: 'encoded-names',
    points: ({ pair }) => (pair.share('encoded-name') >= NEARLY_ALL ? 1 : 0),
    evidence: ({ pair }) => ({
      name: 'names that look like data',
      value: formatShare(pair.share('encoded-name'), 1),
      usual: 'words',
      meaning: 'Names of computers are words or counters; data must be written in letters and digits to pass as one.',
    }),
  },
  {
    id: 'data-records',
    points: ({ pair }) => (pair.share('data-record') >= MOSTLY ? 0.5 : 0),
    evidence: ({ pair }) => ({
      name: 'asks for text or bytes',
      value: formatShare(pair.share('data-record'), 1),
      usual: 'addresses',
      meaning: 'Such records can carry anything in the answer.',
    }),
  },
  {
    id: 'crowd',
    points: ({ crowd, crowdHosts }) => (crowd >= crowdHosts ? -1 : 0),
    evidence: ({ crowd }) => ({
      name: 'hosts that call it',
      value: crowd,
      unit: 'hosts',
      meaning: 'Several hosts use it, which speaks for an ordinary service.',
    }),
  },
  {
    id: 'browsed',
    points: ({ pair }) =>
      pair.share('referred') >= BROWSED_SHARE ||
      (pair.shapes.length >= BROWSED_SHAPES && pair.share('browser-agent') >= MOSTLY)
        ? -1
        : 0,
    evidence: () => ({
      name: 'visited by a browser',
      value: 'yes',
      meaning: 'Somebody reads pages there, which speaks for an ordinary site.',
    }),
  },
  {
    id: 'browser-hello',
    points: ({ pair }) => (pair.share('browser-hello') >= MOSTLY ? -0.5 : 0),
    evidence: () => ({
      name: 'TLS of',
      value: 'a browser',
      meaning: 'A page that is left open asks regularly, too.',
    }),
  },
  {
    id: 'keep-alive',
    points: ({ pair, score }) => (pair.share('keep-alive') >= MOSTLY && !score.isDrawn ? -1 : 0),
    evidence: ({ pair }) => ({
      name: 'a few bytes in an open connection',
      value: formatShare(pair.share('keep-alive'), 1),
      meaning: 'Many programs keep their connection open this way.',
    }),
  },
  {
    id: 'monitor',
    points: ({ likePairs }) => (likePairs >= MONITORED_PAIRS ? -1 : 0),
    evidence: ({ likePairs }) => ({
      name: 'others called the same way',
      value: likePairs,
      unit: 'destinations',
      meaning: 'Who calls many like this watches over them: monitoring, or a load balancer.',
    }),
  },
  {
    id: 'own-device',
    points: ({ isOwnDevice }) => (isOwnDevice ? -1 : 0),
    evidence: ({ pair }) => ({
      name: 'called is',
      value: pair.destination.server,
      meaning: 'It is a device of this network, which programs ask for how it goes.',
    }),
  },
  {
    id: 'visitor',
    points: ({ pair }) => (!pair.isClientInside && pair.isServerInside ? -2 : 0),
    evidence: ({ pair }) => ({
      name: 'caller',
      value: pair.destination.client,
      meaning: 'It calls from outside, so it is not a computer of this network that is controlled.',
    }),
  },
];
