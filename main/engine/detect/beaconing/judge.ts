import { SEVERITIES, type Severity } from '../../../../contract/domain.ts';
import { parseAddress } from '../../runtime/address.ts';
import type { DetectorContext } from '../detector.ts';
import type { CallBook } from './book.ts';
import type { Destination } from './call.ts';
import type { CallPair } from './pair.ts';
import type { BeaconScore } from './score.ts';
import type { beaconingSettings } from './settings.ts';
import { describeBeacon } from './story.ts';
import { type Suspicion, standingOf, suspicionOf } from './suspicion.ts';

/** A beacon that goes on is told again after so many times as many calls. */
const REPORT_GROWTH = 2;

/** How a pair was judged, for whoever compares many. */
export interface RatedPair {
  readonly destination: Destination;
  readonly calls: number;
  readonly score: BeaconScore;
  readonly suspicion: Suspicion;
  /** Rhythm and suspicion in one, 0 to 1. */
  readonly standing: number;
  /** Undefined for what is not worth telling. */
  readonly severity: Severity | undefined;
}

/** Says of a pair what it is, and reports it when that is news. */
export class BeaconJudge {
  readonly #context: DetectorContext<typeof beaconingSettings>;
  readonly #book: CallBook;

  constructor(context: DetectorContext<typeof beaconingSettings>, book: CallBook) {
    this.#context = context;
    this.#book = book;
  }

  rate(pair: CallPair): RatedPair {
    const score = pair.isMeasuredWhole && pair.score !== undefined ? pair.score : pair.measure();
    const suspicion = this.#suspicion(pair, score);
    return {
      destination: pair.destination,
      calls: pair.calls,
      score,
      suspicion,
      standing: standingOf(score.score, suspicion.points),
      severity: this.#severity(score, suspicion),
    };
  }

  /** @param isLast nothing more will come, so that what was not said yet is said now */
  hear(pair: CallPair, isLast: boolean): void {
    const score = pair.measure();
    if (!this.#isRhythm(score)) return;
    const suspicion = this.#suspicion(pair, score);
    const severity = this.#severity(score, suspicion);
    if (severity === undefined) return;
    const { reported } = pair;
    const rank = SEVERITIES.indexOf(severity);
    const isNews = rank > reported.severityRank || pair.calls >= reported.calls * REPORT_GROWTH;
    if (!isNews && !isLast) return;
    reported.calls = pair.calls;
    reported.severityRank = rank;
    this.#context.report(describeBeacon({ pair, score, suspicion, severity, attackers: this.#attackers(pair) }));
  }

  #isRhythm({ calls, spanSeconds, score }: BeaconScore): boolean {
    const { leastCalls, leastSeconds, leastScore } = this.#context.settings;
    return calls >= leastCalls && spanSeconds >= leastSeconds && score >= leastScore;
  }

  #suspicion(pair: CallPair, score: BeaconScore): Suspicion {
    return suspicionOf({
      pair,
      score,
      crowd: this.#book.crowd(pair.destination.name),
      crowdHosts: this.#context.settings.crowdHosts,
      likePairs: this.#likePairs(pair),
      isOwnDevice: this.#isOwnDevice(pair.destination),
    });
  }

  #severity(score: BeaconScore, { points, isStrong }: Suspicion): Severity | undefined {
    const { lowSuspicion, mediumSuspicion } = this.#context.settings;
    if (!this.#isRhythm(score) || points < lowSuspicion) return undefined;
    return isStrong && points >= mediumSuspicion ? 'medium' : 'low';
  }

  /** Other destinations of the host at the same port, called as regularly. */
  #likePairs(pair: CallPair): number {
    const { client, port, channel } = pair.destination;
    const { leastScore } = this.#context.settings;
    let like = 0;
    for (const other of this.#book.pairsOf(client)) {
      if (other === pair || other.destination.port !== port || other.destination.channel !== channel) continue;
      if ((other.score?.score ?? 0) >= leastScore) like++;
    }
    return like;
  }

  /** Resolvers and proxies only pass on: it is not they who are called. */
  #isOwnDevice({ server, channel, isProxied }: Destination): boolean {
    const words = parseAddress(server);
    if (words === null || channel === 'dns' || isProxied) return false;
    const { landscape } = this.#context;
    return landscape.isGateway(...words) || !landscape.mayBeAttacker(...words);
  }

  #attackers(pair: CallPair): readonly string[] {
    if (pair.destination.isProxied) return [];
    const { landscape } = this.#context;
    return pair.servers
      .top()
      .map(([address]) => address)
      .filter((address) => {
        const words = parseAddress(address);
        return words !== null && landscape.mayBeAttacker(...words);
      });
  }
}
