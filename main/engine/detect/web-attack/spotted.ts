import { ownText } from '../own-text.ts';
import type { AttackId } from './attack-kinds.ts';
import type { JndiLookup } from './jndi.ts';
import { certaintyRank, type Sighting } from './sighting.ts';

/** A sign of an attack, and where in the request it is. */
export interface Spotted extends Sighting {
  /** "parameter id", "header user-agent", "path", "body". */
  readonly place: string;
  /** The value as it came, bounded. */
  readonly value: string;
  /** Of scripts, decoded and in lower case: what a page would print if it sent it back. Empty for others. */
  readonly plain: string;
  readonly lookup?: JndiLookup;
}

/** Longest value that is shown. */
const SHOWN_VALUE = 160;
const NOTHING: readonly Spotted[] = [];

/** The surest sign of each kind. */
export class SpottedList {
  #byAttack: Map<AttackId, Spotted> | undefined;

  get list(): readonly Spotted[] {
    return this.#byAttack === undefined ? NOTHING : [...this.#byAttack.values()];
  }

  add(found: Sighting | undefined, place: string, value: string, plain: string, lookup?: JndiLookup): void {
    if (found === undefined) return;
    this.#byAttack ??= new Map();
    const known = this.#byAttack.get(found.attack);
    if (known !== undefined && certaintyRank(known.certainty) >= certaintyRank(found.certainty)) return;
    const shown = value.length > SHOWN_VALUE ? `${value.slice(0, SHOWN_VALUE)}…` : value;
    // The request is long over when these are told.
    this.#byAttack.set(found.attack, {
      ...found,
      place: ownText(place),
      value: ownText(shown),
      plain: found.attack === 'cross-site-scripting' ? ownText(plain) : '',
      ...(lookup === undefined ? {} : { lookup }),
    });
  }
}
