/** What engines say of their models at several moments of their lives, for tests of the page that shows it. */
import type { CallOutput, ParsedInput } from '../../contract/api.ts';
import type {
  AlertBudget,
  Drift,
  Learning,
  Profile,
  ProfileDetail,
  ProfileEvaluation,
  Training,
} from '../../contract/api-models.ts';
import { MODEL_TABLES, type ModelTable } from '../../contract/models.ts';
import type { Script } from './scripted-console.ts';

const NOW = Date.now();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function sampleVersion(version: number, change: Partial<Profile> = {}): Profile {
  const table = change.table ?? 'flow';
  return {
    id: `${table}-${version}`,
    table,
    version,
    state: 'retired',
    reason: `Version ${version + 1} took its place.`,
    trainedMs: NOW - (5 - version) * 7 * DAY_MS,
    source: 'this computer',
    kinds: ['baseline', 'isolation-forest', 'autoencoder'],
    groups: table === 'flow' ? ['tcp', 'udp'] : ['all'],
    rows: 12_000 + version * 2_000,
    fromMs: NOW - (6 - version) * 7 * DAY_MS,
    untilMs: NOW - (5 - version) * 7 * DAY_MS,
    digest: `${version}c0ffee`.padEnd(64, '5'),
    parent: version === 1 ? null : `${table}-${version - 1}`,
    bytes: 3_200_000 + version * 90_000,
    metrics: {
      calibrationRows: 4_800,
      validationRows: 2_400,
      onePercent: 0.009 + version / 1_000,
      oneInThousand: 0.0012,
      seconds: 31 + version,
      loss: 0.024 - version / 1_000,
    },
    ...change,
  };
}

/** Four of the traffic, one of which is kept back; one of the computer. */
export const VERSIONS: readonly Profile[] = [
  sampleVersion(4, {
    state: 'candidate',
    reason:
      'Kept as a candidate: on the validation sample 3.1 % of usual rows would be rarer than 1 in 100, where version 3 has 1.2 %.',
    metrics: { ...sampleVersion(4).metrics, onePercent: 0.031 },
  }),
  sampleVersion(3, { state: 'active', reason: 'In use: not worse than version 2 on the validation sample.' }),
  sampleVersion(2),
  sampleVersion(1),
  sampleVersion(1, { table: 'host', state: 'active', reason: 'In use: it is the first.' }),
];

/** Scores of so many rows as they are of even p-values, with a few too many at the end. */
export function sampleDistribution(rows: number, extra = 3): ProfileEvaluation['distribution'] {
  const step = 0.25;
  const counts = Array.from({ length: 24 }, (_, index) =>
    Math.round(rows * (10 ** (-index * step) - 10 ** (-(index + 1) * step)) + (index > 14 && index < 18 ? extra : 0)),
  );
  return { step, counts, threshold: 0.000_3 };
}

function evaluation(id: string): ProfileEvaluation {
  const isWorse = id.endsWith('4');
  return {
    id,
    rows: 18_000,
    onePercent: isWorse ? 0.031 : 0.012,
    oneInThousand: isWorse ? 0.004 : 0.001_3,
    medianPValue: isWorse ? 0.41 : 0.49,
    distribution: sampleDistribution(18_000, isWorse ? 60 : 3),
  };
}

export const DRIFT: Drift = {
  isDrifted: true,
  checkedMs: NOW - 2 * HOUR_MS,
  rows: 6_400,
  scoreStability: 0.31,
  moved: [
    { feature: 'Bwd Bytes', label: 'bytes received', unit: 'B', stability: 0.62, before: 4_200, now: 61_000 },
    { feature: 'Flow Duration', label: 'time it lasted', unit: 's', stability: 0.33, before: 1.2, now: 14 },
    { feature: 'Fwd Packets', label: 'packets sent', unit: 'packets', stability: 0.18, before: 9, now: 14 },
    { feature: 'SYN', label: 'beginnings of connections', unit: '', stability: 0.04, before: 1, now: 1 },
  ],
};

export const CALM: Drift = { ...DRIFT, isDrifted: false, scoreStability: 0.03, moved: DRIFT.moved.slice(3) };

const LEARNING: Readonly<Record<ModelTable, Learning>> = {
  flow: {
    table: 'flow',
    state: 'learning',
    detail: 'Still learning: 63 % of a week has been seen. Unusual things are noted, not alerted.',
    progress: 0.63,
    rows: 9_412,
    rowsWanted: 2_000,
    readyMs: NOW + 2.6 * DAY_MS,
    activeId: null,
    drift: null,
  },
  host: {
    table: 'host',
    state: 'learning',
    detail: 'Still learning: it needs 2,000 stretches of 10 s, of which 412 have been seen.',
    progress: 0.2,
    rows: 412,
    rowsWanted: 2_000,
    readyMs: NOW + 4.4 * HOUR_MS,
    activeId: null,
    drift: null,
  },
  process: {
    table: 'process',
    state: 'off',
    detail: 'Programs are not watched yet, so nothing can be learnt of them.',
    progress: null,
    rows: 0,
    rowsWanted: 500,
    readyMs: null,
    activeId: null,
    drift: null,
  },
};

const READY: Partial<Learning> = { state: 'ready', progress: null, rows: 18_000, readyMs: null };

export type Moment = 'learning' | 'training' | 'ready' | 'drifted' | 'failed';

function learningAt(moment: Moment): readonly Learning[] {
  if (moment === 'learning') return MODEL_TABLES.map((table) => LEARNING[table]);
  const host: Learning = {
    ...LEARNING.host,
    ...READY,
    detail: 'What this computer usually does is known.',
    activeId: 'host-1',
  };
  const ready: Learning = {
    ...LEARNING.flow,
    ...READY,
    detail: 'What this computer usually says to others is known.',
    activeId: 'flow-3',
    drift: CALM,
  };
  const flow: Readonly<Record<Exclude<Moment, 'learning'>, Learning>> = {
    ready,
    failed: ready,
    training: { ...ready, state: 'training', detail: 'It is learnt anew; version 3 goes on judging meanwhile.' },
    drifted: {
      ...ready,
      state: 'drifted',
      detail: 'What is seen is no longer like what version 3 learnt. Train again.',
      drift: DRIFT,
    },
  };
  return [flow[moment], host, LEARNING.process];
}

/** A run in the middle of its autoencoder. */
export function runningTraining(epoch = 22): Training {
  return {
    id: 't-7',
    state: 'running',
    startedMs: Date.now() - 95_000,
    endedMs: null,
    actor: 'ada (uid 1000)',
    tables: ['flow'],
    kinds: ['baseline', 'isolation-forest', 'autoencoder'],
    now: {
      table: 'flow',
      step: 'fitting',
      group: 'tcp',
      model: 'autoencoder',
      epoch,
      epochs: 50,
      losses: Array.from({ length: epoch }, (_, index) => ({
        training: 0.018 + 0.4 / (index + 1.2),
        heldBack: 0.022 + 0.42 / (index + 1.3) + 0.002 * (index % 3),
      })),
      progress: 0.1 + epoch / 100,
      secondsLeft: 4 * (50 - epoch),
    },
    made: [],
    failure: null,
  };
}

const ENDED: Training = {
  ...runningTraining(),
  id: 't-6',
  state: 'done',
  startedMs: NOW - 3 * HOUR_MS,
  endedMs: NOW - 3 * HOUR_MS + 71_000,
  actor: 'schedule',
  now: null,
  made: [VERSIONS[0]],
};

const FAILED: Training = {
  ...ENDED,
  state: 'failed',
  made: [],
  failure: {
    code: 'training-ended',
    message: 'The training ended unexpectedly.',
    hint: 'Look at the log, and train again.',
  },
};

const TRAININGS: Readonly<Record<Moment, Training | null>> = {
  learning: null,
  training: runningTraining(),
  ready: ENDED,
  drifted: ENDED,
  failed: FAILED,
};

export const BUDGET: AlertBudget = { perDay: 5, shown: 2, heldBack: 11, threshold: 0.000_3 };

/** What `models.watch` and `models.list` say at a moment. */
export function modelsAt(moment: Moment): CallOutput<'models.list'> {
  const isLearning = moment === 'learning';
  return {
    learning: learningAt(moment),
    profiles: isLearning ? [] : VERSIONS,
    budget: isLearning ? { ...BUDGET, shown: 0, heldBack: 0, threshold: null } : BUDGET,
    training: TRAININGS[moment],
  };
}

function preview({ perDay }: ParsedInput<'models.preview'>): CallOutput<'models.preview'> {
  const total = Math.round(perDay * 27);
  return {
    days: 30,
    total,
    anomalies: Array.from({ length: Math.min(total, 100) }, (_, index) => ({
      timeMs: NOW - index * 7.3 * HOUR_MS,
      title: `Unusual traffic of 10.0.0.5 with 203.0.113.${index}`,
      pValue: 0.000_2 / (1 + (index % 7)),
      probability: 0.9,
      reasons: ['sent 214 MB; usual is under 2 MB', 'lasted 3 min; usual is under 20 s'],
    })),
  };
}

function detail(id: string, profiles: readonly Profile[]): ProfileDetail {
  const profile = profiles.find((one) => one.id === id) ?? VERSIONS[1];
  const model = (
    kind: Profile['kinds'][number],
    weight: number,
    bytes: number,
    parameters: Record<string, number>,
  ) => ({
    kind,
    weight,
    bytes,
    parameters,
  });
  return {
    profile,
    groups: profile.groups.map((group, index) => ({
      group,
      rows: Math.round(profile.rows / (index + 1)),
      models: [
        model('baseline', 0.2, 9_000, {}),
        model('isolation-forest', 0.4, 2_400_000, { trees: 100, sample: 256 }),
        model('autoencoder', 0.4, 120_000, { layers: 3, epochs: 37, learningRate: 0.001 }),
      ],
      columns: [
        { feature: 'Fwd Bytes', label: 'bytes sent', unit: 'B', low: 60, median: 1_420, high: 2_100_000 },
        { feature: 'Bwd Bytes', label: 'bytes received', unit: 'B', low: 0, median: 4_200, high: 61_000_000 },
        { feature: 'Flow Duration', label: 'time it lasted', unit: 's', low: 0.001, median: 1.2, high: 318 },
        { feature: 'Fwd Packets', label: 'packets sent', unit: 'packets', low: 1, median: 9, high: 1_800 },
      ],
      distribution: sampleDistribution(4_800, 0),
    })),
  };
}

/** An engine whose models are at a moment; what is done with them is not kept. @param profiles other versions */
export function modelScript(moment: Moment, profiles: readonly Profile[] = modelsAt(moment).profiles): Script {
  const now = { ...modelsAt(moment), profiles };
  const { learning, training, budget } = now;
  return {
    'models.list': () => now,
    'models.watch': () => [{ learning, training, budget }],
    'models.evaluate': ({ id }) => evaluation(id),
    'models.get': ({ id }) => detail(id, profiles),
    'models.compare': ({ first, second }) => ({
      first: evaluation(first),
      second: evaluation(second),
      rankCorrelation: 0.87,
      disagreement: 0.021,
    }),
    'models.preview': moment === 'learning' ? () => ({ days: 0, total: 0, anomalies: [] }) : preview,
  };
}
