/** The engine as a child of this app, where no service is installed: started, kept running, ended with the app. */
import type { Failure } from '../../contract/domain.ts';
import { plainText } from '../../contract/text.ts';
import { createSupervisor, type Supervisor } from '../engine/index.ts';
import { daemonArguments, type EngineProgram, engineEnvironment, whyNoEngine } from './engine-program.ts';

/** Closing the database and the journal takes well under a second; a busy disk may take longer. */
const STOP_TIMEOUT_MS = 8_000;
/** How many quick ends in a row show that it will not get better by itself. */
const FAILURES_UNTIL_FAILED = 4;
/** The exit status of the command for wrong input, such as a broken configuration: trying again is of no use. */
const WRONG_INPUT = 2;
/** Lines of its last words that are shown; the last ones say what happened. */
const SHOWN_LINES = 4;

export interface EngineChild {
  /** Starts it, or tries again at once. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** This app has it running. */
  readonly isRunning: boolean;
  /** Why it does not run and will not by itself; null while there is hope. */
  readonly failure: Failure | null;
}

export interface EngineChildOptions {
  readonly program: EngineProgram;
  readonly dataDirectory: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export class SupervisedEngine implements EngineChild {
  readonly #options: EngineChildOptions;
  #supervisor: Supervisor | undefined;

  constructor(options: EngineChildOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#supervisor?.status.state === 'running';
  }

  get failure(): Failure | null {
    const missing = whyNoEngine(this.#options.program);
    if (missing !== undefined) {
      const message = `The engine cannot be started: ${plainText(missing)}`;
      return { code: 'engine-missing', message, hint: 'Install Holdfast again; in a clone run "npm run setup".' };
    }
    const status = this.#supervisor?.status;
    if (status?.state !== 'failed') return null;
    return engineEnded(status.lastExit?.lastWords ?? '');
  }

  async start(): Promise<void> {
    const { program, dataDirectory, environment } = this.#options;
    this.#supervisor ??= await createSupervisor({
      plan: () => ({
        file: program.node,
        args: daemonArguments(program, dataDirectory),
        environment: engineEnvironment(environment),
      }),
      isFinal: ({ code }) => code === WRONG_INPUT,
      timing: { stopTimeoutMs: STOP_TIMEOUT_MS, failuresUntilFailed: FAILURES_UNTIL_FAILED },
    });
    this.#supervisor.start();
  }

  async stop(): Promise<void> {
    await this.#supervisor?.stop();
  }
}

/** What it said last, made safe to show: a log line can hold anything. */
export function engineEnded(lastWords: string): Failure {
  const lines = lastWords.split('\n').filter((line) => line.trim() !== '');
  const said = lines
    .slice(-SHOWN_LINES)
    .map((line) => plainText(line.trim().replace(/^holdfast: /, '')))
    .join(' ');
  return {
    code: 'engine-ended',
    message: said === '' ? 'The engine ended again and again, and gave no reason.' : `The engine ended: ${said}`,
    hint: 'Correct what it names and start it again. Nothing is watched until then.',
  };
}
