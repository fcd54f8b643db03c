import type { bruteForceSettings } from './brute-force-settings.ts';
import { type Breach, describeBruteForce } from './brute-force-story.ts';
import type { DetectorContext } from './detector.ts';
import type { LoginBook } from './login-book.ts';
import type { LoginNames } from './login-names.ts';
import { loginProtocolOf } from './login-protocols.ts';

const REPORT_GROWTH = 2;
const REPORT_QUIET_US = 5_000_000;
const REPORT_EVERY_US = 60_000_000;
const MAX_SUSPECTS = 256;
/** A login that works so long after the last failure is somebody's work on another day. */
const BREACH_WITHIN_US = 3_600e6;

interface Suspect {
  readonly campaignId: number;
  reportedTries: number;
  reportedBreaches: number;
  reportedUs: number;
  breach: Breach | undefined;
}

/** The campaigns that are told of: when they are told, and told again as they grow. Holds 256. */
export class BruteForceSuspects {
  readonly #context: DetectorContext<typeof bruteForceSettings>;
  readonly #book: LoginBook;
  readonly #names: LoginNames;
  readonly #suspects = new Map<number, Suspect>();

  constructor(context: DetectorContext<typeof bruteForceSettings>, book: LoginBook, names: LoginNames) {
    this.#context = context;
    this.#book = book;
    this.#names = names;
  }

  get size(): number {
    return this.#suspects.size;
  }

  has(campaign: number): boolean {
    return this.#suspects.get(campaign)?.campaignId === this.#book.ids[campaign];
  }

  /** A campaign went on. `isGuilty` is asked only of those that are not told yet. */
  judge(campaign: number, isGuilty: boolean, nowUs: number): void {
    const book = this.#book;
    let suspect = this.#suspects.get(campaign);
    if (suspect !== undefined && suspect.campaignId === book.ids[campaign]) {
      const grown = book.tries(campaign) >= suspect.reportedTries * REPORT_GROWTH;
      if (grown || this.#hasMoreBreaches(campaign, suspect)) this.#report(campaign, suspect, nowUs);
      return;
    }
    if (!isGuilty || !this.#context.landscape.mayBeAttacker(...book.campaigns.words(campaign))) return;
    if (this.#suspects.size >= MAX_SUSPECTS) {
      const oldest = this.#suspects.keys().next();
      if (!oldest.done) this.#suspects.delete(oldest.value);
    }
    suspect = {
      campaignId: book.ids[campaign]!,
      reportedTries: 0,
      reportedBreaches: 0,
      reportedUs: 0,
      breach: undefined,
    };
    this.#suspects.set(campaign, suspect);
    this.#report(campaign, suspect, nowUs);
  }

  /** The login that the book has noted as a breach of a campaign: told at once, where the campaign is. */
  breached(campaign: number, breach: Breach, nowUs: number): void {
    const suspect = this.#suspects.get(campaign);
    if (suspect === undefined || suspect.campaignId !== this.#book.ids[campaign]) return;
    // The first one that worked is the news; a name says more than none.
    const isNews = suspect.breach === undefined || (suspect.breach.user === '' && breach.user !== '');
    if (isNews) suspect.breach = breach;
    if (isNews || this.#hasMoreBreaches(campaign, suspect)) this.#report(campaign, suspect, nowUs);
  }

  /**
   * The campaign of a sender, at whichever service, that tried a host in vain lately; -1 without one. Its target is
   * then the book's touched one.
   */
  campaignAgainst(client: string, server: string, leastTries: number, nowUs: number): number {
    const book = this.#book;
    for (const [campaign, suspect] of this.#suspects) {
      if (book.ids[campaign] !== suspect.campaignId || nowUs - book.lastUs[campaign]! > BREACH_WITHIN_US) continue;
      if (book.campaigns.addressText(campaign) !== client) continue;
      const target = book.targetOf(campaign, server);
      if (target < 0 || book.targetFailures[target]! + book.targetAlike[target]! < leastTries) continue;
      book.campaignSlot = campaign;
      book.targetSlot = target;
      return campaign;
    }
    return -1;
  }

  tick(nowUs: number, isStopping: boolean): void {
    const book = this.#book;
    for (const [campaign, suspect] of this.#suspects) {
      if (book.ids[campaign] !== suspect.campaignId) {
        this.#suspects.delete(campaign);
        continue;
      }
      if (book.tries(campaign) === suspect.reportedTries) continue;
      const isQuiet = nowUs - book.lastUs[campaign]! >= REPORT_QUIET_US;
      if (isQuiet || isStopping || nowUs - suspect.reportedUs >= REPORT_EVERY_US)
        this.#report(campaign, suspect, nowUs);
    }
  }

  /** The clock jumped back: tells what is untold and forgets. */
  reset(nowUs: number): void {
    this.tick(nowUs, true);
    this.#suspects.clear();
  }

  #hasMoreBreaches(campaign: number, suspect: Suspect): boolean {
    const breaches = this.#book.breaches[campaign]!;
    return breaches > 0 && breaches >= suspect.reportedBreaches * REPORT_GROWTH;
  }

  #report(campaign: number, suspect: Suspect, nowUs: number): void {
    const book = this.#book;
    suspect.reportedTries = book.tries(campaign);
    suspect.reportedBreaches = book.breaches[campaign]!;
    suspect.reportedUs = nowUs;
    const service = book.campaigns.extra(campaign);
    const protocol = loginProtocolOf(service, book.ports[campaign]!);
    if (protocol === undefined) return;
    const names = this.#names.find(book.campaigns.addressText(campaign), service);
    this.#context.report(describeBruteForce(book, campaign, protocol, names, suspect.breach));
  }
}
