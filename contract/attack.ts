/**
 * What the ATT&CK catalogue (assets/attack/techniques.json) says about a technique and a tactic.
 * Types only. Ids and names are MITRE's, the meanings are our own words.
 */

/** What an attacker wants at one stage, in the order of an attack. */
export interface Tactic {
  /** ATT&CK's short name: "credential-access". */
  readonly id: string;
  readonly name: string;
  /** One plain sentence. */
  readonly meaning: string;
}

/** One way of reaching a tactic's goal. */
export interface Technique {
  /** "T1110", or "T1110.001" for a part of it. */
  readonly id: string;
  readonly name: string;
  /** Ids of the tactics that it serves, in the order of an attack. */
  readonly tactics: readonly string[];
  /** One plain sentence. */
  readonly meaning: string;
}

/** Names, tactics and meanings of ATT&CK techniques, as far as Holdfast speaks of them. */
export interface AttackCatalogue {
  /** The version of ATT&CK Enterprise that names and tactics were taken from: "18.1". */
  readonly attackVersion: string;
  /** In the order of an attack. */
  readonly tactics: readonly Tactic[];
  readonly techniques: ReadonlyMap<string, Technique>;
}
