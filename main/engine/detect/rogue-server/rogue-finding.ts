import { type Evidence, type Finding, MAX_LISTED_HOSTS, type Severity } from '../../../../contract/domain.ts';

/** What a rogue server or router is told by; the rest of the finding is the same for all. */
export interface RogueStory {
  readonly cause: string;
  readonly attacker: string;
  readonly victims: readonly string[];
  readonly firstUs: number;
  readonly lastUs: number;
  readonly severity: Severity;
  readonly confidence: number;
  readonly techniques: readonly string[];
  readonly title: string;
  readonly explanation: readonly string[];
  readonly evidence: readonly Evidence[];
}

export function rogueFinding(story: RogueStory): Finding {
  return {
    detector: 'rogue-server',
    kind: 'man-in-the-middle',
    cause: `rogue-server/${story.cause}`,
    firstSeenMs: story.firstUs / 1000,
    lastSeenMs: story.lastUs / 1000,
    severity: story.severity,
    confidence: story.confidence,
    techniques: story.techniques,
    attackers: [story.attacker],
    victims: story.victims.slice(0, MAX_LISTED_HOSTS),
    attackerCount: 1,
    victimCount: story.victims.length,
    title: story.title,
    explanation: story.explanation.join(' '),
    evidence: story.evidence,
  };
}

/** Reports again only what says something else than each time before: compared with two others in turn it may alternate. */
export class Retelling {
  /** By severity, signs and the magnitude of the victims: no more than a hundred. */
  readonly #told = new Set<string>();

  isNew(story: RogueStory): boolean {
    const size = Math.floor(Math.log2(story.victims.length + 1));
    const text = `${story.severity} ${story.evidence.length} ${size}`;
    if (this.#told.has(text)) return false;
    this.#told.add(text);
    return true;
  }
}
