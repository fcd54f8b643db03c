/** Electron's `app`: places, one instance at a time, and the end. */
import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { preventable } from './preventable.ts';
import { record } from './record.ts';

type PathName = Parameters<Electron.App['getPath']>[0];

export class HostApp extends EventEmitter {
  readonly isPackaged = false;
  readonly #paths = new Map<string, string>([
    ['appData', process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config')],
    ['home', homedir()],
  ]);
  readonly #sent: Promise<void>[] = [];
  #server: Server | undefined;
  #isQuitting = false;
  /** Closes windows; false when one of them refused. */
  closeWindows: () => boolean = () => true;
  /** Lets go of what would outlive the app. */
  release: () => Promise<void> = () => Promise.resolve();

  enableSandbox(): void {}
  setName(_name: string): void {}
  setAppUserModelId(_id: string): void {}

  setPath(name: string, path: string): void {
    this.#paths.set(name, path);
  }

  getPath(name: PathName): string {
    const path = this.#paths.get(name);
    if (path === undefined) throw new Error(`the host knows no path "${name}"`);
    return path;
  }

  setLoginItemSettings(settings: Electron.Settings): void {
    record.loginItem = settings;
  }

  whenReady(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  requestSingleInstanceLock(additionalData?: Record<string, unknown>): boolean {
    const folder = this.getPath('userData');
    mkdirSync(folder, { recursive: true });
    const lock = join(folder, 'host.lock');
    const socket = join(folder, 'host.sock');
    if (isAlive(lock)) {
      this.#sent.push(sendTo(socket, additionalData));
      return false;
    }
    rmSync(socket, { force: true });
    writeFileSync(lock, String(process.pid));
    this.#server = createServer((connection) => {
      let text = '';
      connection.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      connection.on('end', () => this.emit('second-instance', preventable({}), [], '', JSON.parse(text)));
    }).listen(socket);
    return true;
  }

  quit(): void {
    if (this.#isQuitting) return;
    const event = preventable({});
    this.emit('before-quit', event);
    if (event.defaultPrevented || !this.closeWindows()) return;
    this.#isQuitting = true;
    this.emit('will-quit', preventable({}));
    this.#server?.close();
    void Promise.all([this.release(), ...this.#sent]).finally(() => process.exit(0));
  }
}

function isAlive(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

function sendTo(socket: string, data: unknown): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const connection = connect(socket, () => connection.end(JSON.stringify(data ?? null)));
  connection.on('close', () => resolve());
  connection.on('error', () => resolve());
  return promise;
}

export const app = new HostApp();
app satisfies Pick<
  Electron.App,
  | 'isPackaged'
  | 'enableSandbox'
  | 'setName'
  | 'setAppUserModelId'
  | 'setPath'
  | 'getPath'
  | 'setLoginItemSettings'
  | 'whenReady'
  | 'requestSingleInstanceLock'
  | 'quit'
>;
