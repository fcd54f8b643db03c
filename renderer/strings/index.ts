/** Every word that the app says, by page. Another language is another folder beside `en` of the same shape. */
import { activity } from './en/activity.ts';
import { alerts } from './en/alerts.ts';
import { captures } from './en/captures.ts';
import { common } from './en/common.ts';
import { frame } from './en/frame.ts';
import { health } from './en/health.ts';
import { hunt } from './en/hunt.ts';
import { link } from './en/link.ts';
import { models } from './en/models.ts';
import { network } from './en/network.ts';
import { overview } from './en/overview.ts';
import { processes } from './en/processes.ts';
import { rules } from './en/rules.ts';
import { settings } from './en/settings.ts';

export const strings = {
  activity,
  alerts,
  captures,
  common,
  frame,
  health,
  hunt,
  link,
  models,
  network,
  overview,
  processes,
  rules,
  settings,
};
