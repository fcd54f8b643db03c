/** What browsers load: the console, the way in, and the description of the interface. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FailureError } from '../runtime/failure.ts';
import { cookieHeader } from './access.ts';
import { NOT_FOUND } from './failures.ts';
import { STORED_FOREVER } from './headers.ts';
import { openApiDocument } from './openapi.ts';
import {
  DOCS_PAGE,
  DOCS_SCRIPT,
  ENTERED_PAGE,
  NO_DOCS_PAGE,
  NOT_BUILT_PAGE,
  SIGNED_OUT_PAGE,
  WRONG_LINK_PAGE,
} from './plain-pages.ts';
import { type RestRoute, shortRoutes } from './rest-table.ts';
import { answerJson, type Routing } from './routing.ts';
import { answerAbout } from './service-routes.ts';
import { type StaticFile, StaticFiles } from './static-files.ts';

const INDEX = 'index.html';
const DOCS_BUNDLE = 'swagger-ui-bundle.js';

export function addSiteRoutes(routing: Routing, routes: readonly RestRoute[]): void {
  addConsole(routing);
  addEntrance(routing);
  addDocs(routing, routes);
}

function addConsole(routing: Routing): void {
  const { app, rendererDirectory } = routing;
  const files = new StaticFiles(rendererDirectory, INDEX);

  app.get('/', async (request, reply) => {
    if (!takesHtml(request)) return answerAbout(routing, request, reply);
    const access = routing.accessTo(request);
    if (!('caller' in access) || access.caller === undefined) return html(reply.code(401), SIGNED_OUT_PAGE);
    const index = files.find(INDEX);
    return index === undefined ? html(reply.code(503), NOT_BUILT_PAGE) : sendFile(request, reply, index);
  });

  // The files of the console are no secret: they come with Holdfast.
  app.get('/*', async (request, reply) => {
    const { '*': path } = request.params as { readonly '*': string };
    const file = path === INDEX ? undefined : files.find(path);
    if (file === undefined) throw new FailureError(NOT_FOUND);
    return sendFile(request, reply, file);
  });
}

function addEntrance({ app, sessions, cookieName, place, counters }: Routing): void {
  app.get('/enter', { exposeHeadRoute: false }, async (request, reply) => {
    const { token } = request.query as { readonly token?: unknown };
    const secret = typeof token === 'string' ? sessions.redeem(token) : undefined;
    if (secret === undefined) {
      counters.unauthenticated += 1;
      return html(reply.code(401), WRONG_LINK_PAGE);
    }
    reply.header('set-cookie', cookieHeader(cookieName(), secret, place().scheme === 'https'));
    const site = request.headers['sec-fetch-site'];
    // See ENTERED_PAGE; a browser that was given the link by hand says "none".
    return site === undefined || site === 'none' ? reply.redirect('/', 303) : html(reply, ENTERED_PAGE);
  });
}

function addDocs({ app, docsDirectory, version }: Routing, routes: readonly RestRoute[]): void {
  const document = openApiDocument(version, routes, shortRoutes(routes));
  const viewer = new StaticFiles(docsDirectory, DOCS_BUNDLE);
  app.get('/api/openapi.json', async (_request, reply) => answerJson(reply, document));
  app.get('/api/docs', async (_request, reply) => html(reply, viewer.isThere ? DOCS_PAGE : NO_DOCS_PAGE));
  app.get('/api/docs/start.js', async (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(DOCS_SCRIPT),
  );
  for (const name of [DOCS_BUNDLE, 'swagger-ui.css']) {
    app.get(`/api/docs/${name}`, async (request, reply) => {
      const file = viewer.find(name);
      if (file === undefined) throw new FailureError(NOT_FOUND);
      return sendFile(request, reply, file);
    });
  }
}

async function sendFile(request: FastifyRequest, reply: FastifyReply, file: StaticFile): Promise<FastifyReply> {
  const { 'accept-encoding': accepted } = request.headers;
  const { body, encoding } = await file.read(typeof accepted === 'string' ? accepted : '');
  reply.type(file.mediaType).header('vary', 'accept-encoding');
  if (file.isImmutable) reply.header('cache-control', STORED_FOREVER);
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  return reply.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}

function html(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page);
}

/** Browsers say so; programs that take anything do not mean a page. */
function takesHtml({ headers }: FastifyRequest): boolean {
  return headers.accept?.toLowerCase().includes('text/html') ?? false;
}
