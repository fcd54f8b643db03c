/** Links that let a browser in once, and the sessions that follow. Held in memory: a restart ends them all. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Role } from '../../../contract/api-roles.ts';
import type { Clock } from '../runtime/clock.ts';

/** A browser that came by a link. */
export interface ConsoleSession {
  /** For the rate limit and the log: says nothing about the secret. */
  readonly id: string;
  readonly role: Role;
  /** Called when the session ends while something of it is open. */
  readonly onEnd: Set<() => void>;
}

export interface SessionBookOptions {
  readonly clock: Clock;
  readonly idleMs: number;
  readonly maxSessions: number;
  readonly randomBytes?: (length: number) => Buffer;
}

/** As long as a link takes to be noticed, copied and opened. */
export const LINK_MINUTES = 10;
const LINK_MS = LINK_MINUTES * 60_000;
/** Links that were printed and not yet used; more are only printed by mistake. */
const MAX_LINKS = 8;
/** 256 bits, beyond guessing. */
const SECRET_BYTES = 32;
const SECRET_FORM = /^[A-Za-z0-9_-]{43}$/;
const ID_BYTES = 6;

interface Held<T> {
  /** SHA-256 of the secret: what is held in memory lets nobody in. */
  readonly hash: Uint8Array;
  readonly value: T;
  usedMs: number;
}

export class SessionBook {
  readonly #options: SessionBookOptions;
  readonly #links: Held<Role>[] = [];
  readonly #sessions: Held<ConsoleSession>[] = [];

  constructor(options: SessionBookOptions) {
    this.#options = options;
  }

  get size(): number {
    this.#expire();
    return this.#sessions.length;
  }

  /** The secret of a new link, which works once and for LINK_MINUTES. */
  issueLink(role: Role): string {
    const secret = this.#secret();
    this.#links.push({ hash: hashOf(secret), value: role, usedMs: this.#nowMs() });
    if (this.#links.length > MAX_LINKS) this.#links.shift();
    return secret;
  }

  /** Begins a session and gives its secret, for the cookie; undefined for a link that is wrong, used or old. */
  redeem(linkSecret: string): string | undefined {
    this.#expire();
    const link = find(this.#links, linkSecret);
    if (link === undefined) return undefined;
    this.#links.splice(this.#links.indexOf(link), 1);
    if (this.#sessions.length >= this.#options.maxSessions) {
      this.#end(this.#sessions.reduce((oldest, each) => (each.usedMs < oldest.usedMs ? each : oldest)));
    }
    const secret = this.#secret();
    const id = this.#random(ID_BYTES).toString('hex');
    const value = { id, role: link.value, onEnd: new Set<() => void>() };
    this.#sessions.push({ hash: hashOf(secret), value, usedMs: this.#nowMs() });
    return secret;
  }

  /** The session of a cookie, which counts as used now. */
  find(secret: string): ConsoleSession | undefined {
    this.#expire();
    const held = find(this.#sessions, secret);
    if (held !== undefined) held.usedMs = this.#nowMs();
    return held?.value;
  }

  /** Keeps a session that has something open. False when it has ended. */
  touch(session: ConsoleSession): boolean {
    const held = this.#sessions.find(({ value }) => value === session);
    if (held !== undefined) held.usedMs = this.#nowMs();
    return held !== undefined;
  }

  /** Ends everything. */
  clear(): void {
    this.#links.length = 0;
    for (const held of [...this.#sessions]) this.#end(held);
  }

  #end(held: Held<ConsoleSession>): void {
    this.#sessions.splice(this.#sessions.indexOf(held), 1);
    for (const tell of [...held.value.onEnd]) tell();
  }

  #expire(): void {
    const nowMs = this.#nowMs();
    while (this.#links.length > 0 && nowMs - this.#links[0].usedMs >= LINK_MS) this.#links.shift();
    for (const held of [...this.#sessions]) {
      if (nowMs - held.usedMs >= this.#options.idleMs) this.#end(held);
    }
  }

  #secret(): string {
    return this.#random(SECRET_BYTES).toString('base64url');
  }

  #random(length: number): Buffer {
    return (this.#options.randomBytes ?? randomBytes)(length);
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }
}

/** Looks at every one, each in constant time. */
function find<T>(held: readonly Held<T>[], secret: string): Held<T> | undefined {
  if (!SECRET_FORM.test(secret)) return undefined;
  const hash = hashOf(secret);
  let found: Held<T> | undefined;
  for (const each of held) if (timingSafeEqual(each.hash, hash)) found = each;
  return found;
}

function hashOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}
