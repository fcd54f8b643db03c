/** The description of the interface (OpenAPI 3.1.1), made from the same table as the interface itself. */
import { MAX_MESSAGE_BYTES } from '../../../contract/api-roles.ts';
import { FAILURE_STATUSES } from './failures.ts';
import type { Schema } from './query-input.ts';
import type { RestRoute } from './rest-table.ts';

type Json = Readonly<Record<string, unknown>>;

const FAILURE_MEANINGS: Readonly<Record<number, string>> = {
  400: 'The input is wrong; the message names the value.',
  401: 'Neither a session nor a valid token came with the request.',
  403: 'The role does not allow it, or a page of another origin asked.',
  404: 'There is no such thing, or no such address.',
  405: 'Not by this method.',
  409: 'It is so already, or there are too many.',
  413: 'Too much at once.',
  415: 'Not a type that is taken here.',
  421: 'Asked for under a name that is not the console’s.',
  422: 'Understood, and refused by the engine: the code says why.',
  429: 'Too many requests; Retry-After says when to ask again.',
  500: 'A mistake of Holdfast’s.',
  503: 'The engine cannot be reached, or is too busy.',
  504: 'The engine did not answer in time.',
};

/** @param short the same calls under short addresses */
export function openApiDocument(version: string, routes: readonly RestRoute[], short: readonly RestRoute[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const add = (path: string, method: string, operation: Json): void => {
    const place = path.replace(/:(\w+)/g, '{$1}');
    paths[place] = { ...paths[place], [method.toLowerCase()]: operation };
  };
  for (const route of routes) add(route.path, route.method, operationOf(route, route.call));
  for (const route of short) add(route.path, route.method, operationOf(route, `short.${route.call}`));
  for (const [path, method, operation] of OWN_OPERATIONS) add(path, method, operation);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Holdfast',
      version,
      summary: 'What can be asked of a running Holdfast engine.',
      description:
        'Every call of the engine has an address that follows from its name: dots become slashes below `/api/v1`, ' +
        '`list` at the end is left out, `get` at the end becomes the id. Queries are GET requests: a list is given ' +
        'by repeating its name, and a key of an object as `match.attacker=10.0.0.5`. Commands are POST requests ' +
        'with JSON. Streams are server-sent events: each `message` is an item as JSON, `dropped` says how many ' +
        'items were left out for a slow reader, and `failure` why the stream ended.\n\n' +
        'Times are milliseconds since the epoch. A failure is always `{code, message, hint}`; the code is stable. ' +
        'Text in answers may be an attacker’s: show it as text, never as HTML.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(routes.map(tagOf)), SERVICE_TAG].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'From `holdfast token create --role view`.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'holdfast-PORT',
          description: 'Set when a browser opens the link that `holdfast serve` prints.',
        },
      },
      schemas: {
        Failure: {
          type: 'object',
          properties: {
            code: { type: 'string', description: 'Stable, lower-case, dashed.' },
            message: { type: 'string', description: 'What happened.' },
            hint: { type: 'string', description: 'What can be done about it.' },
          },
          required: ['code', 'message', 'hint'],
        },
      },
      responses: Object.fromEntries(
        FAILURE_STATUSES.map((status) => [
          `Failure${status}`,
          {
            description: FAILURE_MEANINGS[status] ?? 'Refused.',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
          },
        ]),
      ),
    },
  };
}

function operationOf(route: RestRoute, operationId: string): Json {
  const { entry, input, output, method } = route;
  const isStream = entry.kind === 'stream';
  return {
    operationId,
    tags: [tagOf(route)],
    summary: entry.doc,
    description: `Needs the role \`${entry.role}\`.`,
    'x-role': entry.role,
    ...(method === 'GET' ? { parameters: parametersOf(input, route.path) } : { requestBody: bodyOf(input) }),
    responses: {
      200: {
        description: isStream ? 'Server-sent events; each message is one of these.' : 'The answer.',
        content: { [isStream ? 'text/event-stream' : 'application/json']: { schema: output } },
      },
      ...failures([400, 401, 403, 404, 409, 422, 429, 500, 503, 504]),
    },
  };
}

/** Keys of objects are told under their dotted names. */
function parametersOf(schema: Schema, path: string, prefix = '', isWithinOptional = false): readonly Json[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, row]): readonly Json[] => {
    const name = `${prefix}${key}`;
    const isRequired = !isWithinOptional && (schema.required ?? []).includes(key) && row.default === undefined;
    if (row.properties !== undefined) return parametersOf(row, path, `${name}.`, true);
    const isInPath = path.split('/').includes(`:${name}`);
    return [{ name, in: isInPath ? 'path' : 'query', required: isInPath || isRequired, schema: row }];
  });
}

function bodyOf(schema: Schema): Json {
  return {
    required: (schema.required ?? []).length > 0,
    description: `At most ${MAX_MESSAGE_BYTES} bytes.`,
    content: { 'application/json': { schema } },
  };
}

function tagOf({ call }: RestRoute): string {
  return call.split('.')[0];
}

function failures(statuses: readonly number[]): Json {
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/Failure${status}` }]));
}

const SERVICE_TAG = 'service';

/** What has no row in the engine's table. */
const OWN_OPERATIONS: readonly (readonly [path: string, method: string, operation: Json])[] = [
  [
    '/',
    'GET',
    {
      operationId: 'about',
      tags: [SERVICE_TAG],
      summary: 'Name, version and state; browsers get the console.',
      security: [{}, { token: [] }],
      responses: { 200: { description: 'Name, version and state.' }, ...failures([401]) },
    },
  ],
  [
    '/health',
    'GET',
    {
      operationId: 'health',
      tags: [SERVICE_TAG],
      summary: 'Whether the engine works; without a token for programs of this computer.',
      security: [{}, { token: [] }],
      responses: { 200: { description: 'It works, perhaps not fully.' }, ...failures([401, 503]) },
    },
  ],
  [
    '/metrics',
    'GET',
    {
      operationId: 'metrics',
      tags: [SERVICE_TAG],
      summary: 'Counts for Prometheus; http.openMetrics says who needs a token.',
      security: [{}, { token: [] }],
      responses: {
        200: {
          description: 'Prometheus text format 0.0.4.',
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
        ...failures([401, 503]),
      },
    },
  ],
  [
    '/captures',
    'POST',
    {
      operationId: 'uploadCapture',
      tags: ['captures'],
      summary: 'Gives the engine a capture (pcap or pcapng, plain, gzip or zstd) to analyse.',
      description: 'Needs the role `operate`. Follow its progress at the address in Location.',
      'x-role': 'operate',
      parameters: [{ name: 'name', in: 'query', required: false, schema: { type: 'string', maxLength: 255 } }],
      requestBody: {
        required: true,
        content: {
          'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
          'multipart/form-data': {
            schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } }, required: ['file'] },
          },
        },
      },
      responses: {
        202: {
          description: 'Received whole; analysis has begun or waits for its turn.',
          headers: { Location: { schema: { type: 'string' } } },
        },
        ...failures([400, 401, 403, 413, 415, 422, 429, 503]),
      },
    },
  ],
];
