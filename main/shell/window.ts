/** The one window. Closing it hides it: protection is told of by the tray and by notifications meanwhile. */
import { app, BrowserWindow, nativeTheme, screen } from 'electron/main';
import { APP_ORIGIN } from '../../contract/bridge.ts';
import { readSettled, writeSettled } from './settled-file.ts';
import { placeWindow, SMALLEST, type WindowState, windowStateSchema } from './window-state.ts';

/** Moving and sizing come in many steps: the last one is kept. */
const KEEP_AFTER_MS = 500;
/** A page that fails again and again is left alone. */
const RELOADS_PER_MINUTE = 3;
const MINUTE_MS = 60_000;
/** The page's own surfaces, so that nothing flashes before it is drawn. */
const SURFACE = { light: '#ffffff', dark: '#14161a' } as const;

export interface WindowOptions {
  readonly preload: string;
  readonly stateFile: string;
  readonly icon: string | undefined;
  /** A person closed it; it is hidden. */
  onHidden(): void;
  onCreated(window: BrowserWindow): void;
  /** The page ended by itself and was loaded anew, or is given up. */
  onPageLost(reason: string, isGivenUp: boolean): void;
}

export class MainWindow {
  readonly #options: WindowOptions;
  #window: BrowserWindow | undefined;
  #isQuitting = false;
  #keepTimer: NodeJS.Timeout | undefined;
  #reloads: number[] = [];

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get current(): BrowserWindow | undefined {
    return this.#window;
  }

  /** Makes the window where there is none. @param isShown begins hidden otherwise */
  open(isShown: boolean): void {
    const window = this.#window ?? this.#create();
    if (!isShown) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  /** From now on closing closes. */
  allowClosing(): void {
    this.#isQuitting = true;
    this.#keep();
  }

  #create(): BrowserWindow {
    const kept = readSettled(this.#options.stateFile, windowStateSchema).value;
    const areas = screen.getAllDisplays().map(({ workArea }) => workArea);
    const { isMaximized, ...bounds } = placeWindow(kept, areas);
    const window = new BrowserWindow({
      ...bounds,
      minWidth: SMALLEST.width,
      minHeight: SMALLEST.height,
      show: false,
      title: 'Holdfast',
      icon: this.#options.icon,
      autoHideMenuBar: true,
      backgroundColor: nativeTheme.shouldUseDarkColors ? SURFACE.dark : SURFACE.light,
      webPreferences: {
        preload: this.#options.preload,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webviewTag: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        spellcheck: false,
        devTools: !app.isPackaged,
        navigateOnDragDrop: false,
        enableWebSQL: false,
      },
    });
    this.#window = window;
    window.setMenuBarVisibility(false);
    if (isMaximized) window.maximize();
    window.on('close', (event) => {
      this.#keep();
      if (this.#isQuitting) return;
      event.preventDefault();
      window.hide();
      this.#options.onHidden();
    });
    window.on('closed', () => {
      this.#window = undefined;
    });
    for (const moved of ['resize', 'move', 'maximize', 'unmaximize'] as const) {
      window.on(moved as 'resize', () => this.#keepSoon());
    }
    window.webContents.on('render-process-gone', (_event, { reason }) => this.#reload(reason));
    this.#options.onCreated(window);
    void this.#load(window);
    return window;
  }

  async #load(window: BrowserWindow): Promise<void> {
    try {
      await window.loadURL(`${APP_ORIGIN}/`);
    } catch (error) {
      // Ended while it was loading: by quitting, or by a page that is being loaded anew.
      if (!this.#isQuitting) this.#options.onPageLost(String(error), false);
    }
  }

  #reload(reason: string): void {
    const window = this.#window;
    if (window === undefined || this.#isQuitting || reason === 'clean-exit') return;
    const nowMs = Date.now();
    this.#reloads = [...this.#reloads.filter((timeMs) => nowMs - timeMs < MINUTE_MS), nowMs];
    const isGivenUp = this.#reloads.length > RELOADS_PER_MINUTE;
    this.#options.onPageLost(reason, isGivenUp);
    if (!isGivenUp) void this.#load(window);
  }

  #keepSoon(): void {
    clearTimeout(this.#keepTimer);
    this.#keepTimer = setTimeout(() => this.#keep(), KEEP_AFTER_MS);
  }

  #keep(): void {
    clearTimeout(this.#keepTimer);
    const window = this.#window;
    if (window === undefined || window.isDestroyed()) return;
    const state: WindowState = { ...window.getNormalBounds(), isMaximized: window.isMaximized() };
    try {
      writeSettled(this.#options.stateFile, state);
    } catch {
      // A full disk costs the window its place next time, and nothing else.
    }
  }
}
