/** Where this app's own engine is, and how it is started. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface EngineProgram {
  /** A Node runtime: the app's own binary cannot run Node programs, by its fuses. */
  readonly node: string;
  /** The `holdfast` command. */
  readonly command: string;
  /** One program that runs both, which packages have. */
  readonly launcher?: string;
}

export interface ProgramPlace {
  readonly platform: string;
  readonly isPackaged: boolean;
  /** The folder of the package's resources. */
  readonly resourcesPath: string;
  /** The folder of the project, where it is not packaged. */
  readonly appPath: string;
}

/** Packages carry the Node binary and the bundled command beside the app; a clone has both in its tree. */
export function engineProgram({ platform, isPackaged, resourcesPath, appPath }: ProgramPlace): EngineProgram {
  const node = platform === 'win32' ? 'node.exe' : 'node';
  if (!isPackaged)
    return { node: join(appPath, 'node_modules/node/bin', node), command: join(appPath, 'bin/holdfast') };
  const tree = join(resourcesPath, 'engine');
  const command = join(tree, 'dist/engine/holdfast.js');
  const launcher = platform === 'win32' ? {} : { launcher: join(tree, 'holdfast') };
  return { node: join(tree, node), command, ...launcher };
}

/** What is missing of it, in one sentence; undefined when it is whole. */
export function whyNoEngine({ node, command }: EngineProgram): string | undefined {
  const missing = [node, command].find((path) => !existsSync(path));
  return missing === undefined ? undefined : `${missing} is missing.`;
}

/** Words after the command: the engine in the foreground, which ends by SIGTERM. */
export function daemonArguments({ command }: EngineProgram, dataDirectory: string | undefined): string[] {
  return [command, ...(dataDirectory === undefined ? [] : ['--data-dir', dataDirectory]), 'daemon'];
}

/** What the engine finds its places by, and its own settings; nothing else of the desktop's is handed on. */
const HANDED_ON = /^(HOME|USER|LOGNAME|XDG_(DATA_HOME|RUNTIME_DIR|CONFIG_HOME|CACHE_HOME)|HOLDFAST_[A-Z0-9_]+)$/;

export function engineEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const handed = Object.entries(environment).filter(([name, value]) => value !== undefined && HANDED_ON.test(name));
  return Object.fromEntries(handed as [string, string][]);
}
