import type { SettingTable } from '../../runtime/settings.ts';

/** From when on logins inside the network are movement: section `detect.lateral-movement` of the configuration. */
export const lateralMovementSettings = {
  hosts: {
    type: 'number',
    default: 8,
    min: 2,
    max: 64,
    integer: true,
    unit: 'hosts',
    reason:
      'Sessions of administration (SSH, RDP, WinRM, file sharing, …) with so many inside computers within the window are noted. People work with a few; whoever manages the network does it every day and is learnt.',
  },
  controlledHosts: {
    type: 'number',
    default: 3,
    min: 2,
    max: 64,
    integer: true,
    unit: 'hosts',
    reason:
      'Programs started, or administrative shares opened, on so many computers: nobody does that by hand within the window but to install something.',
  },
  windowMinutes: {
    type: 'number',
    default: 60,
    min: 1,
    max: 1440,
    unit: 'min',
    reason: 'What is counted together: an attacker tries a new account on all computers within the hour.',
  },
  learnHours: {
    type: 'number',
    default: 24,
    min: 1,
    max: 720,
    unit: 'h',
    reason:
      'Before a computer was watched for so long it is not known what is usual for it; wide sessions by themselves are then a notice only.',
  },
} as const satisfies SettingTable;
