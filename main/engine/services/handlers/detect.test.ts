import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { API } from '../../../../contract/api.ts';
import type { AnomalyJudgement, ModelGroup } from '../../../../contract/models.ts';
import type { Profile } from '../../models/index.ts';
import { FailureError } from '../../runtime/failure.ts';
import { detectRows, explainRows, predictRows, UNUSUAL_P_VALUE } from './detect.ts';

const COLUMNS = ['Flow Duration', 'Total Fwd Packets', 'SYN Flag Count'];

/** Finds rows the more unusual the longer they last, and remembers what it was asked. */
function profileOf(groups: readonly ModelGroup[] = ['tcp', 'udp']) {
  const asked: { group: ModelGroup; values: number[] }[] = [];
  const judge = (group: ModelGroup, values: Float64Array): AnomalyJudgement | undefined => {
    asked.push({ group, values: [...values] });
    if (!groups.includes(group)) return undefined;
    const duration = Number.isFinite(values[0]) ? values[0]! : 0;
    const pValue = 1 / (1 + Math.abs(duration));
    return {
      table: 'flow',
      group,
      pValue,
      probability: 1 - pValue,
      models: [{ kind: 'baseline', score: duration, pValue, weight: 1 }],
      reasons: [
        {
          feature: 'Flow Duration',
          label: 'lasted',
          unit: 'µs',
          value: duration,
          usual: { low: 0, median: 1, high: 2 },
          share: 1,
          words: `lasted ${duration} µs; usual is under 2 µs`,
        },
      ],
      neighbours: [[1, 2, 3]],
      missing: COLUMNS.filter((_, index) => !Number.isFinite(values[index])),
    };
  };
  const profile: Profile = {
    table: 'flow',
    columns: COLUMNS.map((name) => ({ name, label: name, unit: '' })),
    groups,
    kinds: ['baseline'],
    judge,
    pValue: (group, values) => judge(group, values)?.pValue ?? Number.NaN,
    usual: () => [],
    detail: () => undefined,
    toJSON: () => ({}),
  };
  return { asked, of: { id: 'flow-1', profile } };
}

const TCP = { Protocol: 6 };

function parsed(input: unknown) {
  return API.detect.input.parse(input);
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(FailureError);
    const { code, message } = (error as FailureError).failure;
    return `${code} ${message}`;
  }
  throw new Error('it was not refused');
}

describe('detect', () => {
  it.each([
    ['one row by name', { ...TCP, 'Flow Duration': 5 }, [[5, Number.NaN, Number.NaN]]],
    ['names as others write them', { ...TCP, flow_duration: 5, TotalFwdPackets: 2 }, [[5, 2, Number.NaN]]],
    ['one row in order', [5, 2, 1], [[5, 2, 1]]],
    ['a value that is not there', [5, null, 1], [[5, Number.NaN, 1]]],
    [
      'several rows, each in its own form',
      [[1, 2, 3], { ...TCP, 'Flow Duration': 9 }],
      [
        [1, 2, 3],
        [9, Number.NaN, Number.NaN],
      ],
    ],
    [
      'arrays by name, with one value for all',
      { Protocol: 17, 'Flow Duration': [1, 2], 'Total Fwd Packets': 7 },
      [
        [1, 7, Number.NaN],
        [2, 7, Number.NaN],
      ],
    ],
  ])('takes %s', async (_name, features, rows) => {
    const { asked, of } = profileOf();
    const { id, results } = await detectRows(of, parsed({ features }));
    expect(id).toBe('flow-1');
    expect(asked.map(({ values }) => values)).toEqual(rows);
    expect(results).toHaveLength(rows.length);
    API.detect.output.parse({ id, results });
  });

  it('says which features were missing, and techniques of nothing usual', async () => {
    const { of } = profileOf();
    const features = [
      { ...TCP, 'Flow Duration': 1_000 },
      { ...TCP, 'Flow Duration': 1 },
    ];
    const { results } = await detectRows(of, parsed({ features }));
    expect(results[0]).toMatchObject({ isAnomaly: true, missing: COLUMNS.slice(1) });
    expect(results[1]).toMatchObject({ isAnomaly: false, techniques: [] });
  });

  it.each([
    [{ Protocol: 6 }, 'tcp'],
    [{ protocol: 17 }, 'udp'],
    [{ 'SYN Flag Count': 1 }, 'tcp'],
    [[1, 1, 2], 'tcp'],
  ])('tells the group by %j', async (features, group) => {
    const { asked, of } = profileOf();
    await detectRows(of, parsed({ features }));
    expect(asked[0]?.group).toBe(group);
  });

  it('takes the group that is named, or the only one', async () => {
    const { asked, of } = profileOf();
    await detectRows(of, parsed({ features: [1, 1, 0], group: 'udp' }));
    expect(asked[0]?.group).toBe('udp');
    const only = profileOf(['udp']);
    await detectRows(only.of, parsed({ features: [1, 1, 0] }));
    expect(only.asked[0]?.group).toBe('udp');
  });

  it.each([
    [{ features: [TCP, { ...TCP, 'Flow Duratoin': 1 }] }, 'bad-input features[1].Flow Duratoin: is no feature'],
    [{ features: [1, 2] }, 'bad-input features: has 2 values, the table "flow" has 3 columns'],
    [{ features: [[1, 2, 3], [1]] }, 'bad-input features[1]: has 1 value'],
    [{ features: { ...TCP, 'Flow Duration': [1, 2], SYNFlagCount: [1] } }, 'bad-input features.SYNFlagCount: has 1'],
    [{ features: { 'Flow Duration': 1, flow_duration: 2 } }, 'bad-input features.flow_duration: is the same feature'],
    [{ features: { 'Flow Duration': 1 } }, 'bad-input features: nothing in it tells the protocol'],
    [{ features: [1, 2, 3], group: 'icmp' }, 'bad-input group: the table "flow" has no group "icmp"'],
    [{ features: [1, 2, 3], group: 'other' }, 'group-not-learnt group: nothing has been learnt of "other"'],
    [{ features: [{ Protocol: 1 }] }, 'group-not-learnt features[0]: nothing has been learnt of "other"'],
  ])('refuses %j', async (input, text) => {
    expect(await refusal(() => detectRows(profileOf().of, parsed(input)))).toContain(text);
  });

  it('answers or refuses whatever the schema lets through', async () => {
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null));
    const name = fc.oneof(fc.constantFrom('Protocol', '__proto__', 'constructor', ...COLUMNS), fc.string());
    const row = fc.oneof(fc.dictionary(name, value), fc.array(value, { minLength: 1, maxLength: 4 }));
    const columns = fc.dictionary(name, fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 })));
    await fc.assert(
      fc.asyncProperty(fc.oneof(row, columns, fc.array(row, { minLength: 1, maxLength: 3 })), async (features) => {
        const input = API.detect.input.safeParse({ features });
        if (!input.success) return;
        try {
          const answer = await explainRows(profileOf().of, input.data);
          expect(API.explain.output.safeParse(answer).success).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(FailureError);
        }
      }),
    );
  });
});

describe('many rows', () => {
  it('leave the thread to others in between', async () => {
    const { of } = profileOf();
    const slow: Profile = {
      ...of.profile,
      judge: (...given) => {
        const untilMs = performance.now() + 5;
        while (performance.now() < untilMs);
        return of.profile.judge(...given);
      },
    };
    let others = 0;
    const timer = setInterval(() => others++, 1);
    await detectRows({ ...of, profile: slow }, parsed({ features: { ...TCP, 'Flow Duration': Array(60).fill(1) } }));
    clearInterval(timer);
    expect(others).toBeGreaterThan(5);
  });
});

describe('explain and predict', () => {
  it('say why, and show neighbours by name', async () => {
    const { results } = await explainRows(profileOf().of, parsed({ features: { ...TCP, 'Flow Duration': 999_999 } }));
    expect(results[0]).toMatchObject({
      explanation: expect.stringContaining('(usual is under 2 µs)'),
      neighbours: [{ 'Flow Duration': 1, 'Total Fwd Packets': 2, 'SYN Flag Count': 3 }],
      reasons: [{ feature: 'Flow Duration' }],
    });
  });

  it('answer 1 from the bound on', async () => {
    const bound = 1 / UNUSUAL_P_VALUE - 1;
    const features = { ...TCP, 'Flow Duration': [0, bound - 1, bound, bound + 1] };
    expect((await predictRows(profileOf().of, parsed({ features }))).predictions).toEqual([0, 0, 1, 1]);
  });
});
