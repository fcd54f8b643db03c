import { isSettled, protectionOf } from '../../../contract/api-protection.ts';
import type { Status } from '../../../contract/api-schemas.ts';
import { plainText } from '../../../contract/text.ts';
import type { Config, ConsoleLink, HttpServer } from '../../engine/index.ts';
import { type CommandContext, remark, withEngine, writeLines } from '../context.ts';
import type { EngineLink } from '../engine-link.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { openBrowser } from '../open-browser.ts';

export interface ServeOptions {
  readonly port?: string;
  readonly address?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Opens the console in a browser of this desktop. */
  readonly open?: boolean;
  /** Only a link to the console of the running engine. */
  readonly link?: boolean;
  /** Overrides sensors.interfaces, where the engine is started here. */
  readonly interface?: readonly string[];
}

/** What serves, and how to say more about it. */
interface Serving {
  readonly server: HttpServer;
  readonly status: () => Promise<Status>;
  readonly link: () => ConsoleLink;
  /** How to end it, and what that ends. */
  readonly ending: string;
}

/** How long the first words of the sensors are waited for before the first line is said. */
const FIRST_LOOK_MS = 8_000;
const LOOK_INTERVAL_MS = 100;

/**
 * `holdfast serve`: the console in a browser, and REST, until Ctrl-C. Where an engine runs it is served as its client,
 * else the engine is started in this process.
 */
export async function serve(options: ServeOptions, context: CommandContext): Promise<ExitCode> {
  if (options.link) return printLink(options, context);
  const [config, running] = await Promise.all([context.config(flagsOf(options)), findRunning(context)]);
  if (running === undefined) await serveOwnEngine(options, context, config);
  else await serveRunning(running, options, context, config);
  return EXIT.fine;
}

async function printLink({ open }: ServeOptions, context: CommandContext): Promise<ExitCode> {
  const { url } = await withEngine(context, (client) => client.request('console.link', {}));
  writeLines(context.out, [url]);
  if (open) await openBrowser(url, (text) => remark(context, text));
  return EXIT.fine;
}

function flagsOf(options: ServeOptions): Readonly<Record<string, unknown>> {
  const given: Readonly<Record<string, unknown>> = {
    'http.port': options.port,
    'http.address': options.address,
    'http.tlsCertificate': options.tlsCert,
    'http.tlsKey': options.tlsKey,
    'sensors.interfaces': options.interface,
  };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { 'http.enabled': true, ...Object.fromEntries(set) };
}

/** Undefined where no engine runs. @throws an error with a failure where one runs that this user may not talk to */
async function findRunning(context: CommandContext): Promise<EngineLink | undefined> {
  const [{ EngineLink }, client, { FailureError }, { runtimeDirectory }] = await Promise.all([
    import('../engine-link.ts'),
    import('../../client/index.ts'),
    context.engine(),
    context.paths(),
  ]);
  const system = context.globals.dataDir === undefined ? [client.SYSTEM_RUNTIME_DIRECTORY] : [];
  const directories = [...new Set([runtimeDirectory, ...system])];
  try {
    return await EngineLink.open({ directories, userId: process.geteuid?.() ?? 0, FailureError });
  } catch (error) {
    if (error instanceof client.ClientError && error.failure.code === 'engine-not-running') return undefined;
    throw error;
  }
}

async function serveRunning(
  backend: EngineLink,
  options: ServeOptions,
  context: CommandContext,
  config: Config,
): Promise<void> {
  if (options.interface !== undefined) remark(context, 'The engine runs already: --interface changes nothing.');
  const engine = await context.engine();
  const { version, signal } = context;
  // The log of the engine is the engine's: what goes wrong here is said here.
  const logger = await engine.openLog(config, undefined);
  try {
    const server = await engine.createConsole({ config, logger, version, backend, isEngineProcess: false });
    await server.start();
    try {
      const caller = { role: 'view', actor: 'console', signal } as const;
      await tell(options, context, {
        server,
        status: async () => (await backend.request('status', {}, caller)) as Status,
        link: () => server.link(backend.role),
        ending: 'Ctrl-C ends the console; the engine goes on watching.',
      });
    } finally {
      await server.stop();
    }
  } finally {
    backend.close();
    await logger.close();
  }
}

async function serveOwnEngine(options: ServeOptions, context: CommandContext, config: Config): Promise<void> {
  const [engine, paths] = await Promise.all([context.engine(), context.paths()]);
  const logger = await engine.openLog(config, paths.logDirectory);
  try {
    const { version, globals } = context;
    const running = await engine.createEngine({ config, paths, logger, version, simulate: globals.simulate ?? false });
    await running.start();
    try {
      const { server, failure } = running.console;
      if (failure !== undefined) throw new engine.FailureError(failure);
      if (server === undefined) throw new Error('the console was not started');
      await tell(options, context, {
        server,
        status: async () => running.status(),
        link: () => server.link('admin'),
        ending: 'Ctrl-C ends Holdfast, and with it the watch.',
      });
    } finally {
      await running.stop();
    }
  } finally {
    await logger.close();
  }
}

async function tell(options: ServeOptions, context: CommandContext, serving: Serving): Promise<void> {
  const { out, version, paintOut, signal } = context;
  const { sentence, gaps } = await firstLook(serving.status, signal);
  const label = (text: string): string => paintOut('quiet', text.padEnd(LABEL_COLUMNS));
  const first = serving.link();
  writeLines(out, [
    `Holdfast ${version}. ${plainText(sentence)}`,
    ...gaps.map(({ detail, hint }) => `  ${plainText(detail)} ${plainText(hint ?? '')}`.trimEnd()),
    '',
    `${label('Console')}${first.url}`,
    `${label('')}${paintOut('quiet', `Lets one browser in, once, within ${first.minutes} minutes.${freshHint()}`)}`,
    `${label('Programs')}${serving.server.url}/api/docs`,
    '',
    serving.ending,
  ]);
  if (options.open) await openBrowser(first.url, (text) => remark(context, text));
  const release = listenForMore(() => writeLines(out, [`${label('Console')}${serving.link().url}`]));
  try {
    await untilAborted(signal);
  } finally {
    release();
  }
}

const LABEL_COLUMNS = 10;

function freshHint(): string {
  return process.stdin.isTTY ? ' Enter prints another link.' : '';
}

/** Enter on a terminal, or SIGUSR2 to the process, asks for another link. SIGUSR1 belongs to Node's debugger. */
function listenForMore(print: () => void): () => void {
  const { stdin } = process;
  process.on('SIGUSR2', print);
  if (stdin.isTTY) stdin.on('data', print);
  return () => {
    process.off('SIGUSR2', print);
    // A terminal that is still read from would keep the process up.
    if (stdin.isTTY) stdin.off('data', print).destroy();
  };
}

async function firstLook(status: () => Promise<Status>, signal: AbortSignal): Promise<ReturnType<typeof protectionOf>> {
  const began = performance.now();
  for (;;) {
    const now = await status();
    if (isSettled(now) || performance.now() - began >= FIRST_LOOK_MS || signal.aborted) return protectionOf(now);
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  // A signal does not keep a process alive; the server does.
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
