/** Starts the built desktop app: in Electron where its binary is, else on the host. The same handle for both. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { _electron, chromium, type Page } from 'playwright-core';
import { DESKTOP_MAIN, findElectron, whyNoElectron } from '../../../scripts/lib/electron.mjs';
import { findChromium } from './chromium.ts';
import type { ControlAnswer, ControlRequest } from './control.ts';
import type * as HostElectron from './electron.ts';

const REGISTER = fileURLToPath(new URL('./register.ts', import.meta.url));
/** For a browser on a busy machine. */
const START_LIMIT_MS = 30_000;
const LOOK_MS = 50;

export type HostModule = typeof HostElectron;

export interface Desktop {
  readonly runsOn: 'electron' | 'host';
  readonly pid: number;
  /** The page of the first window; waits for it. */
  page(): Promise<Page>;
  /** Runs a function in the app's process; it can use nothing but its arguments. */
  evaluate<R, A>(work: (electron: HostModule, argument: A) => R | Promise<R>, argument: A): Promise<R>;
  /** What it wrote to standard error so far. */
  errors(): string;
  /** As a person quits it; resolves with the exit status. */
  quit(): Promise<number | null>;
  /** Pulls the plug. */
  kill(): Promise<void>;
}

export interface DesktopOptions {
  readonly dataDirectory: string;
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Which of the two the tests run on here, in words for the test's output. */
export function desktopRunner(): { readonly runsOn: 'electron' | 'host' | 'nothing'; readonly why: string } {
  if (!existsSync(DESKTOP_MAIN)) return { runsOn: 'nothing', why: 'the app has not been built' };
  const why = whyNoElectron();
  if (why === undefined) return { runsOn: 'electron', why: 'Electron is here' };
  return findChromium() === undefined
    ? { runsOn: 'nothing', why: `${why} There is no Chromium.` }
    : { runsOn: 'host', why };
}

export function startDesktop(options: DesktopOptions): Promise<Desktop> {
  return desktopRunner().runsOn === 'electron' ? startInElectron(options) : startOnHost(options);
}

function wordsOf({ dataDirectory, words = [] }: DesktopOptions): string[] {
  return [`--data-dir=${dataDirectory}`, ...words];
}

async function startInElectron(options: DesktopOptions): Promise<Desktop> {
  const electron = await _electron.launch({
    executablePath: findElectron(),
    args: [DESKTOP_MAIN, ...wordsOf(options)],
    env: { ...environmentOf(options) },
  });
  let errors = '';
  const child = electron.process();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return {
    runsOn: 'electron',
    pid: child.pid ?? 0,
    page: () => electron.firstWindow(),
    evaluate: (work, argument) => electron.evaluate(work as never, argument as never),
    errors: () => errors,
    quit: async () => {
      await electron.close();
      return child.exitCode;
    },
    kill: () => endOf(child, 'SIGKILL'),
  };
}

async function startOnHost(options: DesktopOptions): Promise<Desktop> {
  const child = forkOnHost(options);
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', ({ id, value, error }: ControlAnswer) => {
    const waiting = pending.get(id);
    pending.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  });
  child.on('exit', (code) => {
    for (const { reject } of pending.values()) reject(new Error(`the app ended (${code}): ${errors}`));
    pending.clear();
  });
  const evaluate: Desktop['evaluate'] = (work, argument) => {
    if (!child.connected) return Promise.reject(new Error(`the app has ended: ${errors}`));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = ++lastId;
    pending.set(id, { resolve, reject });
    child.send({ id, source: String(work), argument } satisfies ControlRequest);
    return promise as never;
  };
  let page: Promise<Page> | undefined;
  return {
    runsOn: 'host',
    pid: child.pid ?? 0,
    page: () => {
      page ??= findPage(evaluate);
      return page;
    },
    evaluate,
    errors: () => errors,
    quit: () => {
      const ended = exitOf(child);
      child.kill('SIGTERM');
      return ended;
    },
    kill: () => endOf(child, 'SIGKILL'),
  };
}

/** A start of the app that is expected to end by itself: a second one, which hands over what it was asked. */
export async function startAgain(options: DesktopOptions): Promise<number | null> {
  return exitOf(forkOnHost(options));
}

function forkOnHost(options: DesktopOptions): ChildProcess {
  return fork(DESKTOP_MAIN, wordsOf(options), {
    execArgv: ['--import', REGISTER],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    env: { ...environmentOf(options) },
  });
}

function environmentOf({ environment }: DesktopOptions): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !/^(HOLDFAST_|VITEST|NODE_OPTIONS)/.test(name));
  return { ...(Object.fromEntries(own) as Record<string, string>), ...environment };
}

async function findPage(evaluate: Desktop['evaluate']): Promise<Page> {
  const deadlineMs = Date.now() + START_LIMIT_MS;
  for (;;) {
    const { port, url } = await evaluate(
      ({ host, BrowserWindow }) => ({
        port: host.debuggingPort ?? 0,
        url: BrowserWindow.getAllWindows()[0]?.webContents.getURL() ?? '',
      }),
      undefined,
    );
    if (port > 0 && url.startsWith('app:')) {
      const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
      const page = browser
        .contexts()[0]
        ?.pages()
        .find((one) => one.url().includes('holdfast'));
      if (page !== undefined) return page;
      await browser.close();
    }
    if (Date.now() > deadlineMs) throw new Error('the app shows no window');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = exitOf(child);
  child.kill(signal);
  await ended;
}
