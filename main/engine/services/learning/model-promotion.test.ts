import { beforeAll, describe, expect, it } from 'vitest';
import {
  fitProfile,
  type Profile,
  Random,
  readProfile,
  TABLE_COLUMNS,
  type TrainingGroup,
} from '../../models/index.ts';
import { agreementOf, judgePromotion, pValuesOf, shareUpTo, strangeRows } from './model-promotion.ts';

const COLUMNS = TABLE_COLUMNS.host.length;
/** The rest never varies. */
const VARYING = 8;
const METRICS = { calibrationRows: 1, validationRows: 500, onePercent: 0.01, oneInThousand: 0, seconds: 1, loss: null };

function rowsOf(seed: number, count: number, mean = 20): TrainingGroup[] {
  const random = new Random(seed);
  const data = new Float64Array(count * COLUMNS);
  for (let place = 0; place < data.length; place++) {
    data[place] = place % COLUMNS < VARYING ? mean + 3 * random.normal() : 5;
  }
  return [{ group: 'all', rows: { rows: count, columns: COLUMNS, data } }];
}

async function fitted(groups: TrainingGroup[], seed = 1): Promise<Profile> {
  const hooks = { onProgress: () => {}, signal: new AbortController().signal };
  const job = { table: 'host', kinds: ['baseline', 'isolation-forest'], groups, seed } as const;
  return readProfile((await fitProfile(job, hooks)).document);
}

let first: Profile;
let second: Profile;
let elsewhere: Profile;
const check = rowsOf(9, 400);
beforeAll(async () => {
  first = await fitted(rowsOf(1, 1_500));
  second = await fitted(rowsOf(2, 1_500), 2);
  elsewhere = await fitted(rowsOf(3, 1_500, 90), 3);
});

const request = (candidate: Profile, active?: Profile) => ({
  candidate,
  active,
  activeId: active === undefined ? null : 'host-1',
  metrics: METRICS,
  check,
  seed: 4,
});

describe('a new version', () => {
  it('is used when it is the first and tells strange rows from usual ones', async () => {
    expect(await judgePromotion(request(first))).toMatchObject({
      isPromoted: true,
      reason: expect.stringContaining('first'),
    });
    const strange = strangeRows(check, [...Array(COLUMNS).keys()], 4);
    expect(shareUpTo(await pValuesOf(first, strange), 0.01)).toBeGreaterThan(0.95);
    expect(shareUpTo(await pValuesOf(first, check), 0.01)).toBeLessThan(0.04);
  });

  it('is used when it judges as the one before does', async () => {
    expect(await judgePromotion(request(second, first))).toMatchObject({
      isPromoted: true,
      reason: expect.stringContaining('newer than host-1'),
    });
    const agreement = agreementOf(await pValuesOf(first, check), await pValuesOf(second, check));
    expect(agreement.disagreement).toBeLessThan(0.05);
    expect(agreement.rankCorrelation).toBeGreaterThan(0.5);
  });

  it('is kept out when it finds usual rows unusual, by its own count too', async () => {
    expect(await judgePromotion(request(elsewhere, first))).toMatchObject({
      isPromoted: false,
      reason: expect.stringContaining('of usual rows'),
    });
    const alarming = { ...request(first), metrics: { ...METRICS, onePercent: 0.2 } };
    expect((await judgePromotion(alarming)).reason).toBe(
      'It is not in use because it finds 20 % of usual rows as unusual as 1 % should be.',
    );
  });

  it('is kept out when it finds nothing, knows less, or orders things otherwise', async () => {
    const blind: Profile = { ...bound(first), pValue: () => 0.5 };
    expect((await judgePromotion(request(blind))).reason).toContain('made strange');
    const less: Profile = { ...bound(second), groups: [] };
    expect((await judgePromotion(request(less, { ...bound(first), groups: ['all'] }))).reason).toContain(
      'knows nothing of all',
    );
    const turned: Profile = {
      ...bound(second),
      pValue: (group, values, offset) => {
        const p = second.pValue(group, values, offset);
        return p <= 0.02 ? p : 1.02 - p;
      },
    };
    expect((await judgePromotion(request(turned, first))).reason).toContain('not the same');
  });

  it('is not judged by columns that never vary', () => {
    const [{ rows }] = strangeRows(check, [...Array(COLUMNS).keys()], 1);
    for (let row = 0; row < rows.rows; row++) expect(rows.data[row * COLUMNS + COLUMNS - 1]).toBe(5);
  });
});

/** Methods of a class do not come along with its fields. */
function bound(profile: Profile): Profile {
  return {
    table: profile.table,
    columns: profile.columns,
    groups: profile.groups,
    kinds: profile.kinds,
    pValue: (...given) => profile.pValue(...given),
    judge: (...given) => profile.judge(...given),
    usual: (group) => profile.usual(group),
    detail: (group) => profile.detail(group),
    toJSON: () => profile.toJSON(),
  };
}
