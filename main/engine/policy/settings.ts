import type { SettingTable, SettingValues } from '../runtime/settings.ts';

/** What may be done about what is found. `off`: it is told and nothing else; `simulate`: it is told what would be done. */
export const RESPONSE_MODES = ['off', 'simulate', 'freeze'] as const;

/** What Holdfast does by itself, and for how long. */
export const responseSettings = {
  ransomware: {
    type: 'choice',
    choices: RESPONSE_MODES,
    default: 'freeze',
    reason:
      'What is done when a program is found to make documents unreadable: "freeze" stops it and the programs below it at ' +
      'once, to go on where they were or to be ended when you have looked; "simulate" only says so; "off" does nothing. ' +
      'Freezing is the default because every second costs hundreds of files, and nothing is lost where it was wrong.',
  },
  leaseHours: {
    type: 'number',
    default: 24,
    min: 1,
    max: 720,
    unit: 'h',
    reason:
      'How long something stays frozen when nobody decides; then it goes on by itself. A day, so that somebody sees it ' +
      'before; nothing that Holdfast does is for ever unless you say so.',
  },
} as const satisfies SettingTable;

export type ResponseSettings = SettingValues<typeof responseSettings>;
