import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../runtime/clock.ts';
import { FailureError } from '../../runtime/failure.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../../store/index.ts';
import { MAX_TOKENS, TokenBook, type TokenStore } from './tokens.ts';

const DAY_MS = 86_400_000;
let folder: string;
let clock: ManualClock;
let store: Store;
let book: TokenBook;

async function open(): Promise<void> {
  const settings = defaultsOf(storeSettings);
  store = await openStore({ path: join(folder, 'holdfast.db'), clock, health: new HealthRegistry(), settings });
  book = new TokenBook(store.control, clock);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-tokens-'));
  clock = new ManualClock(1_700_000_000_000);
  await open();
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof FailureError ? error.failure.code : String(error);
  }
}

describe('TokenBook', () => {
  it('makes a token that is known again, also after a restart, and whose secret is nowhere', async () => {
    const { token, secret } = book.create({ name: 'grafana', role: 'view', days: 30 }, 'user ada');
    expect(secret).toMatch(/^hft_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    expect(token).toMatchObject({ name: 'grafana', role: 'view', createdBy: 'user ada', lastUsedMs: null });
    expect(token.expiresMs).toBe(clock.nowMs() + 30 * DAY_MS);
    const bearer = { id: token.id, name: 'grafana', role: 'view' };
    expect(book.verify(secret)).toEqual(bearer);
    store.close();
    const bytes = readFileSync(join(folder, 'holdfast.db'));
    expect(bytes.includes(token.id)).toBe(true);
    expect(bytes.includes(secret.slice(17))).toBe(false);
    await open();
    expect(book.verify(secret)).toEqual(bearer);
  });

  it('takes only the whole secret', () => {
    const { secret } = book.create({ name: 'a', role: 'admin', days: null }, 'user ada');
    const other = book.create({ name: 'b', role: 'admin', days: null }, 'user ada').secret;
    const last = secret.at(-1) === 'A' ? 'B' : 'A';
    for (const wrong of [
      '',
      secret.slice(0, -1),
      `${secret.slice(0, -1)}${last}`,
      ` ${secret}`,
      secret.toUpperCase(),
      secret.slice(0, 17) + other.slice(17),
      `hft_000000000000_${secret.slice(17)}`,
    ]) {
      expect(book.verify(wrong)).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), (text) => book.verify(text) === undefined));
  });

  it('ends a token at its time and at once when it is revoked', () => {
    const short = book.create({ name: 'short', role: 'view', days: 1 }, 'user ada');
    const long = book.create({ name: 'long', role: 'operate', days: null }, 'user ada');
    clock.advance(DAY_MS - 1);
    expect(book.verify(short.secret)).toBeDefined();
    clock.advance(1);
    expect(book.verify(short.secret)).toBeUndefined();
    expect(book.verify(long.secret)).toMatchObject({ role: 'operate' });
    book.revoke(long.token.id, 'user eve');
    expect(book.verify(long.secret)).toBeUndefined();
    expect(book.list().map(({ name }) => name)).toEqual(['short']);
    expect(codeOf(() => book.revoke(long.token.id, 'user eve'))).toBe('no-such-token');
    const journal = store.listJournal().rows.map(({ action, actor, subject }) => [action, actor, subject]);
    expect(journal).toEqual([
      ['token-revoked', 'user eve', long.token.id],
      ['token-created', 'user ada', long.token.id],
      ['token-created', 'user ada', short.token.id],
    ]);
  });

  it('notes the last use, at most once a minute', () => {
    const { secret } = book.create({ name: 'a', role: 'view', days: null }, 'user ada');
    const first = clock.nowMs();
    book.verify(secret);
    clock.advance(59_000);
    book.verify(secret);
    expect(book.list()[0].lastUsedMs).toBe(first);
    expect(store.control.listTokens().rows[0].lastUsedMs).toBe(first);
    clock.advance(1_000);
    book.verify(secret);
    expect(store.control.listTokens().rows[0].lastUsedMs).toBe(first + 60_000);
  });

  it('says so where a token is refused but the disk still has it', () => {
    const { token, secret } = book.create({ name: 'a', role: 'admin', days: null }, 'user ada');
    const failure = { code: 'store-full', message: 'The disk is full.', hint: 'Make room.' };
    const full: TokenStore = {
      listTokens: () => store.control.listTokens(),
      insertToken: () => {},
      removeToken: () => {
        throw new FailureError(failure);
      },
      touchToken: () => {},
    };
    const other = new TokenBook(full, clock);
    expect(other.verify(secret)).toBeDefined();
    expect(codeOf(() => other.revoke(token.id, 'user ada'))).toBe('token-not-forgotten');
    expect(other.verify(secret)).toBeUndefined();
  });

  it('has an end', () => {
    for (let index = 0; index < MAX_TOKENS; index++)
      book.create({ name: `${index}`, role: 'view', days: 1 }, 'user ada');
    expect(codeOf(() => book.create({ name: 'more', role: 'view', days: 1 }, 'user ada'))).toBe('too-many-tokens');
  });

  it('lets nobody in and makes none while the store cannot be used, and reads it when it can', () => {
    const { secret } = book.create({ name: 'a', role: 'view', days: null }, 'user ada');
    let works = false;
    const failure = { code: 'store-locked', message: 'Locked.', hint: 'Wait.' };
    const broken: TokenStore = {
      listTokens: () => (works ? store.control.listTokens() : { rows: [], failure }),
      insertToken: () => {
        throw new FailureError(failure);
      },
      removeToken: () => {},
      touchToken: () => {},
    };
    const other = new TokenBook(broken, clock);
    expect(other.verify(secret)).toBeUndefined();
    expect(codeOf(() => other.list())).toBe('store-locked');
    works = true;
    clock.advance(1_000);
    expect(other.verify(secret)).toMatchObject({ name: 'a' });
    expect(codeOf(() => other.create({ name: 'b', role: 'view', days: 1 }, 'user ada'))).toBe('store-locked');
    expect(other.list()).toHaveLength(1);
  });
});
