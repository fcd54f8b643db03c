/** Shapes of what the desktop shell answers beside the engine. Loading this file loads zod. */
import { z } from 'zod';
import { ROLES } from './api-roles.ts';
import { failureSchema } from './api-schemas.ts';
import { SEVERITIES } from './domain.ts';

/** Milliseconds since the epoch. */
const timeMs = z.number();

/** "22:00": hours and minutes of the local clock. */
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

/** How the window reaches the engine. */
export const engineLinkSchema = z
  .object({
    /** `lost`: it was there and is being looked for again. `failed`: trying again is of no use without a person. */
    state: z.enum(['connecting', 'connected', 'lost', 'failed']),
    /** `service`: an installed service, as root. `child`: started by this app, with reduced coverage. */
    kind: z.enum(['service', 'child']).nullable(),
    /** What this window may do, while it is connected; null where the engine did not say. */
    role: z.enum(ROLES).nullable(),
    sinceMs: timeMs,
    /** Why it is not connected, and what the person can do. */
    failure: failureSchema.nullable(),
    /** Whether this system can install the service from here ("Enable full protection"). */
    canEnable: z.boolean(),
    /** Why not, in one sentence; empty where it can, or where it is installed. */
    whyNotEnable: z.string(),
  })
  .readonly();

export const THEMES = ['system', 'light', 'dark'] as const;

/** What the person chose for this app; kept in the user's own folder. */
export const preferencesSchema = z
  .strictObject({
    theme: z.enum(THEMES),
    startAtLogin: z.boolean(),
    /** Begin in the tray, without a window. */
    startHidden: z.boolean(),
    notifications: z
      .strictObject({
        enabled: z.boolean(),
        minimumSeverity: z.enum(SEVERITIES),
        /** In quiet hours only critical alerts are told; both empty: no quiet hours. */
        quietFrom: clockTime.or(z.literal('')),
        quietUntil: clockTime.or(z.literal('')),
      })
      .readonly(),
    updates: z.strictObject({ automatic: z.boolean(), channel: z.enum(['stable', 'beta']) }).readonly(),
  })
  .readonly();

export const updateStateSchema = z
  .object({
    state: z.enum([
      'unsupported',
      'idle',
      'checking',
      'none',
      'available',
      'downloading',
      'ready',
      'installing',
      'failed',
    ]),
    current: z.string(),
    /** The version that is on offer, being fetched or ready. */
    version: z.string().nullable(),
    notes: z.string(),
    progress: z
      .object({ receivedBytes: z.number(), totalBytes: z.number(), bytesPerSecond: z.number() })
      .readonly()
      .nullable(),
    checkedMs: timeMs.nullable(),
    postponedUntilMs: timeMs.nullable(),
    failure: failureSchema.nullable(),
    /** Said once after an update: "Updated to 0.2.0; the engine answers." or what went wrong. */
    lastUpdate: z
      .object({ from: z.string(), to: z.string(), timeMs, isHealthy: z.boolean(), message: z.string() })
      .readonly()
      .nullable(),
  })
  .readonly();

/** Pages of the project; a build may name none. */
export const PROJECT_PAGES = ['documentation', 'report-a-problem'] as const;

export const shellInfoSchema = z
  .object({
    version: z.string(),
    electron: z.string(),
    chrome: z.string(),
    node: z.string(),
    platform: z.string(),
    /** Whether this desktop shows a tray icon. */
    hasTray: z.boolean(),
    /** The project's own pages that this build knows. */
    pages: z.array(z.enum(PROJECT_PAGES)).readonly(),
  })
  .readonly();

/** Links that the app can open in the browser; the address is made in the shell, never given by the renderer. */
export const linkSchema = z.discriminatedUnion('link', [
  z.strictObject({ link: z.literal('attack-technique'), id: z.string().regex(/^T\d{4}(\.\d{3})?$/) }),
  z.strictObject({ link: z.enum(PROJECT_PAGES) }),
]);

export type EngineLink = z.infer<typeof engineLinkSchema>;
export type Preferences = z.infer<typeof preferencesSchema>;
export type UpdateState = z.infer<typeof updateStateSchema>;
export type ShellInfo = z.infer<typeof shellInfoSchema>;
export type Link = z.infer<typeof linkSchema>;
