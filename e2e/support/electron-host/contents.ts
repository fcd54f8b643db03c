/** Electron's WebContents over a page of Chromium. */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { CDPSession, Download, Frame, Page, Route } from 'playwright-core';
import { browserContext } from './chromium.ts';
import { type Coded, decode, encode } from './coded.ts';
import { ipcMain } from './ipc-main.ts';
import { CHROMIUM_ORIGIN, originOf, toApp, toChromium } from './origin.ts';
import { mainWorldScript, preloadWorldScript } from './page-scripts.ts';
import { preventable } from './preventable.ts';
import { record } from './record.ts';
import { defaultSession } from './session.ts';

const PRELOAD_WORLD = 'preload';
const BINDING = 'hostSend';
const RECEIVER = 'hostReceive';

/** Electron's names of permissions, and those of Chromium's debugging protocol. */
const PERMISSIONS: readonly (readonly [electron: string, chromium: string])[] = [
  ['geolocation', 'geolocation'],
  ['notifications', 'notifications'],
  ['media', 'camera'],
  ['media', 'microphone'],
  ['midi', 'midi'],
  ['clipboard-read', 'clipboard-read'],
  ['clipboard-sanitized-write', 'clipboard-write'],
];

/** Electron's WebFrameMain. */
export interface HostFrame {
  readonly url: string;
  readonly origin: string;
}

/** What the preload sends; see page-scripts.ts. */
type FromPreload =
  | { readonly type: 'send'; readonly channel: string; readonly args: readonly Coded[] }
  | { readonly type: 'invoke'; readonly id: number; readonly channel: string; readonly args: readonly Coded[] };

export class HostContents extends EventEmitter {
  readonly mainFrame: HostFrame;
  readonly #preload: string;
  readonly #opened: Promise<Page>;
  #cdp: CDPSession | undefined;
  #page: Page | undefined;
  #preloadContext: number | undefined;
  #isDestroyed = false;
  #loading: string | undefined;
  #openHandler: (details: { readonly url: string }) => { readonly action: string } = () => ({ action: 'allow' });

  constructor(preload: string) {
    super();
    this.#preload = preload;
    const address = (): string => this.getURL();
    this.mainFrame = {
      get url() {
        return address();
      },
      get origin() {
        return originOf(address());
      },
    };
    this.#opened = this.#open();
  }

  getURL(): string {
    return toApp(this.#page?.url() ?? '');
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  setWindowOpenHandler(handler: (details: { readonly url: string }) => { readonly action: string }): void {
    this.#openHandler = handler;
  }

  send(channel: string, ...args: unknown[]): void {
    this.#tell({ type: 'message', channel, args: args.map(encode) });
  }

  async loadURL(address: string): Promise<void> {
    const page = await this.#opened;
    this.#loading = toChromium(address);
    try {
      await page.goto(this.#loading);
    } finally {
      this.#loading = undefined;
    }
  }

  async destroy(): Promise<void> {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.emit('destroyed');
    await (await this.#opened).close();
  }

  async #open(): Promise<Page> {
    const context = await browserContext();
    // The context begins with a page of its own.
    const page = context.pages().find((one) => one.url() === 'about:blank') ?? (await context.newPage());
    this.#page = page;
    const cdp = await context.newCDPSession(page);
    this.#cdp = cdp;
    await this.#connect(page, cdp);
    await page.route('**/*', (route) => this.#answer(route));
    await this.#setPermissions(cdp);
    page.on('crash', () => this.emit('render-process-gone', preventable({}), { reason: 'crashed', exitCode: 1 }));
    // Electron asks before there is a window; Chromium makes it first.
    page.on('popup', (popup) => void popup.close());
    page.on('download', (download) => void this.#download(download));
    return page;
  }

  /** The preload in a world of its own, and the way between it and the app. */
  async #connect(page: Page, cdp: CDPSession): Promise<void> {
    const frames = new Map<number, string | undefined>();
    cdp.on('Runtime.executionContextCreated', ({ context }) => {
      const frameId = (context.auxData as { readonly frameId?: string } | undefined)?.frameId;
      frames.set(context.id, frameId);
      if (context.name === PRELOAD_WORLD && frameId === this.#mainFrameId) this.#preloadContext = context.id;
    });
    cdp.on('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      frames.delete(executionContextId);
      if (executionContextId === this.#preloadContext) this.#preloadContext = undefined;
    });
    cdp.on('Runtime.bindingCalled', ({ payload, executionContextId }) => {
      const isMain = frames.get(executionContextId) === this.#mainFrameId;
      const other = page.frames().find((frame) => frame !== page.mainFrame());
      this.#receive(JSON.parse(payload) as FromPreload, isMain ? this.mainFrame : frameOf(other), executionContextId);
    });
    cdp.on('Page.windowOpen', ({ url }) => {
      const { action } = this.#openHandler({ url: toApp(url) });
      record.windowOpens.push({ url: toApp(url), action });
    });
    await cdp.send('Page.enable');
    const { frameTree } = await cdp.send('Page.getFrameTree');
    this.#mainFrameId = frameTree.frame.id;
    await cdp.send('Runtime.enable');
    await cdp.send('Runtime.addBinding', { name: BINDING, executionContextName: PRELOAD_WORLD });
    const channel = `host-${randomUUID()}`;
    const preload = readFileSync(this.#preload, 'utf8');
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: mainWorldScript(channel) });
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
      source: preloadWorldScript(channel, BINDING, RECEIVER, preload),
      worldName: PRELOAD_WORLD,
    });
  }

  #mainFrameId = '';

  #receive(message: FromPreload, senderFrame: HostFrame | null, contextId: number): void {
    const event = { sender: this, senderFrame, processId: 0, frameId: 0 };
    const args = message.args.map(decode);
    if (message.type === 'send') {
      ipcMain.emit(message.channel, event, ...args);
      return;
    }
    const { id, channel } = message;
    ipcMain.invoked(channel, event, args).then(
      (value) => this.#tell({ type: 'answer', id, value: encode(value) }, contextId),
      (error: unknown) => this.#tell({ type: 'answer', id, error: String(error) }, contextId),
    );
  }

  #tell(message: object, contextId: number | undefined = this.#preloadContext): void {
    if (contextId === undefined || this.#cdp === undefined || this.#isDestroyed) return;
    const expression = `${RECEIVER}(${JSON.stringify(JSON.stringify(message))})`;
    // A page that is gone meanwhile hears nothing, as in Electron.
    this.#cdp.send('Runtime.evaluate', { contextId, expression }).catch(() => {});
  }

  /** Every request of the page: navigations are asked about first, then the session's rules, then its scheme. */
  async #answer(route: Route): Promise<void> {
    const request = route.request();
    const url = toApp(request.url());
    if (request.isNavigationRequest() && request.url() !== this.#loading) {
      const frame = request.frame();
      const event = preventable({ url, isMainFrame: frame === frame.page().mainFrame() });
      this.emit('will-frame-navigate', event);
      record.navigations.push({ url, isPrevented: event.defaultPrevented });
      if (event.defaultPrevented) return route.abort('aborted');
    }
    const serve = defaultSession.schemes.get(url.split(':')[0] ?? '');
    if (!(await defaultSession.mayLoad({ url, method: request.method() })) || serve === undefined) {
      record.refused.push(url);
      return route.abort('blockedbyclient');
    }
    const response = await serve(new Request(url, { method: request.method() }));
    const body = Buffer.from(await response.arrayBuffer());
    return route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body });
  }

  /** Chromium asks nobody in a test: what the app would say is set before. */
  async #setPermissions(cdp: CDPSession): Promise<void> {
    for (const [name, permission] of PERMISSIONS) {
      const contents = this as unknown as Electron.WebContents;
      const isGranted = await defaultSession.grants(contents, name, toApp(CHROMIUM_ORIGIN));
      await cdp.send('Browser.setPermission', {
        permission: { name: permission },
        setting: isGranted ? 'granted' : 'denied',
        origin: CHROMIUM_ORIGIN,
      });
    }
  }

  /** The test's own client takes the file, where it was not prevented. */
  async #download(download: Download): Promise<void> {
    const url = toApp(download.url());
    const event = preventable({});
    const item = { getURL: () => url, getFilename: () => download.suggestedFilename() };
    defaultSession.emit('will-download', event, item, this);
    if (event.defaultPrevented) await download.cancel();
    record.downloads.push({ url, isPrevented: event.defaultPrevented });
  }
}

function frameOf(frame: Frame | undefined): HostFrame | null {
  if (frame === undefined) return null;
  const url = toApp(frame.url());
  return { url, origin: originOf(url) };
}

type Offered = Pick<Electron.WebContents, 'getURL' | 'isDestroyed' | 'send' | 'loadURL'>;
HostContents.prototype satisfies Offered;
