/** Runs the product as a person does: bin/holdfast as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environmentNameOf } from '../main/engine/runtime/config-names.ts';
import { hostSettings } from '../main/engine/services/host/host-settings.ts';

export const HOLDFAST = fileURLToPath(new URL('../bin/holdfast', import.meta.url));

export interface Run {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface RunOptions {
  readonly stdin?: Uint8Array;
  /** Leaves standard input open after that: more may come. */
  readonly keepsInputOpen?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  /** In a process group of its own. */
  readonly detached?: boolean;
  /** For a run that has to be watched or ended. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Resolves when the process has ended and all of its output is there. */
export function runHoldfast(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return runProgram([HOLDFAST, ...args], options);
}

/** The same for a command that is not, or does not begin with, the product: words, as no shell reads them. */
export function runProgram([program, ...args]: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { promise, resolve, reject } = Promise.withResolvers<Run>();
  const begunMs = performance.now();
  const { detached, environment } = options;
  const child = spawn(program, args, { detached, env: { ...cleanEnvironment(), ...environment } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A program that refuses its arguments reads no input.
  child.stdin.on('error', () => {});
  if (options.stdin !== undefined) child.stdin.write(options.stdin);
  if (options.keepsInputOpen !== true) child.stdin.end();
  child.on('error', reject);
  child.on('close', (code, signal) => {
    resolve({ code, signal, stdout, stderr, elapsedMs: performance.now() - begunMs });
  });
  options.onStart?.(child);
  return promise;
}

/**
 * What the tests run with, without settings of whoever runs them. The host's sensors see the whole machine, and with it
 * what other tests do: they are on only where a test asks for them (see sensorSwitch).
 */
function cleanEnvironment(): Record<string, string | undefined> {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_') && name !== 'NODE_OPTIONS');
  const switches = Object.entries(hostSettings).filter(([, { type }]) => type === 'boolean');
  return { ...Object.fromEntries(ours), ...Object.fromEntries(switches.map(([key]) => [sensorSwitch(key), 'false'])) };
}

/** The variable that switches a sensor of the host on or off: `{ [sensorSwitch('logs')]: 'true' }`. */
export function sensorSwitch(setting: string): string {
  return environmentNameOf(`host.${setting}`);
}
