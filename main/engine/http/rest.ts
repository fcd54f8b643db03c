/** The routes of the engine's calls, all made in one way from the rows of the table. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { plainText } from '../../../contract/text.ts';
import { serveEvents } from './event-stream.ts';
import { inputOf, type Query } from './query-input.ts';
import type { RestRoute } from './rest-table.ts';
import { answerJson, goneSignal, type Routing, takePlace } from './routing.ts';

export function addRestRoutes(routing: Routing, routes: readonly RestRoute[]): void {
  for (const route of routes) {
    const { method, path, entry } = route;
    const handler = entry.kind === 'stream' ? streamHandler(routing, route) : requestHandler(routing, route);
    routing.app.route({
      method,
      url: path,
      // A HEAD request would open a stream that nobody reads.
      exposeHeadRoute: entry.kind === 'query',
      preParsing: routing.need(entry.role),
      handler,
    });
  }
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;

function requestHandler(routing: Routing, { call, entry, input }: RestRoute): Handler {
  return async (request, reply) => {
    const { role, actor } = routing.caller(request, entry.role);
    const given = entry.kind === 'command' ? (request.body ?? {}) : inputOf(input, queryOf(request));
    const context = { role, actor, signal: goneSignal(reply) };
    routing.counters.calls += 1;
    return answerJson(reply, await routing.backend.request(call, given, context));
  };
}

function streamHandler(routing: Routing, { call, entry, input }: RestRoute): Handler {
  return async (request, reply) => {
    const caller = routing.caller(request, entry.role);
    const given = inputOf(input, queryOf(request));
    const leave = takePlace(routing);
    reply.raw.once('close', leave);
    try {
      const { backend, counters, clock, sessionSettings: settings } = routing;
      const headers = Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, `${value}`]));
      const options = { response: reply.raw, headers, call, input: given, caller, backend, settings, counters, clock };
      serveEvents(options);
    } catch (error) {
      leave();
      throw error;
    }
    reply.hijack();
    return undefined;
  };
}

/** The query string and the parameters of the path, which go first. */
function queryOf({ query, params }: FastifyRequest): Query {
  const given = { ...(query as Query), ...(params as Query) };
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [plainText(name), value]));
}
