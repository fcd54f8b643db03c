/** What was learnt, asked over real HTTP, with a profile that was really fitted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallOutput, ParsedInput } from '../contract/api.ts';
import { fitProfile, type Profile, Random, readProfile, TABLE_COLUMNS } from '../main/engine/models/index.ts';
import { detectRows, explainRows, predictRows } from '../main/engine/services/handlers/detect.ts';
import { TEST_TOKENS, TestConsole } from './support/console.ts';

const { view, admin } = TEST_TOKENS;
const ROWS = 300;

/** Of conversations that last a tenth of a second and send some hundred bytes. */
async function fitted(): Promise<Profile> {
  const columns = TABLE_COLUMNS.flow;
  const random = new Random(3);
  const usual: Readonly<Record<string, number>> = { 'Flow Duration': 100_000, 'Total Length of Fwd Packets': 300 };
  const data = new Float64Array(ROWS * columns.length);
  for (let at = 0; at < data.length; at++) {
    const middle = usual[columns[at % columns.length]!.name] ?? 5;
    data[at] = Math.max(0, middle * (1 + 0.2 * random.normal()));
  }
  const groups = [{ group: 'tcp' as const, rows: { rows: ROWS, columns: columns.length, data } }];
  const hooks = { onProgress: () => {}, signal: new AbortController().signal };
  const { document } = await fitProfile({ table: 'flow', kinds: ['baseline'], groups, seed: 1 }, hooks);
  return readProfile(document);
}

let running: TestConsole;
let trainedWith: ParsedInput<'models.train'> | undefined;

beforeAll(async () => {
  const asked = { id: 'flow-1', profile: await fitted() };
  running = await TestConsole.start({
    handlers: {
      detect: (input) => detectRows(asked, input),
      explain: (input) => explainRows(asked, input),
      predict: (input) => predictRows(asked, input),
      'models.train': (input, { actor }) => {
        trainedWith = input;
        const rest = { now: null, made: [], failure: null, kinds: [], endedMs: null };
        return { id: 't-1', state: 'running', startedMs: 1, actor, tables: input.tables ?? [], ...rest };
      },
    },
  });
});

afterAll(() => running.stop());

const json = { 'content-type': 'application/json' };
const post = (path: string, body: unknown, token = view) =>
  running.ask(path, { method: 'POST', token, headers: json, body: JSON.stringify(body) });

type Results = CallOutput<'explain'>['results'];
const resultsOf = (answer: { readonly json: () => Record<string, unknown> }): Results =>
  answer.json().results as Results;

const USUAL = { Protocol: 6, 'Flow Duration': 100_000 };
const UNUSUAL = { ...USUAL, 'Total Length of Fwd Packets': 9e8 };

describe('the short addresses of what was learnt', () => {
  it('judge one row, several, and columns of them', async () => {
    const one = await post('/detect', { features: UNUSUAL });
    expect([one.status, one.json().results]).toMatchObject([200, [{ isAnomaly: true, techniques: ['T1048'] }]]);
    expect(resultsOf(one)[0]?.missing).toContain('Total Fwd Packets');
    const several = await post('/predict', { features: [USUAL, UNUSUAL] });
    expect(several.json()).toEqual({ id: 'flow-1', predictions: [0, 1] });
    const columns = { Protocol: 6, 'Flow Duration': 100_000, 'Total Length of Fwd Packets': [300, 9e8, 250] };
    expect((await post('/predict', { features: columns })).json().predictions).toEqual([0, 1, 0]);
    const whole = TABLE_COLUMNS.flow.map(() => 5);
    expect(resultsOf(await post('/detect', { features: whole, group: 'tcp' }))[0]?.missing).toEqual([]);
    expect((await post('/api/v1/detect', { features: UNUSUAL })).text).toBe(one.text);
  });

  it('explain in words, with what is usual and rows that are', async () => {
    const [result] = resultsOf(await post('/explain', { features: UNUSUAL }));
    expect(result?.explanation).toContain('sent 900 MB');
    expect(result?.reasons[0]).toMatchObject({ feature: 'Total Length of Fwd Packets', value: 9e8 });
    expect(Object.keys(result?.neighbours[0] ?? {})).toContain('Flow Duration');
  });

  it.each([
    [{ features: [USUAL, USUAL, USUAL, { 'Flow Duration': 'x' }] }, 'features[3].Flow Duration: expected number'],
    [{ features: [1, 'x'] }, 'features[1]: expected number'],
    [{ features: [[1], ['x']] }, 'features[1][0]: expected number'],
    [{ features: [USUAL, { ...USUAL, Speed: 1 }] }, 'features[1].Speed: is no feature of the table "flow"'],
    [{ features: [1, 2] }, 'features: has 2 values'],
    [{ features: 7 }, 'features: expected object or array, received number'],
    [{}, 'features: expected object or array, received nothing'],
    [{ features: USUAL, table: 'disk' }, 'table: Invalid option'],
    [{ features: USUAL, id: 'x' }, 'id: '],
    [{ features: USUAL, shape: 1 }, 'Unrecognized key: "shape"'],
    [{ features: Array(1_001).fill(USUAL) }, 'features: Too big'],
  ])('answer %j with 400 and the place', async (body, text) => {
    const answer = await post('/detect', body);
    expect([answer.status, answer.json().code]).toEqual([400, 'bad-input']);
    expect(answer.json().message).toContain(text);
  });

  it('train for whoever may, and take nothing else', async () => {
    const begun = await post('/train', { tables: ['flow'], kinds: ['baseline'] }, admin);
    expect([begun.status, begun.json().id]).toEqual([200, 't-1']);
    expect(trainedWith).toEqual({ tables: ['flow'], kinds: ['baseline'] });
    expect((await post('/train', {}, view)).status).toBe(403);
    const wrong = await post('/train', { kinds: ['baseline', 'magic'] }, admin);
    expect([wrong.status, wrong.json().message]).toEqual([400, expect.stringContaining('kinds[1]')]);
  });

  it('are described', async () => {
    const { paths } = (await running.ask('/api/openapi.json', { token: view })).json();
    for (const path of ['/detect', '/explain', '/predict', '/train']) {
      const content = { 'application/json': { schema: { type: 'object' } } };
      expect(paths).toMatchObject({ [path]: { post: { requestBody: { content }, responses: { 400: {} } } } });
    }
    expect(paths).toMatchObject({ '/models': { get: {} }, '/models/{id}': { get: {} } });
  });
});
