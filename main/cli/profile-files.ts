/** Where files with what was learnt are, when nobody names another place. */
import { join } from 'node:path';
import type { CommandContext } from './context.ts';

/** Below the data directory: results of `train`, and what an interrupted run goes on from. */
const PROFILE_FOLDER = 'models';
const PROFILE_NAME = 'flow.hfmodel';
const KEY_NAME = 'key.pem';

export interface ProfilePlace {
  readonly folder: string;
  readonly file: string;
  /** Signs what is written. */
  readonly key: string;
}

/** Of this user. */
export async function profilePlace(context: CommandContext): Promise<ProfilePlace> {
  const folder = join((await context.paths()).dataDirectory, PROFILE_FOLDER);
  return { folder, file: join(folder, PROFILE_NAME), key: join(folder, KEY_NAME) };
}
