import { BoundedMap } from '../bounded-map.ts';
import { countOf, listOf } from '../finding-text.ts';
import { Retelling, type RogueStory } from './rogue-finding.ts';

const MAX_TARGETS = 64;
const MAX_DESTINATIONS = 256;
const MAX_VICTIMS = 64;

interface Diversion {
  readonly to: string;
  readonly firstUs: number;
  lastUs: number;
  readonly senders: Set<string>;
  readonly victims: Set<string>;
  readonly destinations: Set<string>;
  readonly told: Retelling;
}

/** Messages that tell hosts to send packets by way of another neighbour (RFC 792, RFC 4861 4.5). */
export class Redirects {
  readonly #diversions = new BoundedMap<string, Diversion>(MAX_TARGETS);
  readonly #least: number;

  /** @param least different destinations from which it is more than a shorter way */
  constructor(least: number) {
    this.#least = least;
  }

  note(sender: string, victim: string, to: string, destination: string, nowUs: number): RogueStory | undefined {
    const diversion = this.#diversions.getOrInsert(to, () => ({
      to,
      firstUs: nowUs,
      lastUs: nowUs,
      senders: new Set(),
      victims: new Set(),
      destinations: new Set(),
      told: new Retelling(),
    }));
    diversion.lastUs = nowUs;
    if (diversion.senders.size < MAX_VICTIMS) diversion.senders.add(sender);
    if (diversion.victims.size < MAX_VICTIMS) diversion.victims.add(victim);
    if (diversion.destinations.size < MAX_DESTINATIONS) diversion.destinations.add(destination);
    const story = this.#story(diversion);
    return diversion.told.isNew(story) ? story : undefined;
  }

  clear(): void {
    this.#diversions.clear();
  }

  #story(diversion: Diversion): RogueStory {
    const { to, senders, victims, destinations } = diversion;
    const isMuch = destinations.size >= this.#least;
    return {
      cause: `redirect/${to}`,
      attacker: to,
      victims: [...victims],
      firstUs: diversion.firstUs,
      lastUs: diversion.lastUs,
      severity: isMuch ? 'medium' : 'low',
      confidence: isMuch ? 0.65 : 0.3,
      techniques: ['T1557'],
      title: `${listOf([...victims])} was told to send traffic by way of ${to} (ICMP redirect)`,
      explanation: [
        `${countOf(destinations.size, 'outside destination')} of ${listOf([...victims])} shall be reached by way of ${to}, which is not known as a router.`,
        `The messages name ${listOf([...senders])} as their sender, which anybody can write.`,
        'Routers send a few of these when another one is nearer; whoever forges them gets to see the traffic.',
      ],
      evidence: [
        {
          name: 'destinations by way of it',
          value: destinations.size,
          unit: 'destinations',
          usual: '0',
          usualRange: { low: 0, high: 0 },
          meaning: 'Outside destinations are reached by way of the router.',
        },
      ],
    };
  }
}
