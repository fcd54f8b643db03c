/// <reference types="electron" />
/** Everything that the page of the desktop app can reach: the bridge of contract/bridge.ts, and nothing of Electron. */
import { contextBridge, ipcRenderer } from 'electron/renderer';
import { BRIDGE_GLOBAL, type Bridge, type BridgeAnswer, type BridgeMessage } from '../contract/bridge.ts';
import {
  type AppFrame,
  ITEMS_PER_RECEIPT,
  type PageFrame,
  REQUEST_CHANNEL,
  STREAM_CHANNEL,
} from '../contract/bridge-channels.ts';
import packageFile from '../package.json' with { type: 'json' };

interface OpenStream {
  readonly tell: (message: BridgeMessage) => void;
  taken: number;
}

const streams = new Map<number, OpenStream>();
let lastId = 0;

const send = (frame: PageFrame): void => ipcRenderer.send(STREAM_CHANNEL, frame);

ipcRenderer.on(STREAM_CHANNEL, (_event, { id, message }: AppFrame) => {
  const stream = streams.get(id);
  if (stream === undefined) return;
  if (message.type === 'end') streams.delete(id);
  else if (++stream.taken % ITEMS_PER_RECEIPT === 0) send({ took: id, count: ITEMS_PER_RECEIPT });
  stream.tell(message);
});

const bridge: Bridge = {
  kind: 'desktop',
  version: packageFile.version,
  request: (call, input, id): Promise<BridgeAnswer> => ipcRenderer.invoke(REQUEST_CHANNEL, call, input, id),
  cancel: (id) => send({ cancel: id }),
  open(call, input, tell) {
    const id = ++lastId;
    streams.set(id, { tell, taken: 0 });
    send({ open: id, call, input });
    return () => {
      if (streams.delete(id)) send({ close: id });
    };
  },
};

send({ begin: true });
contextBridge.exposeInMainWorld(BRIDGE_GLOBAL, bridge);
