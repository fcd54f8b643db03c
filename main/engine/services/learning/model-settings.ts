import { MAX_ALERTS_A_DAY } from '../../../../contract/api-models.ts';
import { DEFAULT_MODEL_KINDS, MODEL_KINDS } from '../../../../contract/models.ts';
import type { SettingTable, SettingValues } from '../../runtime/settings.ts';

/** The section "models" of the configuration: learning what is normal on this computer. */
export const modelSettings = {
  enabled: {
    type: 'boolean',
    default: true,
    reason: 'Learn what is usual on this computer and tell what is not. Nothing that is learnt leaves it.',
  },
  alertsPerDay: {
    type: 'number',
    default: 3,
    min: 0,
    max: MAX_ALERTS_A_DAY,
    unit: 'alerts/d',
    reason:
      'How many anomaly alerts a day are welcome; more are counted and not shown, and the last of a day is kept for what is ' +
      'ten times as unusual. Three can be looked at every day without getting used to them. 0 shows none and goes on learning.',
  },
  kinds: {
    type: 'list',
    default: DEFAULT_MODEL_KINDS,
    minimumItems: 1,
    pattern: new RegExp(`^(${MODEL_KINDS.join('|')})$`),
    patternMeaning: `one of ${MODEL_KINDS.join(', ')}`,
    reason: 'Models that are trained. These three find nearly all that all six do, at a tenth of the cost.',
  },
  learningHours: {
    type: 'number',
    default: 24,
    min: 0,
    max: 720,
    unit: 'h',
    reason:
      'Time that is watched before the first training. A whole day has its morning, its backups and its night; ' +
      'until then a simple baseline judges.',
  },
  learningRows: {
    type: 'number',
    default: 2000,
    min: 200,
    max: 1_000_000,
    integer: true,
    unit: 'rows',
    reason: 'Conversations that are wanted before the first training: enough to tell one usual row in a thousand.',
  },
  retrainDays: {
    type: 'number',
    default: 7,
    min: 0.01,
    max: 365,
    unit: 'd',
    reason: 'Training begins by itself so long after the last; a week has its weekend. Sooner when habits have moved.',
  },
  onlyOnMains: {
    type: 'boolean',
    default: true,
    reason: 'Train by itself only while a charger is connected: training keeps a core busy for a minute or so.',
  },
  idleLoad: {
    type: 'number',
    default: 0.5,
    min: 0.01,
    max: 100,
    unit: 'load/core',
    reason: 'Train by itself only while the load of each core is below this, so that nobody notices it.',
  },
  sampleRows: {
    type: 'number',
    default: 20_000,
    min: 1000,
    max: 200_000,
    integer: true,
    unit: 'rows',
    reason:
      'TCP conversations that are kept to learn from, half as many of UDP, a quarter of all others: some 12 MB of the ' +
      'database.',
  },
  holdMinutes: {
    type: 'number',
    default: 10,
    min: 0,
    max: 1440,
    unit: 'min',
    reason:
      'Conversations are learnt from only when so much time has passed, so that an alert that comes later than the ' +
      'attack still keeps it out.',
  },
  quarantineDays: {
    type: 'number',
    default: 3,
    min: 0,
    max: 90,
    unit: 'd',
    reason:
      'What the model in use finds very unusual is not learnt from for so long. What no rule has spoken of for three ' +
      'days may be a new habit; a shorter time would let an attacker teach it his own.',
  },
  keptVersions: {
    type: 'number',
    default: 5,
    min: 2,
    max: 50,
    integer: true,
    unit: 'versions',
    reason: 'Versions of each table that are kept, to compare with and to go back to; the oldest goes.',
  },
} as const satisfies SettingTable;

export type ModelSettings = SettingValues<typeof modelSettings>;
