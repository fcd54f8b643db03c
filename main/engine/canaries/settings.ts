import type { SettingTable } from '../runtime/settings.ts';

/** Files that nobody uses, laid out so that whoever is after all files betrays itself. */
export const canarySettings = {
  enabled: {
    type: 'boolean',
    default: false,
    reason:
      'Whether Holdfast may lay out canaries: small hidden documents in the homes of this computer, which nobody uses. ' +
      'Whoever changes one is after all files. Off by default: they are put among your own documents. "holdfast ' +
      'canaries remove" takes all of them away.',
  },
  folders: {
    type: 'list',
    default: [],
    pattern: /^\/[^\p{Cc}]{1,4000}$/u,
    patternMeaning: 'an absolute path',
    reason: 'Folders that get canaries besides the homes’ own Documents, Desktop and Pictures: shares, projects.',
  },
} as const satisfies SettingTable;
