import type { SettingTable } from '../../runtime/settings.ts';

/** From when on a conversation is a command shell: section `detect.reverse-shell` of the configuration. */
export const reverseShellSettings = {
  points: {
    type: 'number',
    default: 6,
    min: 4,
    max: 100,
    integer: true,
    unit: 'points',
    reason:
      'Signs of a shell count together: 6 for output that only a shell gives, 4 for a prompt, 3 for a command that looks around, 1 for an everyday one. One command and its output reach 6; talk in words does not.',
  },
  commandsAlone: {
    type: 'number',
    default: 4,
    min: 2,
    max: 1_000,
    integer: true,
    unit: 'commands',
    reason:
      'Where the output says nothing: so many different commands, each answered, are a shell. People name one or two in a chat.',
  },
  encryptedOrders: {
    type: 'number',
    default: 5,
    min: 3,
    max: 1_000,
    integer: true,
    unit: 'orders',
    reason:
      'Inside TLS: so many short messages of the called end after a silence, each answered at once and at greater length, and hardly anything else said. Servers answer; they do not ask. Medium severity if the caller named no server, is no browser and called an address outside at a port where servers do not push news, else low.',
  },
  orders: {
    type: 'number',
    default: 8,
    min: 4,
    max: 1_000,
    integer: true,
    unit: 'orders',
    reason:
      'Where nothing can be read: so many short messages of the called end at no steady pace, each answered at length, look like orders. Told at low severity, because remote-management programs do it too.',
  },
} as const satisfies SettingTable;
