/** What routes are made with, and how they answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiTable } from '../../../contract/api.ts';
import type { Role } from '../../../contract/api-roles.ts';
import type { Failure } from '../../../contract/domain.ts';
import { jsonText } from '../../../contract/text.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Backend } from '../runtime/session/backend.ts';
import type { SessionCounters, SessionSettings } from '../runtime/session/session.ts';
import type { Access, Caller, TokenVerifier } from './access.ts';
import { refuse, statusOf } from './failures.ts';
import type { Asked, Place } from './guard.ts';
import type { Metrics } from './metrics.ts';
import type { SessionBook } from './sessions.ts';
import type { HttpSettings } from './settings.ts';

export interface HttpCounters extends SessionCounters {
  requests: number;
  /** Requests under a strange name, or from a page of another origin. */
  strangers: number;
  /** Requests without a session or token, or with a wrong one. */
  unauthenticated: number;
}

export interface AppOptions {
  readonly backend: Backend;
  readonly verifyToken?: TokenVerifier;
  readonly sessions: SessionBook;
  readonly settings: HttpSettings;
  readonly sessionSettings: SessionSettings;
  readonly counters: HttpCounters;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly rendererDirectory: string;
  readonly docsDirectory: string;
  readonly temporaryDirectory: string;
  readonly metrics: Metrics;
  /** Known once it listens. */
  readonly place: () => Place;
  readonly cookieName: () => string;
  /** The rows, for tests; the contract's where it is left out. */
  readonly table?: ApiTable;
}

/** What routes are made with. */
export interface Routing extends AppOptions {
  readonly app: FastifyInstance;
  /** Places for streams and windows. */
  readonly streams: { open: number };
  askedOf(request: FastifyRequest): Asked;
  accessTo(request: FastifyRequest): Access;
  /** The caller of a request. @throws FailureError when nobody with this role asks */
  caller(request: FastifyRequest, needed: Role): Caller;
  /** A program on this computer asks, without anything in between. */
  isLocal(request: FastifyRequest): boolean;
  /** To be put before the body is read. @throws FailureError */
  need(role: Role): (request: FastifyRequest) => Promise<void>;
}

export function answerFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  const status = statusOf(failure);
  // RFC 9110, section 11.6.1. No browser asks for a password because of it.
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="Holdfast"');
  const { code, message, hint } = failure;
  return answerJson(reply.code(status), { code, message, hint });
}

/** JSON that may also be looked at in a terminal. */
export function answerJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(jsonText(value ?? null));
}

/** Aborted when the client has gone before it was answered. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort());
  return controller.signal;
}

/** Takes a place for a stream and gives the function that frees it. @throws FailureError `too-busy` */
export function takePlace({ streams, settings }: Routing): () => void {
  if (streams.open >= settings.maxStreams) {
    throw refuse('too-busy', 'Too many streams and windows are open.', 'Close some; http.maxStreams is the bound.');
  }
  streams.open += 1;
  let isTaken = true;
  return () => {
    if (isTaken) streams.open -= 1;
    isTaken = false;
  };
}
