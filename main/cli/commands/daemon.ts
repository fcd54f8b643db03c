import type { ApiClient } from '../../../contract/api.ts';
import { isSettled, type Protection, protectionOf } from '../../../contract/api-protection.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, withEngine } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

export interface DaemonOptions {
  readonly live?: boolean;
  /** Overrides sensors.interfaces. */
  readonly interface?: readonly string[];
}

/** How long the first words of the sensors are waited for before the first line is said. */
const FIRST_LOOK_MS = 8_000;
const LOOK_INTERVAL_MS = 100;
/** Longest path that Linux knows (PATH_MAX). */
const MAX_PATH = 4_096;

/** `holdfast daemon`: runs the engine in the foreground until Ctrl-C or SIGTERM. */
export async function daemon(options: DaemonOptions, context: CommandContext): Promise<ExitCode> {
  const flags = options.interface === undefined ? {} : { 'sensors.interfaces': options.interface };
  const [engine, config, paths] = await Promise.all([context.engine(), context.config(flags), context.paths()]);
  const logger = await engine.openLog(config, paths.logDirectory);
  try {
    const { version, globals } = context;
    const simulate = globals.simulate ?? false;
    const running = await engine.createEngine({ config, paths, logger, version, simulate });
    await running.start();
    try {
      await watch(options, context, paths.logDirectory);
    } finally {
      await running.stop();
    }
  } finally {
    await logger.close();
  }
  // It was asked to end, and did.
  return EXIT.fine;
}

async function watch({ live }: DaemonOptions, context: CommandContext, logDirectory: string): Promise<void> {
  await withEngine(context, async (client) => {
    if (live && context.out.isTerminal) {
      const { watchLive } = await import('./live.ts');
      await watchLive(client, context, { ending: 'Ctrl-C ends Holdfast.' });
      return;
    }
    const protection = await firstLook(client, context.signal);
    const gaps = protection.gaps.map(({ detail, hint }) => `  ${plainText(detail)} ${plainText(hint ?? '')}`.trimEnd());
    const first = `Holdfast ${context.version}. ${plainText(protection.sentence)} Log: ${plainText(logDirectory, MAX_PATH)}.`;
    context.out.write(`${[first, ...gaps].join('\n')}\n`);
    if (live) {
      const { watchLive } = await import('./live.ts');
      await watchLive(client, context, { ending: '' });
    } else {
      await untilAborted(context.signal);
    }
  });
}

async function firstLook(client: ApiClient, signal: AbortSignal): Promise<Protection> {
  const began = performance.now();
  for (;;) {
    const status = await client.request('status', {});
    if (isSettled(status) || performance.now() - began >= FIRST_LOOK_MS || signal.aborted) return protectionOf(status);
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  // A signal does not keep a process alive; the engine's own sockets do.
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
