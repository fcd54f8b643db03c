/**
 * Stands for `electron/main` and `electron/common` under Node: the part of Electron's API that the app uses, over
 * Chromium. Each part is checked against electron.d.ts where it is written, and check.ts checks the app against what is
 * exported here: a member that the app uses and the host lacks is an error.
 */
import { EventEmitter } from 'node:events';
import { app as hostApp } from './app.ts';
import type { HostContents } from './contents.ts';
import { ipcMain as hostIpcMain } from './ipc-main.ts';
import { HostMenu } from './menu.ts';
import { HostNotification } from './notification.ts';
import { record } from './record.ts';
import { defaultSession, type HostSession } from './session.ts';
import { HostTray, nativeImage } from './tray.ts';
import { HostWindow } from './window.ts';

export const app = hostApp;
export const ipcMain = hostIpcMain;
export type { HostContents as WebContents, HostSession as Session };
export {
  HostMenu as Menu,
  HostNotification as Notification,
  HostTray as Tray,
  HostWindow as BrowserWindow,
  nativeImage,
};

/** What a session tells of a file that is about to be saved. */
export type DownloadItem = Pick<Electron.DownloadItem, 'getURL' | 'getFilename'>;

export const session = { defaultSession };

export const protocol = {
  registerSchemesAsPrivileged: (_schemes: Electron.CustomScheme[]): void => {},
} satisfies Pick<Electron.Protocol, 'registerSchemesAsPrivileged'>;

export const powerMonitor = new EventEmitter();

export const nativeTheme = { themeSource: 'system', shouldUseDarkColors: false } as {
  themeSource: Electron.NativeTheme['themeSource'];
  readonly shouldUseDarkColors: boolean;
} satisfies Pick<Electron.NativeTheme, 'themeSource' | 'shouldUseDarkColors'>;

const WORK_AREA = { x: 0, y: 0, width: 1_920, height: 1_040 } as const;

export const screen = {
  getAllDisplays: () => [{ workArea: WORK_AREA } as unknown as Electron.Display],
} satisfies Pick<Electron.Screen, 'getAllDisplays'>;

export const shell = {
  openExternal: (address: string): Promise<void> => {
    record.external.push(address);
    return Promise.resolve();
  },
} satisfies Pick<Electron.Shell, 'openExternal'>;

/** Beyond Electron: what a test reads and presses. */
export const host = record;
