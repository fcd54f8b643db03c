import { type Finding, SEVERITIES } from '../../../../contract/domain.ts';

/** Whom a finding names, and when. */
export interface Suspicion {
  readonly attackers: ReadonlySet<string>;
  readonly victims: ReadonlySet<string>;
  /** Milliseconds since the epoch, with some slack. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Ends of a conversation, and when it took place. */
export interface Conversation {
  readonly initiator: string;
  readonly responder: string;
  readonly firstMs: number;
  readonly lastMs: number;
}

type ByHost = Map<string, Set<Suspicion>>;

const MINUTE_MS = 60_000;
/** What led to a finding began before it, and what comes of it ends after it. */
const SLACK_MS = 5 * MINUTE_MS;
/** Where only one side is named, all of its conversations would be kept out: then only those of so long. */
const ONE_SIDED_MS = 10 * MINUTE_MS;
/** Causes that are remembered; the oldest goes. */
const MAX_CAUSES = 1_000;
const LEAST_SEVERITY = SEVERITIES.indexOf('low');

/** Whether a conversation is one that a finding is about, as far as can be told. */
export function isNamed(suspicion: Suspicion, { initiator, responder, firstMs, lastMs }: Conversation): boolean {
  const { attackers, victims, fromMs, untilMs } = suspicion;
  if (lastMs < fromMs || firstMs > untilMs) return false;
  if (attackers.size === 0) return victims.has(initiator) || victims.has(responder);
  if (victims.size === 0) return attackers.has(initiator) || attackers.has(responder);
  return (attackers.has(initiator) && victims.has(responder)) || (attackers.has(responder) && victims.has(initiator));
}

/**
 * Keeps out of the sample what rules and indicators speak of, so that an attack does not become what is usual (Barreno
 * et al., "The security of machine learning", Machine Learning 2010: causative attacks).
 */
export class PoisonGuard {
  readonly #byCause = new Map<string, Suspicion>();
  /**
   * By the addresses that are named, so that one look tells that nobody suspects somebody: findings that name attackers
   * and victims, and those that name only the ones or the others.
   */
  readonly #twoSided: ByHost = new Map();
  readonly #oneSided: ByHost = new Map();
  #news: Suspicion[] = [];

  /** Takes in what a detector found; notices of the mildest kind keep nothing out. */
  hear(finding: Finding): void {
    if (SEVERITIES.indexOf(finding.severity) < LEAST_SEVERITY) return;
    if (finding.attackers.length === 0 && finding.victims.length === 0) return;
    const { cause, attackers, victims, firstSeenMs, lastSeenMs } = finding;
    const isOneSided = attackers.length === 0 || victims.length === 0;
    const beganMs = isOneSided ? Math.max(firstSeenMs, lastSeenMs - ONE_SIDED_MS) : firstSeenMs;
    const suspicion: Suspicion = {
      attackers: new Set(attackers),
      victims: new Set(victims),
      fromMs: beganMs - SLACK_MS,
      untilMs: lastSeenMs + SLACK_MS,
    };
    this.#forget(cause);
    this.#byCause.set(cause, suspicion);
    const index = this.#indexOf(suspicion);
    for (const host of hostsOf(suspicion)) {
      const known = index.get(host);
      if (known === undefined) index.set(host, new Set([suspicion]));
      else known.add(suspicion);
    }
    const [oldest] = this.#byCause.keys();
    if (this.#byCause.size > MAX_CAUSES && oldest !== undefined) this.#forget(oldest);
    this.#news.push(suspicion);
    // A storm of findings: what the later ones of the same causes say holds for the earlier ones too.
    if (this.#news.length > 2 * MAX_CAUSES) this.#news = [...this.#byCause.values()];
  }

  /** Whether a conversation is one that somebody spoke of. */
  isNamed(conversation: Conversation): boolean {
    if (this.#byCause.size === 0) return false;
    const { initiator, responder } = conversation;
    const first = this.#twoSided.get(initiator);
    const second = this.#twoSided.get(responder);
    // Both ends must be named by one finding: this computer is by many, its peer by few.
    if (first !== undefined && second !== undefined) {
      if (isNamedBySome(first.size < second.size ? first : second, conversation)) return true;
    }
    const [called, calling] = [this.#oneSided.get(responder), this.#oneSided.get(initiator)];
    return isNamedBySome(called, conversation) || isNamedBySome(calling, conversation);
  }

  /** What was said since the last call: for what is in the sample already. */
  takeNews(): readonly Suspicion[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  #indexOf({ attackers, victims }: Suspicion): ByHost {
    return attackers.size > 0 && victims.size > 0 ? this.#twoSided : this.#oneSided;
  }

  #forget(cause: string): void {
    const suspicion = this.#byCause.get(cause);
    if (suspicion === undefined) return;
    this.#byCause.delete(cause);
    const index = this.#indexOf(suspicion);
    for (const host of hostsOf(suspicion)) {
      const known = index.get(host);
      known?.delete(suspicion);
      if (known?.size === 0) index.delete(host);
    }
  }
}

function hostsOf({ attackers, victims }: Suspicion): readonly string[] {
  return [...attackers, ...victims];
}

function isNamedBySome(suspicions: ReadonlySet<Suspicion> | undefined, conversation: Conversation): boolean {
  if (suspicions === undefined) return false;
  for (const suspicion of suspicions) if (isNamed(suspicion, conversation)) return true;
  return false;
}
