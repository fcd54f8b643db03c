import { beforeAll, describe, expect, it } from 'vitest';
import type { TrainingProgress } from '../../../contract/models.ts';
import {
  fitProfile,
  ModelDocumentError,
  type Profile,
  readProfile,
  TABLE_COLUMNS,
  type TrainingHooks,
  type TrainingJob,
  type TrainingResult,
} from './index.ts';
import { usualHostRows, usualRows } from './profile-testing.ts';

const ROWS = usualHostRows(3_000, 3);
/** Of these, the rows that p-values are ranked among. */
const HELD_BACK = 450;
const JOB: TrainingJob = {
  table: 'host',
  kinds: ['baseline', 'isolation-forest', 'local-outlier-factor'],
  groups: [{ group: 'all', rows: ROWS }],
  seed: 1,
};
const quiet = (): TrainingHooks => ({ onProgress: () => {}, signal: new AbortController().signal });
const column = (name: string) => TABLE_COLUMNS.host.findIndex((each) => each.name === name);
const copyOf = (document: object) => JSON.parse(JSON.stringify(document));

let fitted: TrainingResult;
let profile: Profile;
const told: TrainingProgress[] = [];

beforeAll(async () => {
  fitted = await fitProfile(JOB, {
    ...quiet(),
    onProgress: (progress) => told.push(progress),
    clock: () => told.length * 1_000,
  });
  profile = readProfile(copyOf(fitted.document));
});

describe('a profile of a table', () => {
  it('is what was saved, when it is read again', () => {
    expect(profile.toJSON()).toEqual(fitted.document);
    expect(profile.groups).toEqual(['all']);
    expect(profile.kinds).toEqual(JOB.kinds);
  });

  it('is the same for the same rows and seed', async () => {
    const small = { ...JOB, kinds: ['baseline'] as const };
    expect((await fitProfile(small, quiet())).document).toEqual((await fitProfile(small, quiet())).document);
  });

  it('gives usual rows that it has not seen p-values that are spread evenly', () => {
    const fresh = usualHostRows(4_000, 77);
    const pValues = Array.from({ length: fresh.rows }, (_, row) =>
      profile.pValue('all', fresh.data, row * fresh.columns),
    );
    for (const share of [0.5, 0.2, 0.1, 0.05]) {
      const found = pValues.filter((p) => p <= share).length / pValues.length;
      // Three deviations of what so many held-back rows can tell.
      const tolerance = 3 / Math.sqrt((share / (1 - share)) * HELD_BACK);
      expect(found, `p ≤ ${share}`).toBeGreaterThan(share * (1 - tolerance));
      expect(found, `p ≤ ${share}`).toBeLessThan(share * (1 + tolerance));
    }
    expect(Math.min(...pValues)).toBeGreaterThan(0);
    expect(Math.max(...pValues)).toBeLessThanOrEqual(1);
  });

  it('finds a single value that is far from all, and says which', () => {
    const row = ROWS.data.slice(0, ROWS.columns);
    row[column('sent_bytes')] = 214e6;
    expect(profile.pValue('all', row)).toBeLessThan(0.002);
    const judgement = profile.judge('all', row)!;
    expect(judgement.pValue).toBe(profile.pValue('all', row));
    expect(judgement.probability).toBeGreaterThan(0.8);
    expect(judgement.reasons[0]).toMatchObject({ feature: 'sent_bytes', label: 'bytes sent', value: 214e6 });
    expect(judgement.reasons[0]!.words).toMatch(/^sent 214 MB; usual is under /);
    expect(judgement.models.map(({ kind }) => kind)).toEqual(JOB.kinds);
    expect(judgement.models.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1);
    expect(judgement.neighbours).toHaveLength(3);
  });

  it('takes missing values as usual, and names them', () => {
    const nothing = new Float64Array(ROWS.columns).fill(Number.NaN);
    const judgement = profile.judge('all', nothing)!;
    expect(judgement.pValue).toBeGreaterThan(0.3);
    expect(judgement.missing).toEqual(TABLE_COLUMNS.host.map(({ name }) => name));
    expect(judgement.reasons).toEqual([]);
  });

  it('knows nothing of other groups', () => {
    expect(profile.pValue('tcp', ROWS.data)).toBeNaN();
    expect(profile.judge('tcp', ROWS.data)).toBeUndefined();
    expect(profile.usual('tcp')).toEqual([]);
    expect(profile.detail('tcp')).toBeUndefined();
  });

  it('says what is usual, and of what it was made', () => {
    const usual = profile.usual('all')[column('cpu_percent')]!;
    expect(usual.low).toBeLessThanOrEqual(usual.median);
    expect(usual.median).toBeLessThanOrEqual(usual.high);
    expect([...usual.deciles]).toEqual([...usual.deciles].sort((a, b) => a - b));
    const detail = profile.detail('all')!;
    expect(detail.rows).toBe(1_800);
    expect(detail.distribution.counts.reduce((sum, count) => sum + count)).toBe(fitted.metrics.validationRows);
    expect(detail.models.find(({ kind }) => kind === 'isolation-forest')?.parameters).toMatchObject({ trees: 100 });
  });

  it('tells how far it is, rising to the end', () => {
    expect(told.map(({ step }) => step)).toEqual(['fitting', 'fitting', 'fitting', 'calibrating', 'validating']);
    const rising = told.map(({ progress }) => progress);
    expect(rising).toEqual([...rising].sort((a, b) => a - b));
    const { progress, secondsLeft } = told[4]!;
    expect(progress).toBeLessThan(1);
    // Four seconds of the clock for what is done.
    expect(secondsLeft).toBeCloseTo((4 * (1 - progress)) / progress);
  });
});

describe.each([
  ['flow', 'tcp', 'Total Length of Fwd Packets'],
  ['host', 'all', 'failed_logins'],
  ['process', 'all', 'files_renamed'],
] as const)('the table %s', (table, group, feature) => {
  it('is learnt, and what is far from usual in it is found', async () => {
    const rows = usualRows(table, 1_500, 6);
    const job: TrainingJob = { table, kinds: ['baseline', 'isolation-forest'], groups: [{ group, rows }], seed: 2 };
    const learnt = readProfile(copyOf((await fitProfile(job, quiet())).document));
    const row = rows.data.slice(0, rows.columns);
    const place = learnt.columns.findIndex(({ name }) => name === feature);
    row[place] = 1e15;
    expect(learnt.pValue(group, row)).toBeLessThan(0.01);
    expect(learnt.pValue(group, row)).toBeLessThan(learnt.pValue(group, rows.data) / 10);
    const [reason] = learnt.judge(group, row)!.reasons;
    expect(reason).toMatchObject({ feature, label: learnt.columns[place]!.label });
    expect(reason!.usual).toMatchObject({ median: learnt.usual(group)[place]!.median });
  });
});

describe('learning', () => {
  it('trains an autoencoder where it is asked for, and tells of its epochs', async () => {
    const epochs: TrainingProgress[] = [];
    const job: TrainingJob = {
      ...JOB,
      kinds: ['autoencoder'],
      groups: [{ group: 'all', rows: usualHostRows(400, 5) }],
      parameters: { autoencoder: { layers: [8, 4], epochs: 3 } },
    };
    const { document, metrics } = await fitProfile(job, {
      ...quiet(),
      onProgress: (progress) => progress.epoch > 0 && epochs.push(progress),
    });
    expect(epochs.map(({ epoch, losses }) => [epoch, losses.length])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(metrics.loss).toBeGreaterThan(0);
    expect(readProfile(copyOf(document)).kinds).toEqual(['autoencoder']);
  });

  it('ends when nobody wants it any more', async () => {
    const controller = new AbortController();
    const hooks = { signal: controller.signal, onProgress: () => controller.abort() };
    await expect(fitProfile(JOB, hooks)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('leaves out groups with too few rows, and refuses a table of nothing else', async () => {
    const few = usualHostRows(99, 1);
    await expect(fitProfile({ ...JOB, groups: [{ group: 'all', rows: few }] }, quiet())).rejects.toThrow(
      'at least 100',
    );
  });

  it('refuses groups and columns of other tables', async () => {
    await expect(fitProfile({ ...JOB, groups: [{ group: 'tcp', rows: ROWS }] }, quiet())).rejects.toThrow(
      'no group tcp',
    );
    await expect(fitProfile({ ...JOB, table: 'process' }, quiet())).rejects.toThrow(RangeError);
  });
});

/** The document with another value at one place; all else is shared. */
function changed(part: unknown, [step, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(part)) return part.map((entry, index) => (index === step ? changed(entry, rest, value) : entry));
  const fields: Record<string, unknown> = Object.fromEntries(Object.entries(part as object));
  return { ...fields, [step]: changed(fields[step], rest, value) };
}

describe('a document of a profile', () => {
  it('is refused with a field missing, of another type or too many, at any depth', async () => {
    const small = {
      ...JOB,
      kinds: ['baseline', 'local-outlier-factor'] as const,
      groups: [{ group: 'all' as const, rows: usualHostRows(300, 3) }],
    };
    const sound = copyOf((await fitProfile(small, quiet())).document);
    const places: (readonly (string | number)[])[] = [
      [],
      ['groups', 0],
      ['groups', 0, 'learnt'],
      ['groups', 0, 'learnt', 'ensemble'],
      ['groups', 0, 'learnt', 'ensemble', 'quick', 0],
      ['groups', 0, 'learnt', 'ensemble', 'quickJoint'],
    ];
    for (const place of places) {
      const names = Object.keys(place.reduce((part, name) => part[name], sound));
      for (const name of [...names, 'more']) {
        for (const broken of [undefined, null, -1, 1e308, 'AAAA', [], {}, true]) {
          // The one field that may be null, one that may be any number, and one that nobody misses when it is not there.
          if (['allJoint', 'threshold', 'most', 'scale'].includes(name) || (name === 'more' && broken === undefined)) {
            continue;
          }
          const document = changed(sound, [...place, name], broken);
          expect(() => readProfile(document), `${[...place, name].join('.')}: ${String(broken)}`).toThrow(
            ModelDocumentError,
          );
        }
      }
    }
  });

  it('is refused when it is of other columns', () => {
    const document = copyOf(fitted.document);
    expect(() => readProfile({ ...document, table: 'process' })).toThrow('columns');
    expect(() => readProfile({ ...document, groups: [...document.groups, ...document.groups] })).toThrow('groups');
  });
});
