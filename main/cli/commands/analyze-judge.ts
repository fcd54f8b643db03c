/** What `holdfast analyze` judges conversations by, as the options say. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { ApiClient } from '../../../contract/api.ts';
import { DEFAULT_MODEL_KINDS } from '../../../contract/models.ts';
import { plainText } from '../../../contract/text.ts';
import type { CaptureProfile } from '../../engine/index.ts';
import type { CommandContext } from '../context.ts';
import { explain, wrongInput } from '../failure.ts';
import { profilePlace } from '../profile-files.ts';
import { exportedBytes, profileFile } from './models.ts';
import { trainOn } from './train.ts';

export interface JudgeOptions {
  /** True without a value: what this computer has learnt. */
  readonly model?: string | true;
  /** Captures to train on first. */
  readonly train?: readonly string[];
}

/** What to judge by, or why there is nothing. */
export type Judge = CaptureProfile | { readonly why: string };

const VERSION = /^flow-[1-9][0-9]{0,8}$/;
const OFF = 'Anomaly scoring was off';

/** @throws CommandError and failures where what was asked for cannot be had */
export async function judgeFor({ model, train }: JudgeOptions, context: CommandContext): Promise<Judge> {
  if (model !== undefined && train !== undefined) {
    throw wrongInput('two-judges', '--model and --train both say what to judge by.', 'Leave one of them out.');
  }
  if (train !== undefined) return trainedOn(train, context);
  if (model === undefined) {
    const hint = '--model judges by what this computer has learnt, --train FILE by an ordinary capture.';
    return { why: `${OFF}: no model was asked for. ${hint}` };
  }
  if (model === true) return learntHere(context);
  const engine = await context.engine();
  if (!VERSION.test(model)) {
    return engine.openCaptureProfile(await profileFile(model), `file ${plainText(basename(model))}`);
  }
  const client = await context.connect();
  try {
    return await ofEngine(client, model, context);
  } finally {
    client.close();
  }
}

async function trainedOn(paths: readonly string[], context: CommandContext): Promise<CaptureProfile> {
  const sources = paths.map((path) => ({ kind: 'capture' as const, path }));
  const options = { kinds: DEFAULT_MODEL_KINDS, telling: 'terminal-only', keepsWork: false, resume: false } as const;
  const trained = await trainOn(sources, options, context);
  return (await context.engine()).trainedCaptureProfile(trained, paths, Date.now());
}

/** The version that the engine uses, else the file that `holdfast train` wrote here. */
async function learntHere(context: CommandContext): Promise<Judge> {
  const found = await inUse(context);
  if (!('why' in found)) return found;
  const { file } = await profilePlace(context);
  if (!existsSync(file)) {
    return { why: `${OFF}: ${found.why}, and there is no ${plainText(file)}. "holdfast train" makes one.` };
  }
  return (await context.engine()).openCaptureProfile(await profileFile(file), `file ${plainText(basename(file))}`);
}

async function inUse(context: CommandContext): Promise<Judge> {
  let client: ApiClient;
  try {
    client = await context.connect();
  } catch (error) {
    const { failure } = explain(error);
    return { why: failure.code === 'engine-not-running' ? 'no engine runs here' : plainText(failure.message) };
  }
  try {
    const { profiles } = await client.request('models.list', {});
    const active = profiles.find(({ table, state }) => table === 'flow' && state === 'active');
    if (active === undefined) return { why: 'the engine has not learnt enough yet' };
    return await ofEngine(client, active.id, context);
  } finally {
    client.close();
  }
}

async function ofEngine(client: ApiClient, id: string, context: CommandContext): Promise<CaptureProfile> {
  const bytes = await exportedBytes(client, id);
  return (await context.engine()).openCaptureProfile(bytes, `version ${id} of the engine`);
}
