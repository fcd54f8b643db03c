/** The desktop app: its parts, made and wired. */

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { shell } from 'electron/common';
import { app, nativeTheme, powerMonitor, session } from 'electron/main';
import type { AlertRecord } from '../../contract/api-schemas.ts';
import type { Preferences } from '../../contract/shell-schemas.ts';
import { plainText } from '../../contract/text.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { ClientError, SYSTEM_RUNTIME_DIRECTORY } from '../client/index.ts';
import { resolvePaths } from '../engine/index.ts';
import { ALERTS_ADDRESS } from './address.ts';
import { Addresses } from './addresses.ts';
import { listAppFiles } from './app-files.ts';
import { DEFAULT_PAUSE_MINUTES, type LaunchRequest, type ShellArguments } from './arguments.ts';
import { autostartFile, setAutostart } from './autostart.ts';
import { DesktopWatch } from './desktop-watch.ts';
import { enableService, isRootOwned, isServiceInstalled, type SystemFacts, whyNotEnable } from './elevate.ts';
import { SupervisedEngine } from './engine-child.ts';
import { EngineLink } from './engine-link.ts';
import { engineProgram } from './engine-program.ts';
import { fenceSession } from './fence.ts';
import { shellHandlers } from './handlers.ts';
import { serveIpc } from './ipc.ts';
import { knownPages } from './links.ts';
import { setWindowMenu } from './menu.ts';
import type { Notice, NoticeAction } from './notification-plan.ts';
import { Notifier } from './notifications.ts';
import { PRELOAD, RENDERER, ROOT, TRAY_ICONS, windowIcon } from './places.ts';
import { PreferenceStore } from './preferences.ts';
import { TrayIcon } from './tray.ts';
import { hasTray } from './tray-support.ts';
import { type TrayCommand, trayView } from './tray-view.ts';
import { createUpdates, type UpdateManager } from './updates/index.ts';
import { MainWindow } from './window.ts';

/** A panel may come after the app at login; it is looked for until it is there. */
const TRAY_LOOKS_MS = 30_000;

/** A line for whoever started the app in a terminal; safe to print. */
export function say(text: string): void {
  process.stderr.write(`holdfast-desktop: ${plainText(text, MAX_SAID)}\n`);
}
const MAX_SAID = 2_000;

export class DesktopApp {
  readonly #preferences = new PreferenceStore(join(app.getPath('userData'), 'preferences.json'));
  readonly #addresses = new Addresses();
  readonly #updates: UpdateManager;
  readonly #link: EngineLink;
  readonly #desktop: DesktopWatch;
  readonly #window: MainWindow;
  readonly #notifier: Notifier;
  readonly #tray = new TrayIcon({ iconFolder: TRAY_ICONS, onCommand: (command) => this.#obey(command) });
  #showsTray = false;
  #toldOfBackground = false;
  #trayTimer: NodeJS.Timeout | undefined;

  constructor({ dataDirectory }: ShellArguments) {
    const { platform, env: environment } = process;
    const userId = process.geteuid?.() ?? 0;
    const { isPackaged } = app;
    const program = engineProgram({ platform, isPackaged, resourcesPath: process.resourcesPath, appPath: ROOT });
    const paths = resolvePaths({ dataDirectory, environment, userId, homeDirectory: homedir() });
    const system: SystemFacts = { platform, exists: existsSync, isRootOwned };
    this.#link = new EngineLink({
      serviceDirectory: dataDirectory === undefined && platform === 'linux' ? SYSTEM_RUNTIME_DIRECTORY : undefined,
      ownDirectory: paths.runtimeDirectory,
      userId,
      child: new SupervisedEngine({ program, dataDirectory, environment }),
      isServiceInstalled: () => isServiceInstalled(),
      whyNotEnable: () => whyNotEnable(program, system),
      nowMs: Date.now,
    });
    this.#notifier = new Notifier({
      preferences: () => this.#preferences.current.value.notifications,
      onPressed: (notice, action) => this.#press(notice, action),
    });
    this.#desktop = new DesktopWatch({
      version: packageFile.version,
      connections: this.#link.connections,
      onAlert: (alert) => this.#notice(alert),
    });
    this.#updates = createUpdates({
      currentVersion: packageFile.version,
      channel: () => this.#preferences.current.value.updates.channel,
      isAutomatic: () => this.#preferences.current.value.updates.automatic,
      fetch,
      log: (level, message) => {
        if (level !== 'info') say(message);
      },
      engineAnswers: () => this.#desktop.answers(),
      isPackaged,
      userData: app.getPath('userData'),
      resources: process.resourcesPath,
      environment,
      quit: () => app.quit(),
    });
    const handlers = shellHandlers({
      link: this.#link,
      preferences: this.#preferences,
      updates: this.#updates,
      pages: packageFile as object,
      info: () => ({
        version: packageFile.version,
        electron: process.versions.electron ?? '',
        chrome: process.versions.chrome ?? '',
        node: process.versions.node,
        platform,
        hasTray: this.#showsTray,
        pages: knownPages(packageFile as object),
      }),
      enableProtection: () => enableService(program),
      applyLoginStart: (preferences) => applyLoginStart(preferences),
      openExternal: (address) => shell.openExternal(address),
      watchAddresses: (tell) => this.#addresses.watch(tell),
    });
    const ipc = serveIpc({
      engine: this.#link,
      shell: handlers,
      ownContents: () => this.#window.current?.webContents,
      onMistake: (call, error) => say(`${call}: ${error instanceof Error ? error.stack : String(error)}`),
      onForged: () => say('A message of a page that is not the app’s was refused.'),
    });
    this.#window = new MainWindow({
      preload: PRELOAD,
      stateFile: join(app.getPath('userData'), 'window.json'),
      icon: windowIcon(),
      onHidden: () => this.#tellOfBackground(),
      onCreated: ({ webContents }) => ipc.startPage(webContents),
      onPageLost: (reason, isGivenUp) => {
        say(`The page ended: ${reason}.${isGivenUp ? ' It is not loaded again; close the window and open it.' : ''}`);
      },
    });
  }

  start(request: LaunchRequest): void {
    fenceSession(session.defaultSession, listAppFiles(RENDERER));
    setWindowMenu(process.platform === 'darwin');
    this.#preferences.current.watch(({ theme }) => {
      nativeTheme.themeSource = theme;
    });
    if (this.#preferences.keptAside !== undefined) {
      say(`The preferences could not be read; they are kept as ${this.#preferences.keptAside}.`);
    }
    this.#link.start();
    this.#link.state.watch(() => this.#drawTray());
    this.#desktop.status.watch(() => this.#drawTray());
    this.#updates.start();
    powerMonitor.on('suspend', () => this.#notifier.receive({ type: 'sleep' }));
    powerMonitor.on('resume', () => this.#notifier.receive({ type: 'wake' }));
    void this.#lookForTray();
    this.launch(request);
  }

  /** Does what a start asks for: this one's, or a second one's. */
  launch(request: LaunchRequest): void {
    if (request.quit) {
      app.quit();
      return;
    }
    if (request.pauseMinutes !== null) this.#pause(request.pauseMinutes, 'from the launcher');
    if (request.resume) this.#resume();
    if (request.address !== null) this.#addresses.show(request.address);
    if (!request.isHidden) this.#window.open(true);
  }

  /** Ends everything that it began; an engine of its own last. */
  async stop(): Promise<void> {
    clearTimeout(this.#trayTimer);
    this.#window.allowClosing();
    this.#notifier.stop();
    this.#desktop.stop();
    this.#updates.stop();
    this.#tray.remove();
    await this.#link.stop();
  }

  async #lookForTray(): Promise<void> {
    this.#showsTray = await hasTray(process.platform);
    if (this.#showsTray) this.#drawTray();
    else this.#trayTimer = setTimeout(() => void this.#lookForTray(), TRAY_LOOKS_MS);
  }

  #drawTray(): void {
    if (!this.#showsTray) return;
    const desktop = {
      link: this.#link.state.value,
      status: this.#desktop.status.value,
      role: this.#link.connections.value?.desktop.role ?? '',
      ownsEngine: this.#link.ownsEngine,
    };
    this.#tray.show(trayView(desktop, { timeText }));
  }

  #obey(command: TrayCommand): void {
    const commands: Readonly<Record<TrayCommand, () => void>> = {
      show: () => this.#window.open(true),
      'show-alerts': () => this.#showAddress(ALERTS_ADDRESS),
      pause: () => this.#pause(DEFAULT_PAUSE_MINUTES, 'from the tray'),
      resume: () => this.#resume(),
      // The window says what isolating does before it is done.
      isolate: () => this.#showAddress('/'),
      'start-engine': () => this.#link.retry(),
      quit: () => app.quit(),
    };
    commands[command]();
  }

  #showAddress(address: string): void {
    this.#addresses.show(address);
    this.#window.open(true);
  }

  #pause(minutes: number, where: string): void {
    const paused = this.#desktop.ask((client) =>
      client.request('protection.pause', { minutes, reason: `Paused ${where}.` }),
    );
    paused.catch((error: unknown) => this.#tellFailure('Holdfast was not paused', error));
  }

  #resume(): void {
    const resumed = this.#desktop.ask((client) => client.request('protection.resume', {}));
    resumed.catch((error: unknown) => this.#tellFailure('Holdfast does not watch again yet', error));
  }

  #press(notice: Notice, action: NoticeAction): void {
    if (action === 'show') {
      this.#showAddress(notice.address);
      return;
    }
    const reviewed = this.#desktop.ask((client) =>
      client.request('alerts.review', { ids: [...notice.alertIds], state: 'acknowledged' }),
    );
    reviewed.catch((error: unknown) => this.#tellFailure('The alert was not acknowledged', error));
  }

  #notice({ id, title, severity, explanation, state }: AlertRecord): void {
    this.#notifier.receive({
      type: 'alert',
      alert: { id, title, severity, explanation },
      needsPerson: state === 'open',
    });
  }

  #tellFailure(what: string, error: unknown): void {
    if (!(error instanceof ClientError)) throw error;
    const { message, hint } = error.failure;
    this.#notifier.say(what, plainText(`${message} ${hint}`), '/');
  }

  /** Once: a window that closes without a trace looks as if protection had ended. */
  #tellOfBackground(): void {
    if (this.#showsTray || this.#toldOfBackground) return;
    this.#toldOfBackground = true;
    const how = 'This desktop shows no tray icon: start Holdfast again to see its window, and quit it there.';
    this.#notifier.say('Holdfast goes on in the background', how, '/');
  }
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

function applyLoginStart({ startAtLogin, startHidden }: Preferences): void {
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: startAtLogin, args: startHidden ? ['--hidden'] : [] });
    return;
  }
  // An AppImage runs from a place that is gone after it; the file itself stays.
  const program = process.env.APPIMAGE ?? process.execPath;
  const command = app.isPackaged ? [program] : [program, ROOT];
  setAutostart(autostartFile(app.getPath('appData')), {
    isWanted: startAtLogin,
    isHidden: startHidden,
    command,
  });
}
