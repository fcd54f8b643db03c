/** The way to the engine: the desktop's bridge where the preload has put one, else a WebSocket to our own origin. */
import { BRIDGE_GLOBAL, type Bridge } from '../../contract/bridge.ts';
import { type ConsoleBridge, createConsoleBridge, type SocketLike } from './console-bridge.ts';

/** Where the console takes WebSockets, and where it answers 401 to a browser without a session. */
const SOCKET_PATH = '/ws';
const SESSION_PROBE_PATH = '/status';

function desktopBridge(): Bridge | undefined {
  const found = (window as unknown as Readonly<Record<string, unknown>>)[BRIDGE_GLOBAL];
  return typeof found === 'object' && found !== null ? (found as Bridge) : undefined;
}

function webBridge(): ConsoleBridge {
  const url = new URL(SOCKET_PATH, window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return createConsoleBridge({
    connect: () => new WebSocket(url) as SocketLike,
    isRefused: async () => {
      const { status } = await fetch(SESSION_PROBE_PATH, { credentials: 'same-origin', cache: 'no-store' });
      return status === 401 || status === 403;
    },
  });
}

export const desktop: Bridge | undefined = desktopBridge();
export const web: ConsoleBridge | undefined = desktop === undefined ? webBridge() : undefined;
export const bridge: Bridge = desktop ?? (web as ConsoleBridge);
