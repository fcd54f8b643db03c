/** Electron's BrowserWindow: its page is Chromium's, its place on the screen a number. */
import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { closeBrowser } from './chromium.ts';
import { HostContents } from './contents.ts';
import { preventable } from './preventable.ts';

const windows = new Set<HostWindow>();

/** What the page of a window must be, or the host is no double of what the app asks for. */
const REQUIRED = { contextIsolation: true, sandbox: true, nodeIntegration: false } as const;

export class HostWindow extends EventEmitter {
  readonly webContents: HostContents;
  #bounds: Electron.Rectangle;
  #isVisible = false;
  #isMaximized = false;
  #isMinimized = false;
  #isDestroyed = false;
  #focusCount = 0;

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super();
    const { webPreferences = {}, x = 0, y = 0, width = 800, height = 600, show = true } = options;
    for (const [name, value] of Object.entries(REQUIRED)) {
      if (webPreferences[name as keyof typeof REQUIRED] !== value) throw new Error(`${name} must be ${value}`);
    }
    if (webPreferences.preload === undefined) throw new Error('the host needs a preload');
    this.#bounds = { x, y, width, height };
    this.#isVisible = show;
    this.webContents = new HostContents(webPreferences.preload);
    windows.add(this);
    app.emit('web-contents-created', preventable({}), this.webContents);
  }

  static getAllWindows(): HostWindow[] {
    return [...windows];
  }

  loadURL(address: string): Promise<void> {
    return this.webContents.loadURL(address);
  }

  show(): void {
    this.#isVisible = true;
    this.emit('show');
  }

  hide(): void {
    this.#isVisible = false;
    this.emit('hide');
  }

  focus(): void {
    this.#focusCount++;
  }

  close(): void {
    const event = preventable({});
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    windows.delete(this);
    void this.webContents.destroy();
    this.emit('closed');
    if (windows.size === 0) app.emit('window-all-closed');
  }

  restore(): void {
    this.#isMinimized = false;
  }

  minimize(): void {
    this.#isMinimized = true;
  }

  maximize(): void {
    this.#isMaximized = true;
    this.emit('maximize');
  }

  setBounds(bounds: Partial<Electron.Rectangle>): void {
    this.#bounds = { ...this.#bounds, ...bounds };
    this.emit('resize');
  }

  isVisible(): boolean {
    return this.#isVisible;
  }

  isMinimized(): boolean {
    return this.#isMinimized;
  }

  isMaximized(): boolean {
    return this.#isMaximized;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  getNormalBounds(): Electron.Rectangle {
    return this.#bounds;
  }

  setMenuBarVisibility(_visible: boolean): void {}

  /** How often it was brought to the front. */
  get focusCount(): number {
    return this.#focusCount;
  }
}

app.closeWindows = () => {
  for (const window of windows) window.close();
  return windows.size === 0;
};
app.release = closeBrowser;

type Offered = Pick<
  Electron.BrowserWindow,
  | 'loadURL'
  | 'show'
  | 'hide'
  | 'focus'
  | 'close'
  | 'destroy'
  | 'restore'
  | 'minimize'
  | 'maximize'
  | 'setBounds'
  | 'isVisible'
  | 'isMinimized'
  | 'isMaximized'
  | 'isDestroyed'
  | 'getNormalBounds'
  | 'setMenuBarVisibility'
>;
HostWindow.prototype satisfies Offered;
