/** What a start of the app asks for: by its own words, or by the launcher's actions. Pure. */
import { z } from 'zod';
import { ALERTS_ADDRESS, parseAddress } from './address.ts';

/** What "--pause" without a number means. */
export const DEFAULT_PAUSE_MINUTES = 15;
const MAX_PAUSE_MINUTES = 24 * 60;

const MAX_PATH = 4_096;

export const launchRequestSchema = z
  .strictObject({
    /** Stay in the tray. */
    isHidden: z.boolean(),
    /** What the window should show; null: what it shows already. */
    address: z.string().nullable(),
    pauseMinutes: z.number().int().min(1).max(MAX_PAUSE_MINUTES).nullable(),
    resume: z.boolean(),
    quit: z.boolean(),
  })
  .readonly();

/** What a second start hands to the app that runs. */
export type LaunchRequest = z.infer<typeof launchRequestSchema>;

export interface ShellArguments {
  readonly request: LaunchRequest;
  /** Another place for the engine's data and the app's own: then only the engine there is looked for. */
  readonly dataDirectory: string | undefined;
}

export const SHOW_WINDOW: LaunchRequest = {
  isHidden: false,
  address: null,
  pauseMinutes: null,
  resume: false,
  quit: false,
};

/** Words that are not ours are Chromium's or the desktop's, and are left to them. */
export function parseArguments(words: readonly string[]): ShellArguments {
  let request = SHOW_WINDOW;
  let dataDirectory: string | undefined;
  for (const word of words) {
    const [, name = '', value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === 'data-dir' && value && value.length <= MAX_PATH) dataDirectory = value;
    request = { ...request, ...WORDS[name]?.(value) };
  }
  return { request, dataDirectory };
}

const WORDS: Readonly<Record<string, ((value: string | undefined) => Partial<LaunchRequest>) | undefined>> = {
  hidden: () => ({ isHidden: true }),
  address: (value) => ({ address: parseAddress(value) ?? null }),
  'show-alerts': () => ({ address: ALERTS_ADDRESS }),
  /** What the launcher's actions say. */
  open: (value) => ({ address: value === 'alerts' ? ALERTS_ADDRESS : null }),
  pause: (value) => ({ pauseMinutes: minutesIn(value), isHidden: true }),
  resume: () => ({ resume: true, isHidden: true }),
  quit: () => ({ quit: true, isHidden: true }),
};

function minutesIn(value: string | undefined): number | null {
  if (value === undefined) return DEFAULT_PAUSE_MINUTES;
  const minutes = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  return minutes >= 1 && minutes <= MAX_PAUSE_MINUTES ? minutes : null;
}

/** What another start sent; whoever runs as this user can send anything. */
export function parseLaunchRequest(sent: unknown): LaunchRequest {
  const parsed = launchRequestSchema.safeParse(sent);
  if (!parsed.success) return SHOW_WINDOW;
  return { ...parsed.data, address: parseAddress(parsed.data.address) ?? null };
}
