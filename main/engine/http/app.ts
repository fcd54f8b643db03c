/** The web server: what every request goes through, and which routes there are. Loading this file loads fastify. */
import { createServer, type IncomingMessage, type RequestListener, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import rateLimit from '@fastify/rate-limit';
import websocket from '@fastify/websocket';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { API } from '../../../contract/api.ts';
import { MAX_MESSAGE_BYTES, type Role } from '../../../contract/api-roles.ts';
import type { Clock } from '../runtime/clock.ts';
import { FailureError } from '../runtime/failure.ts';
import { type Access, accessOf, admit, type Caller } from './access.ts';
import { INTERNAL, knownFailure, NOT_FOUND } from './failures.ts';
import { type Asked, isLocal, judge, ownHostOf } from './guard.ts';
import { contentSecurityPolicy, FIXED_HEADERS, NOT_STORED, STRICT_TRANSPORT } from './headers.ts';
import { addRestRoutes } from './rest.ts';
import { restRoutes, shortRoutes } from './rest-table.ts';
import { type AppOptions, answerFailure, type Routing } from './routing.ts';
import { addServiceRoutes } from './service-routes.ts';
import { addSiteRoutes } from './site-routes.ts';
import { addSocketRoute } from './socket-route.ts';
import { addUploadRoute } from './upload-route.ts';

const MS_PER_SECOND = 1_000;
/** Node looks at slow clients so often. */
const CHECK_INTERVAL_MS = 1_000;
/** Between requests; a browser opens another when it needs one. */
const KEEP_ALIVE_MS = 30_000;
/** Of a whole capture over a slow line. */
const LONGEST_REQUEST_MS = 3_600_000;
/** Names, addresses and a token are far shorter. */
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_PARAMETER_LENGTH = 256;
/** RFC 6455, section 7.4.1. */
const GOING_AWAY = 1_001;
/** A browser answers at once. */
const GOODBYE_MS = 500;
/** Clients whose rate is remembered. */
const RATE_MEMORY = 5_000;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body may take as long as it keeps coming. */
    isUpload?: boolean;
  }
}

export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { settings } = options;
  const app = fastify({
    serverFactory: (handler) => serverFor(options, handler),
    bodyLimit: MAX_MESSAGE_BYTES,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH, ignoreTrailingSlash: true },
    // Our own log, without addresses that may hold secrets.
    logger: false,
    return503OnClosing: true,
    forceCloseConnections: true,
    // Whoever speaks no HTTP is not answered.
    clientErrorHandler: (_error, socket) => void socket.destroy(),
    frameworkErrors: (error, _request, reply) => answerFailure(reply, knownFailure(error) ?? NOT_FOUND),
  });
  // A form of another page can send text without asking the browser first.
  app.removeContentTypeParser('text/plain');
  const routing = routingOf(app, options);
  addGates(routing);
  await app.register(rateLimit, {
    max: settings.requestsPerMinute,
    timeWindow: 60 * MS_PER_SECOND,
    cache: RATE_MEMORY,
    keyGenerator: (request) => rateKey(routing.accessTo(request), request.socket.remoteAddress),
    errorResponseBuilder: () => Object.assign(new Error('too many requests'), { statusCode: 429 }),
  });
  await app.register(websocket, {
    options: { maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false },
    preClose: (done) => closeSockets(app, options.clock, done),
  });
  const routes = restRoutes(options.table ?? API);
  addServiceRoutes(routing);
  addRestRoutes(routing, routes);
  addRestRoutes(routing, shortRoutes(routes));
  addUploadRoute(routing);
  addSocketRoute(routing);
  addSiteRoutes(routing, routes);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, () => {
    throw new FailureError(NOT_FOUND);
  });
  await app.ready();
  return app;
}

/** Says goodbye, and does not wait for those that do not answer. */
function closeSockets(app: FastifyInstance, clock: Clock, done: () => void): void {
  const { clients } = app.websocketServer;
  for (const socket of clients) socket.close(GOING_AWAY);
  clock.after(GOODBYE_MS, () => {
    for (const socket of clients) socket.terminate();
  });
  app.websocketServer.close(() => done());
}

function serverFor({ tls, settings }: AppOptions, handler: RequestListener) {
  const limits: ServerOptions = {
    headersTimeout: settings.messageSeconds * MS_PER_SECOND,
    requestTimeout: LONGEST_REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
  };
  const server =
    tls === undefined
      ? createServer(limits, handler)
      : createSecureServer(
          { ...limits, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: settings.messageSeconds * MS_PER_SECOND },
          handler,
        );
  server.maxConnections = settings.maxConnections;
  return server;
}

function routingOf(app: FastifyInstance, options: AppOptions): Routing {
  const { sessions, verifyToken } = options;
  const known = new WeakMap<IncomingMessage, Access>();
  const askedOf = ({ raw }: FastifyRequest): Asked => ({
    method: raw.method ?? '',
    path: pathIn(raw.url),
    headers: headersOf(raw),
    isUpgrade: raw.headers.upgrade !== undefined,
    localAddress: raw.socket.localAddress ?? '',
  });
  const accessTo = (request: FastifyRequest): Access => {
    const found = known.get(request.raw);
    if (found !== undefined) return found;
    const access = accessOf(request.raw, askedOf(request), { sessions, verifyToken, cookieName: options.cookieName() });
    known.set(request.raw, access);
    return access;
  };
  const caller = (request: FastifyRequest, needed: Role): Caller => admit(accessTo(request), needed);
  return {
    ...options,
    app,
    streams: { open: 0 },
    askedOf,
    accessTo,
    caller,
    isLocal: (request) => isLocal(askedOf(request), request.socket.remoteAddress ?? ''),
    need: (role) => async (request) => void caller(request, role),
  };
}

/** What every request goes through, in this order. */
function addGates({ app, place, askedOf, settings, clock, counters, logger }: Routing): void {
  const limitMs = settings.messageSeconds * MS_PER_SECOND;
  app.addHook('onRequest', async (request, reply) => {
    counters.requests += 1;
    const here = place();
    const { scheme } = here;
    const host = ownHostOf(askedOf(request), here);
    const webSocket = host === undefined ? '' : `${scheme === 'https' ? 'wss' : 'ws'}://${host}`;
    reply.headers({ ...FIXED_HEADERS, 'cache-control': NOT_STORED });
    reply.header('content-security-policy', contentSecurityPolicy(webSocket));
    if (scheme === 'https') reply.header('strict-transport-security', STRICT_TRANSPORT);
    const failure = judge(askedOf(request), here);
    if (failure === undefined) return;
    counters.strangers += 1;
    throw new FailureError(failure);
  });
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.isUpload || request.raw.complete) return;
    // The timer of Node is for the whole of the longest request; a body of JSON is short.
    const timer = clock.after(limitMs, () => request.raw.complete || request.raw.destroy());
    request.raw.once('close', () => timer.cancel());
    request.raw.once('end', () => timer.cancel());
  });
  app.addHook('onSend', async ({ raw }, reply) => {
    // Node's server forgets a socket that asked to be upgraded: it would stay open as long as the client wants.
    if (raw.headers.upgrade !== undefined) {
      reply.header('connection', 'close');
      reply.raw.once('finish', () => raw.socket.destroySoon());
    }
    const timer = clock.after(limitMs, () => reply.raw.destroy());
    reply.raw.once('close', () => timer.cancel());
  });
  app.setErrorHandler((error, request, reply) => {
    const failure = knownFailure(error);
    // Where the client has gone in the middle, nothing was wrong here.
    if (failure === undefined && !reply.raw.destroyed) {
      logger.error('A request of the console failed', { method: request.method, path: pathIn(request.url), error });
    }
    if (failure?.code === 'unauthenticated') counters.unauthenticated += 1;
    return answerFailure(reply, failure ?? INTERNAL);
  });
}

/** Node keeps the first of several names that were asked for; whatever stands in front may have kept another one. */
function headersOf({ headers, headersDistinct }: IncomingMessage): Asked['headers'] {
  const { host } = headersDistinct;
  return host === undefined || host.length === 1 ? headers : { ...headers, host };
}

/** Who was let in counts for itself, whoever was not for the address it comes from. */
function rateKey(access: Access, remoteAddress: string | undefined): string {
  return 'caller' in access && access.caller !== undefined ? access.caller.key : `address ${remoteAddress ?? ''}`;
}

/** Without the query, which may hold what must not be logged. */
function pathIn(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0];
}
