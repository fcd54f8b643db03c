import { EventEmitter } from 'node:events';

type Handler = Parameters<Electron.IpcMain['handle']>[1];

export class HostIpcMain extends EventEmitter {
  readonly #handlers = new Map<string, Handler>();

  handle(channel: string, handler: Handler): void {
    if (this.#handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.#handlers.set(channel, handler);
  }

  /** What `ipcRenderer.invoke` reaches. */
  async invoked(channel: string, event: object, args: readonly unknown[]): Promise<unknown> {
    const handler = this.#handlers.get(channel);
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
    return handler(event as Electron.IpcMainInvokeEvent, ...args);
  }
}

export const ipcMain = new HostIpcMain();
ipcMain satisfies Pick<Electron.IpcMain, 'handle'>;
