/**
 * The contract's table as addresses. The rule, which makes every address predictable from the name of its call:
 * dots become slashes below /api/v1; `list` at the end is left out, and `get` at the end becomes the id. Queries are
 * asked by GET with their input in the query string, commands are posted as JSON, and streams are GET requests that
 * are answered by server-sent events.
 */
import { z } from 'zod';
import type { ApiEntry, ApiTable } from '../../../contract/api.ts';
import type { Schema } from './query-input.ts';

export const API_ROOT = '/api/v1';

export interface RestRoute {
  readonly call: string;
  readonly method: 'GET' | 'POST';
  /** Parameters as ":id". */
  readonly path: string;
  readonly entry: ApiEntry;
  /** JSON Schema (2020-12, as in OpenAPI 3.1) of the input and of the answer or one item. */
  readonly input: Schema;
  readonly output: Schema;
}

/** Short addresses that people of this field try first. */
const SHORT_PATHS: readonly (readonly [path: string, call: string])[] = [
  ['/status', 'status'],
  ['/alerts', 'alerts.list'],
  ['/alerts/:id', 'alerts.get'],
  ['/flows', 'flows.list'],
  ['/flows/:id', 'flows.get'],
  ['/captures', 'captures.list'],
  ['/captures/:id', 'captures.get'],
  ['/models', 'models.list'],
  ['/models/:id', 'models.get'],
  ['/train', 'models.train'],
  ['/detect', 'detect'],
  ['/explain', 'explain'],
  ['/predict', 'predict'],
];

/** "alerts.list" → "/api/v1/alerts", "alerts.get" → "/api/v1/alerts/:id", "hunt.run" → "/api/v1/hunt/run". */
export function pathOf(call: string): string {
  const words = call.split('.');
  const last = words.at(-1);
  if (words.length > 1 && last === 'list') words.pop();
  if (words.length > 1 && last === 'get') words[words.length - 1] = ':id';
  return [API_ROOT, ...words].join('/');
}

export function restRoutes(table: ApiTable): readonly RestRoute[] {
  return Object.entries(table).map(([call, entry]) => ({
    call,
    method: entry.kind === 'command' ? 'POST' : 'GET',
    path: pathOf(call),
    entry,
    input: schemaOf(entry.input, 'input'),
    output: schemaOf(entry.output, 'output'),
  }));
}

/** The same calls under their short addresses. */
export function shortRoutes(routes: readonly RestRoute[]): readonly RestRoute[] {
  return SHORT_PATHS.flatMap(([path, call]) => {
    const route = routes.find((each) => each.call === call);
    return route === undefined ? [] : [{ ...route, path }];
  });
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
  });
  return rest as Schema;
}
