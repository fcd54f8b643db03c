import { type Routing, takePlace } from './routing.ts';
import { serveSocket } from './web-socket.ts';

/** `/ws`: the engine's protocol for the console, with the role of the session or the token. */
export function addSocketRoute(routing: Routing): void {
  const { app, backend, counters, clock, version, sessionSettings: settings } = routing;
  app.route({
    method: 'GET',
    url: '/ws',
    websocket: true,
    exposeHeadRoute: false,
    preParsing: routing.need('view'),
    preHandler: async (request) => {
      // Refused while it is still an HTTP request, which can be told why.
      takePlace(routing)();
      routing.caller(request, 'view');
    },
    handler: (socket, request) => {
      const leave = takePlace(routing);
      socket.once('close', leave);
      const caller = routing.caller(request, 'view');
      serveSocket({ socket, caller, backend, settings, counters, clock, version });
    },
  });
}
