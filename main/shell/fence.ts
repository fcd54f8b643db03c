/**
 * What the window cannot do: go anywhere, open anything, ask the system for anything, load anything that is not the
 * app's. See Electron's security guide, whose points these are.
 */
import { app, type DownloadItem, type Session, type WebContents } from 'electron/main';
import { APP_ORIGIN } from '../../contract/bridge.ts';
import { APP_SCHEME, type AppFiles, answerFile } from './app-files.ts';

/** Copying to the clipboard, when a person presses a button: the only thing that the app's page may ask for. */
const GRANTED_PERMISSIONS: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

/** Addresses that the session may load; blobs and data are what the page made itself, and its policy bounds them. */
const OWN_ADDRESS = new RegExp(`^(${APP_ORIGIN}/|blob:${APP_ORIGIN}/|data:)`);

/** Before the app is ready: which scheme is ours, and that it is a secure place of its own. */
export function ownScheme(): Electron.CustomScheme {
  return { scheme: APP_SCHEME, privileges: { standard: true, secure: true, codeCache: true } };
}

/** Serves the app's files and refuses the rest. */
export function fenceSession(session: Session, files: AppFiles): void {
  session.protocol.handle(APP_SCHEME, (request) => {
    const { status, headers, body } = answerFile(files, request.method, request.url);
    return new Response(Buffer.from(body), { status, headers });
  });
  session.webRequest.onBeforeRequest(({ url }, decide) => decide({ cancel: !OWN_ADDRESS.test(url) }));
  session.setPermissionRequestHandler((contents, permission, decide, { requestingUrl, isMainFrame }) => {
    const isOwn = isMainFrame && requestingUrl.startsWith(`${APP_ORIGIN}/`) && contents.getURL().startsWith(APP_ORIGIN);
    decide(isOwn && GRANTED_PERMISSIONS.has(permission));
  });
  session.setPermissionCheckHandler(
    (_contents, permission, requestingOrigin) =>
      requestingOrigin.replace(/\/$/, '') === APP_ORIGIN && GRANTED_PERMISSIONS.has(permission),
  );
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event, item) => {
    if (!isOwnDownload(item)) event.preventDefault();
  });
  session.setSpellCheckerEnabled(false);
}

/** A file that the page made (an exported report); Electron asks the person where to put it. */
function isOwnDownload(item: DownloadItem): boolean {
  return item.getURL().startsWith(`blob:${APP_ORIGIN}/`);
}

/** For every page that ever comes to be, ours or not. */
export function fenceAllContents(): void {
  app.on('web-contents-created', (_event, contents) => fenceContents(contents));
}

function fenceContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  // Our own loading is no navigation in this sense; loading the same page anew is the only one there is.
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || event.url.replace(/#.*$/s, '') !== `${APP_ORIGIN}/`) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
