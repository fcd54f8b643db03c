import { BoundedMap } from './bounded-map.ts';

/** Senders and services of which names are kept, the names of each, and how much of a name tells it apart. */
const MAX_ENTRIES = 256;
const MAX_NAMES = 256;
const MAX_SERVERS = 64;
const MAX_SECRETS = 512;
const NAME_CHARACTERS = 64;
/** Logins that worked before anything failed: who they belong to got in by right. */
const MAX_KNOWN_LOGINS = 2_048;

/** What one sender tried at one service, by the names that it gave, over hours. */
export interface TriedNames {
  firstUs: number;
  lastUs: number;
  failures: number;
  /** Failures by which the server said that there is no such name. */
  unknownNames: number;
  /** Tries of each name that failed, as far as they are kept. */
  readonly names: Map<string, number>;
  /** Names that worked. */
  readonly accepted: Set<string>;
  /** Tries at each server. */
  readonly servers: Map<string, number>;
  /** Names when it was last told of, and when; 0 before. */
  reportedNames: number;
  reportedUs: number;
  /** Passwords, by a number that stands for each; empty where they cannot be read. */
  readonly secrets: Set<number>;
}

/** A login of which more is known than its outcome. */
export interface NamedLogin {
  readonly client: string;
  readonly server: string;
  /** Index into LOGIN_SERVICES. */
  readonly service: number;
  /** As on the wire; empty where it cannot be read. */
  readonly user: string;
}

/** The names under which logins fail and work. Holds 256 senders of 256 names, and 2,048 logins that work. */
export class LoginNames {
  readonly #entries = new BoundedMap<string, TriedNames>(MAX_ENTRIES);
  readonly #known = new BoundedMap<string, number>(MAX_KNOWN_LOGINS);
  readonly #forgetUs: number;

  /** @param forgetHours after so long without another failure a sender begins anew */
  constructor(forgetHours: number) {
    this.#forgetUs = forgetHours * 3_600e6;
  }

  fail(login: NamedLogin, timeUs: number, secret: number, isUnknownName: boolean): TriedNames {
    const key = entryKey(login.client, login.service);
    let entry = this.#entries.get(key);
    if (entry === undefined || timeUs - entry.lastUs > this.#forgetUs) {
      entry = newEntry(timeUs);
      this.#entries.set(key, entry);
    }
    entry.lastUs = Math.max(entry.lastUs, timeUs);
    entry.failures++;
    if (isUnknownName) entry.unknownNames++;
    if (login.user !== '') countIn(entry.names, nameKey(login.user), MAX_NAMES);
    countIn(entry.servers, login.server, MAX_SERVERS);
    if (secret !== 0 && entry.secrets.size < MAX_SECRETS) entry.secrets.add(secret);
    return entry;
  }

  /** A login worked: since when it is known to work, where it did before. */
  succeed(login: NamedLogin, timeUs: number): number | undefined {
    if (login.user === '') return undefined;
    const name = nameKey(login.user);
    const entry = this.#entries.peek(entryKey(login.client, login.service));
    if (entry !== undefined && entry.accepted.size < MAX_NAMES) entry.accepted.add(name);
    const key = `${entryKey(login.client, login.service)} ${login.server} ${name}`;
    const known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, timeUs);
    return known;
  }

  /** A sender that mostly gives names which do not exist, and this one was not among those it tried. */
  isStranger(login: NamedLogin): boolean {
    const entry = this.find(login.client, login.service);
    if (entry === undefined || entry.unknownNames * 2 < entry.failures) return false;
    return !entry.names.has(nameKey(login.user));
  }

  find(client: string, service: number): TriedNames | undefined {
    return this.#entries.peek(entryKey(client, service));
  }

  clear(): void {
    this.#entries.clear();
    this.#known.clear();
  }
}

/** Names that failed and never worked: of a computer that many people use, most of those that err get in afterwards. */
export function strangeNames(entry: TriedNames): number {
  let count = 0;
  for (const name of entry.names.keys()) if (!entry.accepted.has(name)) count++;
  return count;
}

function newEntry(timeUs: number): TriedNames {
  return {
    firstUs: timeUs,
    lastUs: timeUs,
    failures: 0,
    unknownNames: 0,
    reportedNames: 0,
    reportedUs: 0,
    names: new Map(),
    accepted: new Set(),
    servers: new Map(),
    secrets: new Set(),
  };
}

function countIn(map: Map<string, number>, key: string, limit: number): void {
  const count = map.get(key);
  if (count !== undefined || map.size < limit) map.set(key, (count ?? 0) + 1);
}

function entryKey(client: string, service: number): string {
  return `${service} ${client}`;
}

/** Names of accounts are the same in upper and lower case in most systems. */
function nameKey(user: string): string {
  return user.slice(0, NAME_CHARACTERS).toLowerCase();
}
