import type { Evidence, Finding } from '../../../../contract/domain.ts';
import type { DnsFact, Fact } from '../../../../contract/facts.ts';
import type { FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import { parseAddress } from '../../runtime/address.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { initiatorText, responderText } from '../ends.ts';
import { countOf, formatDuration, formatShare, listOf, ratePerSecond } from '../finding-text.ts';
import { guessedName } from './guessed-name.ts';
import { Guesser } from './guesser.ts';
import { generatedDomainsSettings } from './settings.ts';

const MAX_CLIENTS = 1_024;
/** Of the domains that do not exist, so many look drawn by lot; of all asked for, so many do not exist. */
const RANDOM_SHARE = 0.5;
const MISSING_SHARE = 0.8;
/** A resolver asks for all of its clients. */
const RESOLVER_FACTOR = 10;
/** So many are no accident whatever the rest is. */
const CERTAIN_NAMES = 50;
const MAX_NAMED_ATTACKERS = 8;
const REPORT_GROWTH = 2;
const REPORT_QUIET_US = 5e6;
const REPORT_EVERY_US = 60e6;
const MAX_SUSPECTS = 128;

/** Programs that find their controller by trying domains that they make up, most of which nobody has registered. */
class GeneratedDomainsWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof generatedDomainsSettings>;
  private readonly windowUs: number;
  private readonly clients = new BoundedMap<string, Guesser>(MAX_CLIENTS);
  private readonly suspects = new Set<Guesser>();
  private lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof generatedDomainsSettings>) {
    this.context = context;
    this.windowUs = context.settings.windowMinutes * 60e6;
  }

  fact(flow: FlowView, fact: Fact): void {
    if (fact.type !== 'dns' || fact.protocol !== 'dns' || !fact.isResponse) return;
    const question = fact.questions[0];
    if (question === undefined || (question.type !== 'A' && question.type !== 'AAAA')) return;
    const address = addressOf(fact);
    const isMissing = fact.responseCode === 'NXDOMAIN' || address === NOWHERE;
    if (!isMissing && address === '') return;
    const guess = guessedName(question.name);
    if (guess === undefined) return;
    const client = fact.fromInitiator ? responderText(flow) : initiatorText(flow);
    // Most clients never ask for such a domain; no place is made for them.
    const guesser =
      isMissing || guess.isRandom
        ? this.clients.getOrInsert(client, () => new Guesser(client, fact.timeUs))
        : this.clients.get(client);
    if (guesser === undefined) return;
    if (!isMissing && !guesser.find(guess, address)) return;
    if (guesser.miss(guess, fact.timeUs, this.windowUs)) this.judge(flow, fact, guesser);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isLast = second === this.lastTickSecond;
    this.lastTickSecond = second;
    for (const guesser of this.suspects) {
      if (guesser.missedInAll > guesser.reportedMisses) {
        const isQuiet = nowUs - guesser.lastUs >= REPORT_QUIET_US;
        if (isLast || isQuiet || nowUs - guesser.reportedUs >= REPORT_EVERY_US) this.report(guesser, nowUs);
      } else if (nowUs - guesser.lastUs > this.windowUs) {
        this.suspects.delete(guesser);
        this.clients.delete(guesser.client);
      }
    }
  }

  clockReset(nowUs: number): void {
    for (const guesser of this.suspects) {
      if (guesser.missedInAll > guesser.reportedMisses) this.report(guesser, nowUs);
    }
    this.suspects.clear();
    this.clients.clear();
    this.lastTickSecond = Number.NaN;
  }

  private judge(flow: FlowView, fact: DnsFact, guesser: Guesser): void {
    // Told before, also when it had to make room among the suspects.
    if (guesser.reportedMisses > 0) {
      if (guesser.missedInAll >= guesser.reportedMisses * REPORT_GROWTH) this.report(guesser, fact.timeUs);
      return;
    }
    const { generatedNames, missingNames } = this.context.settings;
    if (guesser.randomMissing < generatedNames && guesser.missing < missingNames) return;
    const factor = this.isResolver(flow, fact) ? RESOLVER_FACTOR : 1;
    const looksRandom =
      guesser.randomMissing >= generatedNames * factor && guesser.randomMissing >= guesser.missing * RANDOM_SHARE;
    const asked = guesser.missing + guesser.foundInAll;
    const isEndless = guesser.missing >= missingNames * factor && guesser.missing >= asked * MISSING_SHARE;
    if (!looksRandom && !isEndless) return;
    if (this.suspects.size >= MAX_SUSPECTS) {
      const oldest = this.suspects.keys().next();
      if (!oldest.done) this.suspects.delete(oldest.value);
    }
    this.suspects.add(guesser);
    this.report(guesser, fact.timeUs);
  }

  private isResolver(flow: FlowView, fact: DnsFact): boolean {
    const { landscape } = this.context;
    return fact.fromInitiator
      ? landscape.isDnsServer(flow.responder0, flow.responder1, flow.responder2, flow.responder3)
      : landscape.isDnsServer(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
  }

  private report(guesser: Guesser, nowUs: number): void {
    guesser.reportedMisses = guesser.missedInAll;
    guesser.reportedUs = nowUs;
    const points = guesser.meetingPoints().filter(([, address]) => {
      const words = parseAddress(address);
      return words !== null && this.context.landscape.mayBeAttacker(...words);
    });
    this.context.report(describe(guesser, points));
  }
}

/** What servers answer that hide a name: it leads nowhere. */
const NOWHERE = 'nowhere';

/** The first address of an answer, NOWHERE for one that is none, empty where there is none. */
function addressOf(fact: DnsFact): string {
  if (fact.responseCode !== 'NOERROR') return '';
  const answer = fact.answers.find(({ type }) => type === 'A' || type === 'AAAA');
  if (answer === undefined) return '';
  const { data } = answer;
  return data === '0.0.0.0' || data === '::' || data === '::1' || data.startsWith('127.') ? NOWHERE : data;
}

function describe(guesser: Guesser, points: readonly (readonly [string, string])[]): Finding {
  const { client, missedInAll, randomInAll } = guesser;
  const isRandom = randomInAll >= missedInAll * RANDOM_SHARE;
  const attackers = [...new Set(points.map(([, address]) => address))].slice(0, MAX_NAMED_ATTACKERS);
  const seconds = (guesser.lastUs - guesser.firstUs) / 1e6;
  const isSure = isRandom && (randomInAll >= CERTAIN_NAMES || attackers.length > 0);
  const met = points.length > 0 ? `One that exists was among them: ${listOf(points.map(([domain]) => domain))}.` : '';
  return {
    detector: 'generated-domains',
    kind: 'command-and-control',
    cause: `generated-domains/${client}`,
    firstSeenMs: Math.round(guesser.firstUs / 1000),
    lastSeenMs: Math.round(guesser.lastUs / 1000),
    severity: isSure ? 'high' : 'medium',
    confidence: isSure ? 0.9 : isRandom ? 0.8 : 0.6,
    techniques: ['T1568.002'],
    attackers,
    victims: [client],
    attackerCount: attackers.length,
    victimCount: 1,
    title: `${client} tried ${countOf(missedInAll, 'made-up domain')}, as malware does that looks for its controller`,
    explanation: [
      `${client} asked for ${countOf(missedInAll, 'domain')} that do not exist within ${formatDuration(seconds)}; a computer meets a handful in a day.`,
      isRandom
        ? `${formatShare(randomInAll, missedInAll)} of them look as if their letters were drawn by lot.`
        : 'Next to none of the domains that it asked for exists.',
      'Malware makes up such names, the same as its author does, until it meets the one that the author has registered.',
      met,
    ]
      .filter((sentence) => sentence !== '')
      .join(' '),
    evidence: evidenceOf(guesser, seconds),
  };
}

function evidenceOf(guesser: Guesser, seconds: number): Evidence[] {
  return [
    {
      name: 'domains that do not exist',
      value: guesser.missedInAll,
      unit: 'domains',
      usual: 'under 5',
      usualRange: { low: 0, high: 5 },
      meaning: 'Different domains, not hosts below one.',
    },
    {
      name: 'made of random letters',
      value: guesser.randomInAll,
      unit: 'domains',
      usual: '0–1',
      usualRange: { low: 0, high: 1 },
      meaning: 'Pairs of letters that are rare in words of many languages, or digits amid letters.',
    },
    {
      name: 'top-level domains',
      value: listOf([...guesser.topLevels], 6),
      meaning: 'Programs try the same names under several.',
    },
    {
      name: 'pace',
      value: ratePerSecond(guesser.missedInAll, seconds),
      unit: 'per second',
      meaning: 'New names that do not exist.',
    },
    ...(guesser.examples.length === 0
      ? []
      : [{ name: 'examples', value: guesser.examples.join(', '), meaning: 'The first ones that were tried.' }]),
  ];
}

export const generatedDomainsDetector = defineDetector({
  id: 'generated-domains',
  kind: 'command-and-control',
  summary: 'A program tries one made-up domain after another until one exists: malware that looks for its controller.',
  techniques: ['T1568.002'],
  settings: generatedDomainsSettings,
  interest: { facts: ['dns:dns'] },
  memoryBound: '1,024 clients with 512 domains that do not exist and 512 that do, of 100 B each',
  create: (context) => new GeneratedDomainsWatcher(context),
});
