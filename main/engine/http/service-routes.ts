/** What people of this field ask any service: is it there, is it well, what does it count. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallOutput } from '../../../contract/api.ts';
import type { Status } from '../../../contract/api-schemas.ts';
import type { HealthState } from '../../../contract/domain.ts';
import { worstState } from '../runtime/health.ts';
import { answerJson, goneSignal, type Routing } from './routing.ts';

export function addServiceRoutes(routing: Routing): void {
  const { app, metrics } = routing;

  /** The state in one word says nothing that a program of this computer may not know. */
  const admitLocal = async (request: FastifyRequest): Promise<void> => {
    if (!routing.isLocal(request)) routing.caller(request, 'view');
  };

  app.get('/health', { preParsing: admitLocal }, async (_request, reply) => {
    const state = await stateOf(routing, reply);
    return answerJson(reply.code(state === 'failed' ? 503 : 200), { state });
  });

  const admitScraper = async (request: FastifyRequest): Promise<void> => {
    const { openMetrics } = routing.settings;
    const isOpen = openMetrics === 'always' || (openMetrics === 'loopback' && routing.isLocal(request));
    if (!isOpen) routing.caller(request, 'view');
  };

  app.get('/metrics', { preParsing: admitScraper }, async (_request, reply) =>
    reply
      .type(metrics.mediaType)
      .send(await metrics.text(await statusOf(routing, reply), await modelsOf(routing, reply))),
  );
}

/** Name, version and state, as `GET /` gives them to programs. @throws FailureError for strangers */
export async function answerAbout(
  routing: Routing,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (!routing.isLocal(request)) routing.caller(request, 'view');
  return answerJson(reply, { name: 'Holdfast', version: routing.version, state: await stateOf(routing, reply) });
}

async function stateOf(routing: Routing, reply: FastifyReply): Promise<HealthState> {
  try {
    return worstState((await statusOf(routing, reply)).health.map((entry) => entry.state));
  } catch {
    // An engine that does not answer is as bad as one that says so.
    return 'failed';
  }
}

/** Undefined where the engine does not say: an older one, or one that is too busy for it. */
async function modelsOf({ backend }: Routing, reply: FastifyReply): Promise<CallOutput<'models.list'> | undefined> {
  const context = { role: 'view', actor: 'console', signal: goneSignal(reply) } as const;
  try {
    return (await backend.request('models.list', {}, context)) as CallOutput<'models.list'>;
  } catch {
    return undefined;
  }
}

function statusOf({ backend }: Routing, reply: FastifyReply): Promise<Status> {
  const context = { role: 'view', actor: 'console', signal: goneSignal(reply) } as const;
  return backend.request('status', {}, context) as Promise<Status>;
}
