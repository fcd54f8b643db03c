/** Who asks: the bearer of a token, a browser with a session, or nobody known. */
import type { IncomingMessage } from 'node:http';
import { mayCall, type Role } from '../../../contract/api-roles.ts';
import type { Failure } from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { FailureError } from '../runtime/failure.ts';
import { type Asked, isFromOwnPage } from './guard.ts';
import type { ConsoleSession, SessionBook } from './sessions.ts';

/** Who a token says that its bearer is. */
export interface TokenBearer {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** Undefined for anything that is no valid token. */
export type TokenVerifier = (secret: string) => TokenBearer | undefined;

/** Somebody who was let in. */
export interface Caller {
  readonly role: Role;
  /** For the journal. */
  readonly actor: string;
  /** Tells clients apart, for the rate limit; no secret. */
  readonly key: string;
  /** Whether the token is still valid or the session still open; keeps the session. */
  isStillIn(): boolean;
  /** Told when the session ends; gives the function that takes the listener off. */
  onEnd(listener: () => void): () => void;
}

/** Somebody, nobody, or one whose proof was refused. */
export type Access = { readonly caller: Caller } | { readonly failure: Failure } | { readonly caller: undefined };

export interface AccessOptions {
  readonly sessions: SessionBook;
  /** Undefined where tokens cannot be looked up. */
  readonly verifyToken: TokenVerifier | undefined;
  readonly cookieName: string;
}

const SIGN_IN_HINT =
  'Browsers open the link that "holdfast serve" prints; programs send "Authorization: Bearer TOKEN", with a token ' +
  'from "holdfast token create".';

const UNAUTHENTICATED: Failure = {
  code: 'unauthenticated',
  message: 'This needs a session or a token, and neither came with the request.',
  hint: SIGN_IN_HINT,
};

const WRONG_TOKEN: Failure = {
  code: 'unauthenticated',
  message: 'The token is not valid: it is unknown, has expired or was revoked.',
  hint: SIGN_IN_HINT,
};

const NO_TOKENS: Failure = {
  code: 'unauthenticated',
  message: 'This console is a client of the engine, and only the engine knows its tokens.',
  hint: 'Switch on http.enabled in the configuration of the engine, and ask it.',
};

const STRANGE_PAGE: Failure = {
  code: 'forbidden-origin',
  message: 'A session may change things only from a page of the console.',
  hint: 'Programs use a token instead of the cookie.',
};

const MAX_NAME = 80;

/** Looks at the proof that came with a request. A token goes before a cookie. */
export function accessOf(request: IncomingMessage, asked: Asked, options: AccessOptions): Access {
  const { authorization } = request.headers;
  if (authorization !== undefined) return bearerAccess(authorization, options);
  const secret = cookieOf(request.headers.cookie, options.cookieName);
  const session = secret === undefined ? undefined : options.sessions.find(secret);
  if (session === undefined) return { caller: undefined };
  return isFromOwnPage(asked) ? { caller: sessionCaller(session, options.sessions) } : { failure: STRANGE_PAGE };
}

/** @throws FailureError `unauthenticated`, `not-allowed` or `forbidden-origin` */
export function admit(access: Access, needed: Role): Caller {
  if ('failure' in access) throw new FailureError(access.failure);
  const { caller } = access;
  if (caller === undefined) throw new FailureError(UNAUTHENTICATED);
  if (mayCall(caller.role, needed)) return caller;
  const message = `This needs the role ${needed}; the caller has ${caller.role}.`;
  const hint = 'Use a token with that role: "holdfast token create --role" makes one.';
  throw new FailureError({ code: 'not-allowed', message, hint });
}

/** The session's cookie. Secure where the console is, and never shown to scripts or sent along from elsewhere. */
export function cookieHeader(name: string, secret: string, isSecure: boolean): string {
  return `${name}=${secret}; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

/**
 * Ports share cookies: the name has the port, so that two consoles do not sign each other out. `__Host-` binds it to
 * this very host (RFC 6265bis), which browsers only allow over TLS.
 */
export function cookieNameOf(port: number, isSecure: boolean): string {
  return `${isSecure ? '__Host-' : ''}holdfast-${port}`;
}

function bearerAccess(authorization: string, { verifyToken }: AccessOptions): Access {
  if (verifyToken === undefined) return { failure: NO_TOKENS };
  const secret = /^Bearer ([\w.~+/-]{1,256}=*)$/i.exec(authorization)?.[1];
  const bearer = secret === undefined ? undefined : verifyToken(secret);
  if (secret === undefined || bearer === undefined) return { failure: WRONG_TOKEN };
  return {
    caller: {
      role: bearer.role,
      actor: `token ${plainText(bearer.name, MAX_NAME)}`,
      key: `token ${bearer.id}`,
      isStillIn: () => verifyToken(secret)?.role === bearer.role,
      onEnd: () => () => {},
    },
  };
}

function sessionCaller(session: ConsoleSession, sessions: SessionBook): Caller {
  return {
    role: session.role,
    actor: 'console',
    key: `session ${session.id}`,
    isStillIn: () => sessions.touch(session),
    onEnd(listener) {
      session.onEnd.add(listener);
      return () => session.onEnd.delete(listener);
    },
  };
}

/** The value of a cookie (RFC 6265, section 4.2.1). */
function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=');
    if (at !== -1 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
