import { homedir } from 'node:os';
import type { Paths } from '../engine/index.ts';
import type { CommandContext, EngineFace, GlobalOptions } from './context.ts';
import { standardOutput } from './terminal/output.ts';
import { paintFor } from './terminal/paint.ts';

export interface ProcessContext {
  readonly globals: GlobalOptions;
  readonly wantsColor: boolean;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** The context of a real process: its environment, its user, its terminal. */
export function makeContext({ globals, wantsColor, version, signal }: ProcessContext): CommandContext {
  const environment = process.env;
  const userId = process.geteuid?.() ?? 0;
  const out = standardOutput('stdout', environment, wantsColor);
  const err = standardOutput('stderr', environment, wantsColor);
  const engine = (): Promise<EngineFace> => import('../engine/index.ts');
  const paths = async (): Promise<Paths> => {
    const { resolvePaths } = await engine();
    return resolvePaths({ dataDirectory: globals.dataDir, environment, userId, homeDirectory: homedir() });
  };
  const configRequest: CommandContext['configRequest'] = async (flags = {}) => ({
    file: globals.config,
    usualFile: (await paths()).configFile,
    appFile: (await paths()).settingsFile,
    profile: globals.profile,
    environment,
    flags: { ...globals.set, ...flags },
    userId,
  });
  return {
    out,
    err,
    paintOut: paintFor(out.hasColor),
    paintErr: paintFor(err.hasColor),
    globals,
    version,
    signal,
    engine,
    paths,
    configRequest,
    config: async (flags) => (await engine()).loadEngineConfig(await configRequest(flags)),
    connect: async () => {
      const [client, { runtimeDirectory }] = await Promise.all([import('../client/index.ts'), paths()]);
      const system = globals.dataDir === undefined ? [client.SYSTEM_RUNTIME_DIRECTORY] : [];
      return client.connectToEngine({ directories: [...new Set([runtimeDirectory, ...system])], userId, version });
    },
  };
}
