import { describe, expect, it } from 'vitest';
import type { Profile, ProfileDetail } from '../../../contract/api-models.ts';
import { columnsOf } from '../terminal/layout.ts';
import { paintFor } from '../terminal/paint.ts';
import { TrainingLine, trainingText } from '../terminal/training-progress.ts';
import {
  distributionLines,
  evaluationText,
  modelListText,
  previewText,
  probabilityText,
  profileText,
} from './model-text.ts';

const options = { width: 80, paint: paintFor(false) };

const PROFILE: Profile = {
  id: 'flow-3',
  table: 'flow',
  version: 3,
  state: 'active',
  reason: 'It was not worse.\u001b[2J',
  trainedMs: 1_700_000_000_000,
  source: 'this computer',
  kinds: ['baseline'],
  groups: ['tcp'],
  rows: 12_000,
  fromMs: null,
  untilMs: null,
  digest: 'ab',
  parent: null,
  bytes: 480_000,
  metrics: { calibrationRows: 9, validationRows: 9, onePercent: 0.011, oneInThousand: 0, seconds: 12, loss: 0.02 },
};

const DRIFT = {
  isDrifted: true,
  checkedMs: 1,
  rows: 900,
  scoreStability: 0.3,
  moved: [{ feature: 'x', label: 'bytes sent', unit: 'B', stability: 0.4, before: 1_000, now: 9_000_000 }],
};

describe('what has been learnt, in words', () => {
  it('says how far it is, what moved, and what may be shown', () => {
    const learning = {
      progress: null,
      rows: 1,
      rowsWanted: 2,
      readyMs: null,
      activeId: 'flow-3',
      drift: null,
    } as const;
    const lines = modelListText(
      {
        learning: [
          { ...learning, table: 'flow', state: 'drifted', detail: 'It has moved.', drift: DRIFT },
          { ...learning, table: 'host', state: 'learning', detail: 'Learning.', progress: 0.5 },
        ],
        profiles: [PROFILE],
        budget: { perDay: 3, shown: 1, heldBack: 4, threshold: 0.0004 },
        training: null,
      },
      options,
    );
    const text = lines.join('\n');
    expect(text).toContain('bytes sent: 1 kB → 9 MB, moved much (0.4)');
    expect(text).toContain('━━━━━━━━──────── 50 %');
    expect(text).toMatch(/flow-3 +active .* 12,000 +1\.10 % +480 kB/);
    expect(text.replaceAll('\n', ' ')).toContain('1 shown of at most 3 a day, 4 held back as too many');
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(80);
  });

  it('tells a version with its models and what is usual, and obeys nothing in it', () => {
    const columns = Array.from({ length: 20 }, (_, index) => ({
      feature: `f${index}`,
      label: index === 0 ? 'duration' : `column ${index}`,
      unit: index === 0 ? 'µs' : '',
      low: 1_000,
      median: 250_000,
      high: 3_000_000,
    }));
    const models = [{ kind: 'baseline' as const, weight: 1, bytes: 100, parameters: { trees: 100 } }];
    const distribution = { step: 0.25, counts: [100, 40, 10], threshold: 0.001 };
    const detail: ProfileDetail = {
      profile: PROFILE,
      groups: [{ group: 'tcp', rows: 9, models, columns, distribution }],
    };
    const text = profileText(detail, 5, options).join('\n');
    expect(text).not.toContain('\u001b');
    expect(text).toMatch(/duration +1 ms +250 ms +3 s/);
    expect(text).toContain('and 15 other columns');
    expect(text).toContain('trees 100');
    expect(profileText(detail, 99, options).join('\n')).not.toContain('other column');
  });

  it('draws few bars of many steps', () => {
    const lines = distributionLines({ step: 0.25, counts: Array(49).fill(3), threshold: null }, options);
    expect(columnsOf(lines[0]!)).toBeLessThan(50);
    expect(distributionLines({ step: 1, counts: [], threshold: null }, options)).toEqual([]);
  });

  it('says where there is nothing to tell', () => {
    const distribution = { step: 1, counts: [], threshold: null };
    const evaluation = { id: 'flow-1', rows: 0, onePercent: 0, oneInThousand: 0, medianPValue: 0, distribution };
    expect(evaluationText(evaluation, options)[0]).toContain('nothing in the sample');
    expect(previewText({ days: 0, total: 0, anomalies: [] }, 3, options)).toEqual(['There is nothing to look at yet.']);
    expect([0.5, 0.00004, 4e-9, 0].map(probabilityText)).toEqual(['0.5', '0.00004', '4e-9', '0']);
  });
});

describe('the progress of training', () => {
  const progress = {
    table: 'flow',
    step: 'fitting',
    group: 'tcp',
    model: 'autoencoder',
    epoch: 7,
    epochs: 20,
    losses: [{ training: 0.0132, heldBack: 0.014 }],
    progress: 0.435,
    secondsLeft: 11.2,
  } as const;

  it('is one line that fits the terminal', () => {
    const text = trainingText(progress, 140, paintFor(false));
    expect(text).toContain('flow tcp: learning autoencoder');
    expect(text).toContain('43 % · epoch 7 of 20 · loss 0.0132, held back 0.014 · 12 s left');
    for (let width = 5; width < 140; width++) {
      expect(columnsOf(trainingText(progress, width, paintFor(false)))).toBeLessThanOrEqual(width);
    }
  });

  it('is a line for each thing where lines cannot move', () => {
    const written: string[] = [];
    const output = {
      isTerminal: false,
      hasColor: false,
      columns: 80,
      rows: 24,
      write: (text: unknown) => void written.push(String(text)),
    };
    const line = new TrainingLine(output, paintFor(false));
    for (let epoch = 0; epoch <= 20; epoch++) line.update({ ...progress, epoch });
    line.update({ ...progress, model: null, step: 'calibrating', epoch: 0, epochs: 0 });
    line.clear();
    expect(written).toHaveLength(6);
    expect(written.at(-1)).toContain('flow tcp: calibrating');
  });
});
