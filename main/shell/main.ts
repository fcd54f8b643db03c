/// <reference types="electron" />
/** Where the desktop app begins: what must be said before Electron is ready, one app at a time, and its end. */
import { app, protocol } from 'electron/main';
import { DesktopApp, say } from './app.ts';
import { parseArguments, parseLaunchRequest } from './arguments.ts';
import { fenceAllContents, ownScheme } from './fence.ts';
import { userDataFolder } from './places.ts';

const started = parseArguments(process.argv.slice(1));

app.enableSandbox();
protocol.registerSchemesAsPrivileged([ownScheme()]);
app.setName('Holdfast');
app.setAppUserModelId('org.holdfast.Holdfast');
app.setPath('userData', userDataFolder(started.dataDirectory, app.getPath('appData')));

// A second start hands over what it asks for, and ends.
if (app.requestSingleInstanceLock(started.request)) begin();
else app.quit();

function begin(): void {
  let desktop: DesktopApp | undefined;
  let ending: Promise<void> | undefined;
  fenceAllContents();
  // Without this the app would end with its window.
  app.on('window-all-closed', () => {});
  app.on('activate', () => desktop?.launch(parseLaunchRequest(undefined)));
  app.on('second-instance', (_event, _words, _folder, sent) => desktop?.launch(parseLaunchRequest(sent)));
  app.on('before-quit', (event) => {
    if (desktop === undefined || ending !== undefined) return;
    event.preventDefault();
    ending = desktop.stop().catch((error: unknown) => say(String(error)));
    void ending.then(() => app.quit());
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
  app.whenReady().then(
    () => {
      desktop = new DesktopApp(started);
      desktop.start(started.request);
    },
    (error: unknown) => say(String(error)),
  );
}
