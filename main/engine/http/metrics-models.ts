/** What has been learnt, as metrics: how far it is, what it finds, whether it still fits, what training takes. */
import type { CallOutput } from '../../../contract/api.ts';
import type { Learning, Profile } from '../../../contract/api-models.ts';
import { LEARNING_STATES, TRAINING_STATES } from '../../../contract/models.ts';
import type { MetricRow, Sample } from './metrics-row.ts';

export type ModelList = CallOutput<'models.list'>;

const MS_PER_SECOND = 1_000;

type TableSamples = (learning: Learning) => readonly Sample[];

function byTable(samples: TableSamples): MetricRow<ModelList>['samples'] {
  return ({ learning }) =>
    learning.flatMap((each) =>
      samples(each).map(([value, labels]): Sample => [value, { table: each.table, ...labels }]),
    );
}

/** Of the versions in use. */
function active(value: (profile: Profile) => number | null): MetricRow<ModelList>['samples'] {
  return ({ profiles }) =>
    profiles
      .filter(({ state }) => state === 'active')
      .flatMap((profile): Sample[] => {
        const found = value(profile);
        return found === null ? [] : [[found, { table: profile.table }]];
      });
}

export const MODEL_ROWS: readonly MetricRow<ModelList>[] = [
  {
    name: 'holdfast_model_state',
    help: 'State of what is learnt of a table: 1 for the state that it is in, 0 for the others.',
    type: 'gauge',
    labels: ['table', 'state'],
    samples: byTable(({ state }) => LEARNING_STATES.map((each): Sample => [each === state ? 1 : 0, { state: each }])),
  },
  {
    name: 'holdfast_model_sample_rows',
    help: 'Rows in the sample that is learnt from.',
    type: 'gauge',
    labels: ['table'],
    samples: byTable(({ rows }) => [[rows]]),
  },
  {
    name: 'holdfast_model_learning_ratio',
    help: 'How far the learning period is, 0 to 1.',
    type: 'gauge',
    labels: ['table'],
    samples: byTable(({ progress }) => (progress === null ? [] : [[progress]])),
  },
  {
    name: 'holdfast_model_active_version',
    help: 'Number of the version in use.',
    type: 'gauge',
    labels: ['table'],
    samples: active(({ version }) => version),
  },
  {
    name: 'holdfast_model_versions',
    help: 'Versions that are kept, by their state.',
    type: 'gauge',
    labels: ['table', 'state'],
    samples: ({ profiles }) => {
      const counts = new Map<string, { count: number; readonly labels: Readonly<Record<string, string>> }>();
      for (const { table, state } of profiles) {
        const known = counts.get(`${table} ${state}`);
        if (known === undefined) counts.set(`${table} ${state}`, { count: 1, labels: { table, state } });
        else known.count += 1;
      }
      return [...counts.values()].map(({ count, labels }): Sample => [count, labels]);
    },
  },
  {
    name: 'holdfast_model_trained_timestamp_seconds',
    help: 'When the version in use was trained, in seconds since the epoch.',
    type: 'gauge',
    labels: ['table'],
    samples: active(({ trainedMs }) => trainedMs / MS_PER_SECOND),
  },
  {
    name: 'holdfast_model_training_duration_seconds',
    help: 'How long the training of the version in use took.',
    type: 'gauge',
    labels: ['table'],
    samples: active(({ metrics }) => metrics.seconds),
  },
  {
    name: 'holdfast_model_trained_rows',
    help: 'Rows that the version in use has learnt from.',
    type: 'gauge',
    labels: ['table'],
    samples: active(({ rows }) => rows),
  },
  {
    name: 'holdfast_model_validation_one_percent_ratio',
    help: 'Share of rows it had not seen that the version in use gave a p-value of at most 0.01; 0.01 is right.',
    type: 'gauge',
    labels: ['table'],
    samples: active(({ metrics }) => metrics.onePercent),
  },
  {
    name: 'holdfast_model_loss',
    help: 'Mean squared error of the autoencoder in use on rows it had not seen.',
    type: 'gauge',
    labels: ['table'],
    samples: active(({ metrics }) => metrics.loss),
  },
  {
    name: 'holdfast_model_rows_judged_total',
    help: 'Rows that were judged since the engine started.',
    type: 'counter',
    labels: ['table'],
    samples: byTable(({ judged }) => (judged === undefined ? [] : [[judged.rows]])),
  },
  {
    name: 'holdfast_model_rows_by_p_value_total',
    help: 'Rows that were judged since the engine started and had a p-value of at most this.',
    type: 'counter',
    labels: ['table', 'p_value'],
    samples: byTable(
      ({ judged }) => judged?.byDecade.map((count, decade): Sample => [count, { p_value: `1e-${decade + 1}` }]) ?? [],
    ),
  },
  {
    name: 'holdfast_model_drifted',
    help: 'Whether what is usual has moved away from what was learnt.',
    type: 'gauge',
    labels: ['table'],
    samples: byTable(({ drift }) => (drift === null ? [] : [[drift.isDrifted ? 1 : 0]])),
  },
  {
    name: 'holdfast_model_score_stability',
    help: 'Population stability index of the scores since training: below 0.1 hardly moved, above 0.25 much.',
    type: 'gauge',
    labels: ['table'],
    samples: byTable(({ drift }) => (drift === null ? [] : [[drift.scoreStability]])),
  },
  {
    name: 'holdfast_model_feature_stability',
    help: 'Population stability index of the features that have moved most since training.',
    type: 'gauge',
    labels: ['table', 'feature'],
    samples: byTable(({ drift }) =>
      (drift?.moved ?? []).map(({ feature, stability }): Sample => [stability, { feature }]),
    ),
  },
  {
    name: 'holdfast_anomalies_shown',
    help: 'Anomalies that were shown in the last 24 hours.',
    type: 'gauge',
    labels: [],
    samples: ({ budget }) => [[budget.shown]],
  },
  {
    name: 'holdfast_anomalies_held_back',
    help: 'Anomalies of the last 24 hours that were not shown, as there had been as many as are wanted.',
    type: 'gauge',
    labels: [],
    samples: ({ budget }) => [[budget.heldBack]],
  },
  {
    name: 'holdfast_anomalies_wanted',
    help: 'Setting models.alertsPerDay: how many anomalies a day are shown at most.',
    type: 'gauge',
    labels: [],
    samples: ({ budget }) => [[budget.perDay]],
  },
  {
    name: 'holdfast_anomaly_threshold',
    help: 'P-value below which an anomaly is shown at present.',
    type: 'gauge',
    labels: [],
    samples: ({ budget: { threshold } }) => (threshold === null ? [] : [[threshold]]),
  },
  {
    name: 'holdfast_training_state',
    help: 'State of the latest training: 1 for the state that it is in, 0 for the others.',
    type: 'gauge',
    labels: ['state'],
    samples: ({ training }) =>
      training === null
        ? []
        : TRAINING_STATES.map((each): Sample => [each === training.state ? 1 : 0, { state: each }]),
  },
  {
    name: 'holdfast_training_progress_ratio',
    help: 'How far the training is that goes on, 0 to 1.',
    type: 'gauge',
    labels: [],
    samples: ({ training }) => (training?.now == null ? [] : [[training.now.progress]]),
  },
  {
    name: 'holdfast_training_duration_seconds',
    help: 'How long the latest training took, whatever became of it.',
    type: 'gauge',
    labels: [],
    samples: ({ training }) =>
      training?.endedMs == null ? [] : [[Math.max(0, training.endedMs - training.startedMs) / MS_PER_SECOND]],
  },
];
