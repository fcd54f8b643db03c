import { describe, expect, it } from 'vitest';
import { API, type ApiHandlers } from '../../../contract/api.ts';
import type { Role } from '../../../contract/api-roles.ts';
import { FailureError } from '../runtime/failure.ts';
import { Dispatcher } from './dispatcher.ts';
import { TEST_STATUS, TestEngine, testAlert } from './testing.ts';

function dispatcherOf(handlers: Partial<ApiHandlers> = {}) {
  const engine = new TestEngine();
  const mistakes: string[] = [];
  const dispatcher = new Dispatcher({
    handlers: { ...engine.handlers, ...handlers },
    checkAnswers: true,
    onMistake: (name) => mistakes.push(name),
  });
  return { engine, dispatcher, mistakes };
}

function caller(role: Role = 'view') {
  return { role, actor: 'user test', signal: new AbortController().signal };
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).failure.code;
}

describe('Dispatcher', () => {
  it('answers what the table knows', async () => {
    const { dispatcher } = dispatcherOf();
    expect(await dispatcher.request('status', {}, caller())).toEqual(TEST_STATUS);
    expect(dispatcher.kindOf('alerts.watch')).toBe('stream');
  });

  it('gives handlers the defaults of an input', async () => {
    let seen: unknown;
    const { dispatcher } = dispatcherOf({
      'alerts.list': (input) => {
        seen = input;
        return { alerts: [], total: 0, next: null };
      },
    });
    await dispatcher.request('alerts.list', { kind: 'port-scan' }, caller());
    expect(seen).toMatchObject({ kind: 'port-scan', minimumSeverity: 'info', source: 'live', limit: 50 });
  });

  it.each(['nope', '__proto__', 'constructor', 'toString', '', 'alerts.watch'])(
    'refuses to request %s',
    async (name) => {
      expect(await failureOf(dispatcherOf().dispatcher.request(name, {}, caller('admin')))).toBe('no-such-call');
    },
  );

  it('shows no passwords to who may only look, in answers and in streams', async () => {
    const { dispatcher, engine } = dispatcherOf({
      'alerts.get': () => testAlert(1, { explanation: 'It ran "curl -u admin:hunter2 example.org".' }),
    });
    const shown = (role: Role) => dispatcher.request('alerts.get', { id: testAlert(1).id }, caller(role));
    expect(JSON.stringify(await shown('view'))).not.toContain('hunter2');
    expect(JSON.stringify(await shown('operate'))).toContain('hunter2');
    const heard: unknown[] = [];
    dispatcher.open('alerts.watch', {}, (item) => heard.push(item), caller('view'));
    engine.emit('alerts.watch', {
      change: 'opened',
      alert: testAlert(1, { explanation: 'It ran "mysql -phunter2".' }),
    });
    expect(heard).toHaveLength(1);
    expect(JSON.stringify(heard)).not.toContain('hunter2');
  });

  it('refuses a wrong input and says what is wrong with it', async () => {
    const { dispatcher } = dispatcherOf();
    for (const input of [null, [], 'x', { limit: 'many' }, { limit: 0 }, { minimumSeverity: 'bad' }, { extra: 1 }]) {
      expect(await failureOf(dispatcher.request('alerts.list', input, caller()))).toBe('bad-input');
    }
  });

  it('hands failures of handlers on, and hides mistakes behind one of its own', async () => {
    const { dispatcher, mistakes } = dispatcherOf({
      traffic: () => {
        throw new TypeError('secret detail');
      },
    });
    expect(await failureOf(dispatcher.request('alerts.get', { id: 'a-1' }, caller()))).toBe('no-such-alert');
    expect(mistakes).toEqual([]);
    expect(await failureOf(dispatcher.request('traffic', {}, caller()))).toBe('internal');
    expect(mistakes).toEqual(['traffic']);
  });

  it('finds answers of another shape', async () => {
    const { engine, dispatcher, mistakes } = dispatcherOf();
    engine.status = { ...TEST_STATUS, uptimeSeconds: -1 };
    expect(await failureOf(dispatcher.request('status', {}, caller()))).toBe('internal');
    expect(mistakes).toEqual(['status']);
  });

  it('opens streams and ends them', () => {
    const { engine, dispatcher } = dispatcherOf();
    const items: unknown[] = [];
    const end = dispatcher.open('alerts.watch', {}, (item) => items.push(item), caller());
    const change = { change: 'opened', alert: testAlert(1) } as const;
    engine.emit('alerts.watch', change);
    end();
    engine.emit('alerts.watch', change);
    expect(items).toEqual([change]);
  });

  it('minds roles, before it looks at the input', async () => {
    const { engine } = dispatcherOf();
    const table = { status: { ...API.status, role: 'operate' } } as const;
    const dispatcher = new Dispatcher({ handlers: engine.handlers, checkAnswers: true, onMistake: () => {}, table });
    expect(await failureOf(dispatcher.request('status', { wrong: 1 }, caller('view')))).toBe('not-allowed');
    expect(await dispatcher.request('status', {}, caller('operate'))).toBeDefined();
  });
});
