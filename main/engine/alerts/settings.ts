import type { SettingTable, SettingValues } from '../runtime/settings.ts';

/** What can be set about joining findings into alerts: section `alerts` of the configuration. */
export const alertSettings = {
  joinGapSeconds: {
    type: 'number',
    default: 600,
    min: 1,
    max: 86_400,
    unit: 's',
    reason:
      'Longest silence inside one alert. Ten minutes outlast the pauses of slow scanners and password guessers, and still tell this morning’s attack from this afternoon’s.',
  },
  chainGapSeconds: {
    type: 'number',
    default: 21_600,
    min: 1,
    max: 604_800,
    unit: 's',
    reason:
      'Longest silence between two steps of one intrusion (a scan, a guessed password, a shell, stolen data) by one attacker. Six hours span the pauses of a person at work.',
  },
  maxAlerts: {
    type: 'number',
    default: 10_000,
    min: 10,
    max: 1_000_000,
    integer: true,
    unit: 'alerts',
    reason:
      'Alerts kept in memory; when there are more, the least severe and oldest of them are forgotten here (the store keeps them) and counted. At some 3 kB each this is 30 MB.',
  },
  maxEvidence: {
    type: 'number',
    default: 24,
    min: 4,
    max: 200,
    integer: true,
    unit: 'lines',
    reason: 'Lines of evidence in one alert: three detectors’ worth, and still one screen to read.',
  },
  maxRelated: {
    type: 'number',
    default: 16,
    min: 0,
    max: 200,
    integer: true,
    unit: 'alerts',
    reason: 'Other alerts that one alert names as related: more than anybody follows.',
  },
  shadowSlackSeconds: {
    type: 'number',
    default: 10,
    min: 0,
    max: 600,
    unit: 's',
    reason:
      'How far a finding may reach over the edges of a flood and still count as a part of it. Detectors count in windows of seconds, so they do not agree on the first and the last moment.',
  },
} as const satisfies SettingTable;

export type AlertSettings = SettingValues<typeof alertSettings>;
