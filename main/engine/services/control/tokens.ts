import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Role } from '../../../../contract/api-roles.ts';
import type { Clock } from '../../runtime/clock.ts';
import { FailureError } from '../../runtime/failure.ts';
import type { ControlStore, StoredToken } from '../../store/index.ts';

/** Who a token says that its bearer is. */
export interface TokenBearer {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** A token as its owner may see it. */
export type TokenFacts = Omit<StoredToken, 'hash'>;

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  /** Null: until it is revoked. */
  readonly days: number | null;
}

/** What the book needs of the store. */
export type TokenStore = Pick<ControlStore, 'listTokens' | 'insertToken' | 'removeToken' | 'touchToken'>;

/** Tells a token of Holdfast's apart at a glance, also for programs that search code for secrets. */
export const TOKEN_PREFIX = 'hft_';
/** More than one administrator keeps apart; each is looked at in memory. */
export const MAX_TOKENS = 100;
/** As long as the hash that is kept of it: guessing is hopeless. */
const SECRET_BYTES = 32;
/** Enough that two of a hundred never meet; the secret carries the strength. */
const ID_BYTES = 6;
const DAY_MS = 86_400_000;
/** A scrape every few seconds must not be a write every few seconds. */
const LAST_USED_GRAIN_MS = 60_000;
/** How often a store that could not be read is asked again. */
const RELOAD_MS = 1_000;
const SECRET_FORM = /^hft_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;
/** Compared with where no token has the id, so that both cases take the same time. */
const NO_HASH = new Uint8Array(32);

/**
 * The tokens of the HTTP interface. All are held in memory, without their secrets, and written through to the store:
 * a token that was revoked ends at once, even while the disk is full, and whoever revoked it is told of the disk.
 */
export class TokenBook {
  readonly #store: TokenStore;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, StoredToken>();
  #isLoaded = false;
  #lastLoadMs = Number.NEGATIVE_INFINITY;

  constructor(store: TokenStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The oldest first; expired ones are listed until they are revoked. @throws FailureError of the store */
  list(): readonly TokenFacts[] {
    this.#load(true);
    return [...this.#tokens.values()].map(factsOf);
  }

  /**
   * Makes a token that is on the disk when it is told.
   * @throws FailureError `too-many-tokens`, or of the store
   */
  create({ name, role, days }: NewToken, actor: string): { readonly token: TokenFacts; readonly secret: string } {
    this.#load(true);
    if (this.#tokens.size >= MAX_TOKENS) {
      const message = `There are ${MAX_TOKENS} tokens already, and there can be no more.`;
      throw new FailureError({ code: 'too-many-tokens', message, hint: 'Revoke those that nobody uses.' });
    }
    const id = randomBytes(ID_BYTES).toString('hex');
    const secret = `${TOKEN_PREFIX}${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
    const createdMs = this.#clock.nowMs();
    const expiresMs = days === null ? null : createdMs + days * DAY_MS;
    const token: StoredToken = {
      id,
      name,
      role,
      hash: hashOf(secret),
      createdMs,
      createdBy: actor,
      expiresMs,
      lastUsedMs: null,
    };
    this.#store.insertToken(token);
    this.#tokens.set(id, token);
    return { token: factsOf(token), secret };
  }

  /**
   * Ends a token at once, whatever the store says.
   * @throws FailureError `no-such-token`, or `token-not-forgotten` where the disk still has it
   */
  revoke(id: string, actor: string): void {
    this.#load(true);
    const token = this.#tokens.get(id);
    if (token === undefined) {
      const message = 'There is no such token.';
      throw new FailureError({ code: 'no-such-token', message, hint: 'The ids are in "holdfast token list".' });
    }
    this.#tokens.delete(id);
    try {
      this.#store.removeToken(id, token.name, actor);
    } catch (error) {
      const why = error instanceof FailureError ? ` ${error.failure.message}` : '';
      const message = `The token is refused from now on, but its end could not be stored.${why}`;
      const hint = 'It would be good again if Holdfast were started anew before the store works: see Health.';
      throw new FailureError({ code: 'token-not-forgotten', message, hint }, error);
    }
  }

  /** Who a secret belongs to; undefined for anything that is no valid token. Never throws. */
  verify(secret: string): TokenBearer | undefined {
    const id = SECRET_FORM.exec(secret)?.[1];
    if (id === undefined) return undefined;
    this.#load(false);
    const token = this.#tokens.get(id);
    const isRight = timingSafeEqual(hashOf(secret), token?.hash.length === NO_HASH.length ? token.hash : NO_HASH);
    if (token === undefined || !isRight) return undefined;
    const nowMs = this.#clock.nowMs();
    if (token.expiresMs !== null && nowMs >= token.expiresMs) return undefined;
    this.#touch(token, nowMs);
    return { id, name: token.name, role: token.role };
  }

  #touch(token: StoredToken, nowMs: number): void {
    // Also where the clock was set back: what is shown is the last use by today's clock.
    if (token.lastUsedMs !== null && Math.abs(nowMs - token.lastUsedMs) < LAST_USED_GRAIN_MS) return;
    this.#tokens.set(token.id, { ...token, lastUsedMs: nowMs });
    this.#store.touchToken(token.id, nowMs);
  }

  /** Reads the table once it can be read. */
  #load(mustWork: boolean): void {
    if (this.#isLoaded) return;
    const nowMs = this.#clock.monotonicMs();
    if (!mustWork && nowMs - this.#lastLoadMs < RELOAD_MS) return;
    this.#lastLoadMs = nowMs;
    const { rows, failure } = this.#store.listTokens();
    if (failure === undefined) {
      for (const token of rows) this.#tokens.set(token.id, token);
      this.#isLoaded = true;
    } else if (mustWork) {
      throw new FailureError(failure);
    }
  }
}

function hashOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}

function factsOf({ hash: _hash, ...facts }: StoredToken): TokenFacts {
  return facts;
}
