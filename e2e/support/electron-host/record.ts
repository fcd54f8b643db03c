/** What the app did that nobody sees in a test: for the test to read and to press. */
import type { HostNotification } from './notification.ts';
import type { HostTray } from './tray.ts';

export interface HostRecord {
  readonly notifications: HostNotification[];
  readonly trays: HostTray[];
  /** Addresses that were given to the browser. */
  readonly external: string[];
  /** Windows that the page asked for, and what the app said. */
  readonly windowOpens: { readonly url: string; readonly action: string }[];
  /** Navigations of the page, and whether they were prevented. */
  readonly navigations: { readonly url: string; readonly isPrevented: boolean }[];
  /** Requests that were refused. */
  readonly refused: string[];
  readonly downloads: { readonly url: string; readonly isPrevented: boolean }[];
  loginItem: Electron.Settings | undefined;
  /** The port of Chromium's debugging protocol; the test drives the page over it. */
  debuggingPort: number | undefined;
}

export const record: HostRecord = {
  notifications: [],
  trays: [],
  external: [],
  windowOpens: [],
  navigations: [],
  refused: [],
  downloads: [],
  loginItem: undefined,
  debuggingPort: undefined,
};
