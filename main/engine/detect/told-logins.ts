import type { LoginFact } from '../../../contract/facts.ts';
import { mixHash } from '../runtime/address.ts';
import { BoundedMap } from './bounded-map.ts';
import { hashText } from './login-protocols.ts';

/** Users of forms whose logins look as if they worked. */
const MAX_FORM_LOGINS = 1_024;
const NAME_CHARACTERS = 64;

/** KDC_ERR_C_PRINCIPAL_UNKNOWN (RFC 4120, section 7.5.9). */
const NO_SUCH_NAME = 6;
/**
 * That, an account that is locked, and a wrong password. Whose password has expired or may not log in at this hour has
 * said the right one.
 */
const WRONG_GUESSES: ReadonlySet<number> = new Set([NO_SUCH_NAME, 18, 24, 31]);
/** Ways to log in by something that nobody guesses: tickets, keys and tokens expire, and then fail again and again. */
const TICKETS: ReadonlySet<string> = new Set([
  'bearer',
  'negotiate',
  'kerberos',
  'public-key',
  'sasl-gssapi',
  'sasl-gss-spnego',
  'sasl-external',
  'sasl-xoauth2',
  'sasl-oauthbearer',
]);
/** Names under which servers let anybody in. */
const NOBODY: ReadonlySet<string> = new Set(['anonymous', 'ftp', 'guest']);

/** What a login that a parser told means for guessing. */
export interface ToldLogin {
  readonly outcome: 'guess' | 'success' | 'nothing';
  /** Stands for name and secret, to be compared; 0 where nothing can be compared. */
  readonly credential: number;
  /** The server said that there is no such name. */
  readonly isUnknownName: boolean;
}

const NOTHING: ToldLogin = { outcome: 'nothing', credential: 0, isUnknownName: false };

/** Whether the same secret looks the same again. Answers to a challenge differ each time (digest, NTLM). */
export function isSecretComparable(fact: LoginFact): boolean {
  return fact.isCleartext;
}

/** Tells guesses and successes from what only looks like them. Remembers 1,024 users of forms. */
export class ToldLogins {
  /** The credential with which a form seemed to accept a user: if another does as well, the page says nothing. */
  readonly #accepted = new BoundedMap<string, number>(MAX_FORM_LOGINS);
  /** What Kerberos answered last, and in which conversation: its logins fail for reasons that are no wrong password. */
  #kerberosFlow = 0;
  #kerberosStatus = 0;

  kerberosAnswer(flowId: number, status: number): void {
    this.#kerberosFlow = flowId;
    this.#kerberosStatus = status;
  }

  /**
   * @param secret stands for what was handed in; 0 where it is not known
   * @param place of both hosts, for the memory of forms; asked for when it is needed
   */
  judge(fact: LoginFact, flowId: number, secret: number, place: () => string): ToldLogin {
    if (TICKETS.has(fact.method) && fact.protocol !== 'kerberos') return NOTHING;
    const isForm = fact.method === 'form';
    // Among many different ones, a form that comes back without a word is a failure.
    if (fact.outcome === 'failure' || (isForm && fact.outcome === 'attempt'))
      return this.#failure(fact, flowId, secret);
    if (fact.outcome !== 'success' || NOBODY.has(fact.user.toLowerCase())) return NOTHING;
    if (isForm && !this.#isBelieved(fact, secret, place)) return this.#failure(fact, flowId, secret);
    return { outcome: 'success', credential: 0, isUnknownName: false };
  }

  clear(): void {
    this.#accepted.clear();
    this.#kerberosFlow = 0;
  }

  #failure(fact: LoginFact, flowId: number, secret: number): ToldLogin {
    const answer = this.#kerberosFlow === flowId ? this.#kerberosStatus : undefined;
    if (answer !== undefined && !WRONG_GUESSES.has(answer)) return NOTHING;
    // A name that does not exist tests no password: asked for again, it is no guess.
    const isUnknownName = answer === NO_SUCH_NAME;
    const isCompared = secret !== 0 || isUnknownName;
    const credential = isCompared ? mixHash(secret, hashText(fact.user)) || 1 : 0;
    return { outcome: 'guess', credential, isUnknownName };
  }

  /** Two passwords of one user are never both right. */
  #isBelieved(fact: LoginFact, secret: number, place: () => string): boolean {
    if (secret === 0) return true;
    const key = `${place()} ${fact.user.slice(0, NAME_CHARACTERS)}`;
    return this.#accepted.getOrInsert(key, () => secret) === secret;
  }
}
