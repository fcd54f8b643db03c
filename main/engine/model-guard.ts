import { type Finding, SEVERITIES } from '../../contract/domain.ts';

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

interface ByHost {
  /** Findings that name attackers and victims, and those that name only the ones or the others. */
  readonly twoSided: Map<string, Suspicion[]>;
  readonly oneSided: Map<string, Suspicion[]>;
}

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
  /** By the addresses that are named, so that one look tells that nobody suspects somebody. */
  #byHost: ByHost | undefined;
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
    this.#byCause.delete(cause);
    this.#byCause.set(cause, suspicion);
    const [oldest] = this.#byCause.keys();
    if (this.#byCause.size > MAX_CAUSES && oldest !== undefined) this.#byCause.delete(oldest);
    this.#byHost = undefined;
    this.#news.push(suspicion);
    // A storm of findings: what the later ones of the same causes say holds for the earlier ones too.
    if (this.#news.length > 2 * MAX_CAUSES) this.#news = [...this.#byCause.values()];
  }

  /** Whether a conversation is one that somebody spoke of. */
  isNamed(conversation: Conversation): boolean {
    if (this.#byCause.size === 0) return false;
    this.#byHost ??= this.#index();
    const { twoSided, oneSided } = this.#byHost;
    const { initiator, responder } = conversation;
    const isMeant = (suspicion: Suspicion): boolean => isNamed(suspicion, conversation);
    const first = twoSided.get(initiator);
    const second = twoSided.get(responder);
    // Both ends must be named by one finding: this computer is by many, its peer by few.
    if (first !== undefined && second !== undefined) {
      if ((first.length < second.length ? first : second).some(isMeant)) return true;
    }
    return (oneSided.get(initiator)?.some(isMeant) || oneSided.get(responder)?.some(isMeant)) ?? false;
  }

  /** What was said since the last call: for what is in the sample already. */
  takeNews(): readonly Suspicion[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  #index(): ByHost {
    const index: ByHost = { twoSided: new Map(), oneSided: new Map() };
    for (const suspicion of this.#byCause.values()) {
      const { attackers, victims } = suspicion;
      const byHost = attackers.size > 0 && victims.size > 0 ? index.twoSided : index.oneSided;
      for (const host of [...attackers, ...victims]) {
        const known = byHost.get(host);
        if (known === undefined) byHost.set(host, [suspicion]);
        else known.push(suspicion);
      }
    }
    return index;
  }
}
