import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { API, type ApiTable } from '../../../contract/api.ts';
import { FAILURE_STATUSES, knownFailure, refuse, statusOf } from './failures.ts';
import { openApiDocument } from './openapi.ts';
import { inputOf, type Query, type Schema } from './query-input.ts';
import { pathOf, restRoutes, shortRoutes } from './rest-table.ts';

const routes = restRoutes(API as ApiTable);
const schemaOf = (call: string): Schema => routes.find((route) => route.call === call)?.input ?? {};

describe('addresses', () => {
  it.each([
    ['status', '/api/v1/status'],
    ['status.watch', '/api/v1/status/watch'],
    ['alerts.list', '/api/v1/alerts'],
    ['alerts.get', '/api/v1/alerts/:id'],
    ['alerts.review', '/api/v1/alerts/review'],
    ['hunt.run', '/api/v1/hunt/run'],
  ])('%s is at %s', (call, path) => expect(pathOf(call)).toBe(path));

  it('are each of one call only', () => {
    const all = [...routes, ...shortRoutes(routes)].map(({ method, path }) => `${method} ${path}`);
    expect(new Set(all).size).toBe(all.length);
    expect(shortRoutes(routes)).toHaveLength(13);
  });

  it('with an id are of calls that take one', () => {
    const withId = routes.filter(({ path }) => path.includes(':'));
    expect(withId.length).toBeGreaterThan(2);
    for (const { input, call } of withId) expect(Object.keys(input.properties ?? {}), call).toContain('id');
  });

  it('change something only by POST', () => {
    for (const { method, entry } of routes) expect(method).toBe(entry.kind === 'command' ? 'POST' : 'GET');
  });
});

describe('the input of a query string', () => {
  it('has the types of the call', () => {
    const given = { limit: '20', states: 'dismissed', search: '10', sinceMs: '1700000000000' };
    const input = inputOf(schemaOf('alerts.list'), given);
    expect(input).toEqual({ limit: 20, states: ['dismissed'], search: '10', sinceMs: 1_700_000_000_000 });
    expect(API['alerts.list'].input.safeParse(input).success).toBe(true);
  });

  it('has lists and objects', () => {
    expect(inputOf(schemaOf('alerts.export'), { ids: ['a', 'b'], format: 'json' })).toEqual({
      ids: ['a', 'b'],
      format: 'json',
    });
    const input = inputOf(schemaOf('allow.preview'), { 'match.attacker': '10.0.0.5', maximumSeverity: 'low' });
    expect(input).toEqual({ match: { attacker: '10.0.0.5' }, maximumSeverity: 'low' });
    expect(API['allow.preview'].input.safeParse(input).success).toBe(true);
  });

  it.each([
    { limit: 'x' },
    { limit: '0x10' },
    { limit: ['1', '2'] },
    { limti: '3' },
    { __proto__: null, constructor: 'x' },
    { 'limit.x': '1' },
  ] as unknown as Query[])('that does not fit is refused: %o', (given) => {
    const parsed = API['alerts.list'].input.safeParse(inputOf(schemaOf('alerts.list'), given));
    expect(parsed.success).toBe(false);
  });

  it('never throws and never reaches a prototype', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'match', 'match.kind', 'limit'));
    const value = fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 3 }));
    fc.assert(
      fc.property(fc.dictionary(text, value), fc.constantFrom(...routes), (given, { input, entry }) => {
        entry.input.safeParse(inputOf(input, given));
        expect(Object.getPrototypeOf({})).toBe(Object.prototype);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
  });
});

describe('the description', () => {
  const document = openApiDocument('1.2.3', routes, shortRoutes(routes)) as {
    paths: Record<string, Record<string, { operationId: string; summary: string; responses: object }>>;
    components: { responses: Record<string, { description: string }> };
  };

  it('tells every call once, with its sentence', () => {
    const operations = Object.values(document.paths).flatMap((each) => Object.values(each));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { call, entry, path, method } of routes) {
      const place = path.replace(/:(\w+)/, '{$1}');
      const operation = document.paths[place][method.toLowerCase()];
      expect(operation, call).toMatchObject({ operationId: call, summary: entry.doc, 'x-role': entry.role });
    }
    expect(document.paths['/captures']).toMatchObject({ get: {}, post: { 'x-role': 'operate' } });
  });

  it('refers to nothing that is not there, and says what every status means', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/responses\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(50);
    for (const [, name] of references) expect(document.components.responses).toHaveProperty(name);
    expect(JSON.stringify(document)).not.toContain('"$ref":"#/$defs');
    for (const { description } of Object.values(document.components.responses))
      expect(description).not.toBe('Refused.');
  });
});

describe('failures', () => {
  it.each([
    ['bad-input', 400],
    ['unauthenticated', 401],
    ['not-allowed', 403],
    ['no-such-alert', 404],
    ['no-such-call', 404],
    ['capture-too-large', 413],
    ['too-many-tokens', 409],
    ['internal', 500],
    ['engine-lost', 503],
    ['whatever-else', 422],
  ])('%s is %i', (code, status) => {
    expect(statusOf({ code, message: '', hint: '' })).toBe(status);
    expect(FAILURE_STATUSES).toContain(status);
  });

  it('are known from what was thrown, and mistakes of ours are not', () => {
    expect(knownFailure(refuse('a', 'b', 'c'))?.code).toBe('a');
    expect(knownFailure(Object.assign(new Error('secret'), { statusCode: 413 }))?.code).toBe('too-large');
    expect(knownFailure(Object.assign(new Error('secret'), { statusCode: 418 }))?.message).not.toContain('secret');
    expect(knownFailure(Object.assign(new Error('x'), { statusCode: 500 }))).toBeUndefined();
    expect(knownFailure('x')).toBeUndefined();
  });
});
