import type { GuessedName } from './guessed-name.ts';

interface Miss {
  readonly isRandom: boolean;
  readonly topLevel: string;
  readonly labelLetters: number;
  timeUs: number;
}

/** Domains of one client that are held at once. */
const MAX_MISSES = 512;
const MAX_FOUND = 64;
/** Addresses that guesses led to, to tell a server that answers everything from a real one. */
const MAX_ADDRESSES = 32;
/** So many different guesses with one address: whoever answers does so for every name. */
const CATCH_ALL_NAMES = 3;

/** What is known of the domains that one client asked for: those that do not exist, and those that do. */
export class Guesser {
  readonly client: string;
  firstUs: number;
  lastUs: number;
  /** Different domains that do not exist, and of them the ones that look drawn by lot, within the window. */
  missing = 0;
  randomMissing = 0;
  /** The same since the beginning. */
  missedInAll = 0;
  randomInAll = 0;
  foundInAll = 0;
  readonly examples: string[] = [];
  readonly topLevels = new Set<string>();
  reportedMisses = 0;
  reportedUs = 0;

  readonly #misses = new Map<string, Miss>();
  /** Random-looking domains that exist: what the program was looking for. Domain → address. */
  readonly #found = new Map<string, string>();
  readonly #others = new Set<string>();
  readonly #namesOfAddress = new Map<string, Set<string>>();
  #shortest = Number.POSITIVE_INFINITY;
  #longest = 0;

  constructor(client: string, nowUs: number) {
    this.client = client;
    this.firstUs = nowUs;
    this.lastUs = nowUs;
  }

  /** A domain that does not exist. True when it is a new one. */
  miss(guess: GuessedName, nowUs: number, windowUs: number): boolean {
    this.#expire(nowUs - windowUs);
    const known = this.#misses.get(guess.domain);
    if (known !== undefined) return false;
    if (this.#misses.size >= MAX_MISSES) this.#forgetOldest();
    if (this.missing === 0) this.firstUs = nowUs;
    this.lastUs = nowUs;
    this.#misses.set(guess.domain, {
      isRandom: guess.isRandom,
      topLevel: guess.topLevel,
      labelLetters: guess.label.length,
      timeUs: nowUs,
    });
    this.missing++;
    this.missedInAll++;
    if (this.topLevels.size < MAX_FOUND) this.topLevels.add(guess.topLevel);
    if (!guess.isRandom) return true;
    this.randomMissing++;
    this.randomInAll++;
    this.#shortest = Math.min(this.#shortest, guess.label.length);
    this.#longest = Math.max(this.#longest, guess.label.length);
    if (this.examples.length < 3) this.examples.push(guess.domain);
    return true;
  }

  /** A domain that exists. True when its address stands for every name, so that it may as well not exist. */
  find(guess: GuessedName, address: string): boolean {
    if (guess.isRandom) {
      const names = this.#namesOf(address);
      if (names.size < MAX_FOUND) names.add(guess.domain);
      if (names.size > CATCH_ALL_NAMES) {
        for (const domain of names) this.#found.delete(domain);
        return true;
      }
      if (this.#found.size < MAX_FOUND) this.#found.set(guess.domain, address);
    }
    if (this.#others.size < MAX_MISSES && !this.#others.has(guess.domain)) {
      this.#others.add(guess.domain);
      this.foundInAll++;
    }
    return false;
  }

  /** Domains that look like the ones that do not exist, but do, with their addresses. */
  meetingPoints(): readonly (readonly [domain: string, address: string])[] {
    const points: (readonly [string, string])[] = [];
    for (const [domain, address] of this.#found) {
      const letters = domain.indexOf('.');
      const isAlike = letters >= this.#shortest - 1 && letters <= this.#longest + 1;
      if (isAlike && this.topLevels.has(domain.slice(domain.lastIndexOf('.') + 1))) points.push([domain, address]);
    }
    return points;
  }

  #namesOf(address: string): Set<string> {
    const known = this.#namesOfAddress.get(address);
    if (known !== undefined) return known;
    const names = new Set<string>();
    if (this.#namesOfAddress.size >= MAX_ADDRESSES) {
      const oldest = this.#namesOfAddress.keys().next();
      if (!oldest.done) this.#namesOfAddress.delete(oldest.value);
    }
    this.#namesOfAddress.set(address, names);
    return names;
  }

  #expire(beforeUs: number): void {
    for (const [domain, miss] of this.#misses) {
      if (miss.timeUs >= beforeUs) return;
      this.#drop(domain, miss);
    }
  }

  #forgetOldest(): void {
    for (const [domain, miss] of this.#misses) {
      this.#drop(domain, miss);
      return;
    }
  }

  #drop(domain: string, miss: Miss): void {
    this.#misses.delete(domain);
    this.missing--;
    if (miss.isRandom) this.randomMissing--;
  }
}
