/** The bridge's end in the main process: the one file that names ipcMain. Everything that arrives is checked first. */
import { ipcMain, type WebContents } from 'electron/main';
import type { BridgeAnswer } from '../../contract/bridge.ts';
import { REQUEST_CHANNEL, STREAM_CHANNEL } from '../../contract/bridge-channels.ts';
import { type BridgeOptions, BridgeSession } from './bridge-session.ts';
import { isOwnPage, type MessageSender } from './sender.ts';

const REFUSED: BridgeAnswer = {
  error: { code: 'not-allowed', message: 'This page may not speak to the app.', hint: 'Open the app’s own window.' },
};

export interface IpcOptions extends BridgeOptions {
  /** Our window's page; undefined while there is none. */
  ownContents(): WebContents | undefined;
  /** Something else spoke. */
  onForged(): void;
}

/** Answers our page; gives the function that is called for each new window of ours. */
export function serveIpc(options: IpcOptions): { startPage(contents: WebContents): void } {
  const sessions = new WeakMap<WebContents, BridgeSession>();
  const sessionOf = (message: MessageSender): BridgeSession | undefined => {
    const own = options.ownContents();
    if (own !== undefined && isOwnPage(message, own)) return sessions.get(own);
    options.onForged();
    return undefined;
  };
  ipcMain.handle(REQUEST_CHANNEL, async (event, call: unknown, input: unknown, id: unknown) => {
    return (await sessionOf(event)?.request(call, input, id)) ?? REFUSED;
  });
  ipcMain.on(STREAM_CHANNEL, (event, frame: unknown) => sessionOf(event)?.receive(frame));
  return {
    startPage(contents) {
      const session = new BridgeSession(options, (frame) => {
        if (!contents.isDestroyed()) contents.send(STREAM_CHANNEL, frame);
      });
      sessions.set(contents, session);
      // A page that is loaded anew says so itself; one that is gone cannot.
      contents.on('render-process-gone', () => session.end());
      contents.on('destroyed', () => session.end());
    },
  };
}
