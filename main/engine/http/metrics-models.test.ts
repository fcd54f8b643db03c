import { describe, expect, it } from 'vitest';
import { API } from '../../../contract/api.ts';
import type { Status } from '../../../contract/api-schemas.ts';
import { Metrics } from './metrics.ts';
import type { ModelList } from './metrics-models.ts';

const STATUS: Status = {
  version: '0.0.0-test',
  startedMs: 0,
  uptimeSeconds: 1,
  mode: 'observe',
  health: [],
  interfaces: [],
  traffic: { packetsPerSecond: 0, bytesPerSecond: 0, openFlows: 214 },
  pause: null,
  abilities: [],
  alerts: { info: 0, low: 0, medium: 0, high: 0, critical: 0 },
  cost: { pid: 1, cpuPercent: 0, memoryBytes: 1 },
};

const LEARNING = { detail: 'x', progress: null, rowsWanted: 0, readyMs: null, drift: null } as const;

const MODELS: ModelList = {
  learning: [
    {
      ...LEARNING,
      table: 'flow',
      state: 'drifted',
      rows: 12_000,
      activeId: 'flow-3',
      drift: {
        isDrifted: true,
        checkedMs: 1,
        rows: 500,
        scoreStability: 0.31,
        moved: [{ feature: 'Flow Duration', label: 'duration', unit: 'µs', stability: 0.4, before: 1, now: 2 }],
      },
      judged: { rows: 900, byDecade: [80, 9, 1] },
    },
    { ...LEARNING, table: 'host', state: 'learning', rows: 10, progress: 0.25, activeId: null },
  ],
  profiles: [
    {
      id: 'flow-3',
      table: 'flow',
      version: 3,
      state: 'active',
      reason: '',
      trainedMs: 1_700_000_000_000,
      source: 'this computer',
      kinds: ['baseline'],
      groups: ['tcp'],
      rows: 11_000,
      fromMs: null,
      untilMs: null,
      digest: '',
      parent: null,
      bytes: 1,
      metrics: {
        calibrationRows: 1,
        validationRows: 1,
        onePercent: 0.011,
        oneInThousand: 0,
        seconds: 12.5,
        loss: null,
      },
    },
  ],
  budget: { perDay: 3, shown: 2, heldBack: 7, threshold: 0.0004 },
  training: {
    id: 't-1',
    state: 'done',
    startedMs: 1_000,
    endedMs: 14_000,
    actor: 'x',
    tables: ['flow'],
    kinds: ['baseline'],
    now: null,
    made: [],
    failure: null,
  },
};

describe('metrics of what has been learnt', () => {
  const metrics = new Metrics({ version: '1.2.3', isEngineProcess: false });

  it('are made of the answer that the contract promises', () => {
    expect(API['models.list'].output.safeParse(MODELS).success).toBe(true);
  });

  it('tell state, scores, drift and what training takes', async () => {
    const lines = (await metrics.text(STATUS, MODELS)).split('\n');
    for (const line of [
      'holdfast_model_state{table="flow",state="drifted"} 1',
      'holdfast_model_state{table="flow",state="ready"} 0',
      'holdfast_model_sample_rows{table="host"} 10',
      'holdfast_model_learning_ratio{table="host"} 0.25',
      'holdfast_model_active_version{table="flow"} 3',
      'holdfast_model_versions{table="flow",state="active"} 1',
      'holdfast_model_training_duration_seconds{table="flow"} 12.5',
      'holdfast_model_rows_judged_total{table="flow"} 900',
      'holdfast_model_rows_by_p_value_total{table="flow",p_value="1e-2"} 9',
      'holdfast_model_score_stability{table="flow"} 0.31',
      'holdfast_model_feature_stability{table="flow",feature="Flow Duration"} 0.4',
      'holdfast_anomalies_shown 2',
      'holdfast_anomalies_held_back 7',
      'holdfast_anomaly_threshold 0.0004',
      'holdfast_training_state{state="done"} 1',
      'holdfast_training_duration_seconds 13',
    ]) {
      expect(lines).toContain(line);
    }
    expect(lines.join('\n')).not.toContain('holdfast_model_loss{');
  });

  it('are gone when the engine does not say', async () => {
    const text = await metrics.text(STATUS);
    expect(text).not.toMatch(/^holdfast_(model|anomal|training)\w*[{ ]/m);
    expect(text).toMatch(/^holdfast_flows_open 214$/m);
  });
});
