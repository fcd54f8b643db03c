/**
 * The installer of a real desktop: electron-updater, which knows how AppImage, deb, rpm, nsis and macOS packages are
 * put in place. It is told of a release only after our signed list was verified, and is never asked to look for one.
 */
import { createRequire } from 'node:module';
import type { UpdateInfo } from 'builder-util-runtime';
import type { AppUpdater, Provider as ProviderClass, ResolvedUpdateFileInfo } from 'electron-updater';
import type { HostKind } from './decide.ts';
import type { FetchProgress, Installer, Package } from './installer.ts';
import type { PackageFormat } from './manifest.ts';

type ElectronUpdater = typeof import('electron-updater');
/** What electron-updater wants to know of the app; its own reading of Electron where it is left out. */
export type AppAdapter = ConstructorParameters<ElectronUpdater['AppImageUpdater']>[1];

export interface ElectronInstallerOptions {
  readonly host: HostKind;
  /** Ends the program after an installation. */
  readonly quit: () => void;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** For tests, which have no Electron: the app, and what fetches. */
  readonly adapter?: { readonly app: AppAdapter; readonly httpExecutor: unknown };
}

/** Loaded when the first update is fetched: it is large, and CommonJS. */
function loadUpdater(): ElectronUpdater {
  return createRequire(import.meta.url)('electron-updater') as ElectronUpdater;
}

/** The macOS updater takes no options; given as nothing they are the same for all. */
type UpdaterClass = new (_: undefined, app?: AppAdapter) => AppUpdater;

const UPDATERS: Readonly<Record<PackageFormat, (all: ElectronUpdater) => UpdaterClass>> = {
  AppImage: (all) => all.AppImageUpdater,
  deb: (all) => all.DebUpdater,
  rpm: (all) => all.RpmUpdater,
  nsis: (all) => all.NsisUpdater,
  zip: (all) => all.MacUpdater,
};

export class ElectronInstaller implements Installer {
  readonly host: HostKind;
  readonly #options: ElectronInstallerOptions;
  #updater: AppUpdater | undefined;

  constructor(options: ElectronInstallerOptions) {
    this.#options = options;
    this.host = options.host;
  }

  async fetch(wanted: Package, onProgress: (progress: FetchProgress) => void): Promise<string> {
    const all = loadUpdater();
    const updater = this.#make(all);
    updater.setFeedURL({ provider: 'custom', updateProvider: oneReleaseProvider(all.Provider, wanted) } as never);
    updater.on('download-progress', ({ transferred, total, bytesPerSecond }) =>
      onProgress({ receivedBytes: transferred, totalBytes: total, bytesPerSecond }),
    );
    const found = await updater.checkForUpdates();
    if (!found?.isUpdateAvailable) throw new Error(`version ${wanted.version} was not taken for an update`);
    const [file] = await updater.downloadUpdate();
    this.#updater = updater;
    return file;
  }

  install(): void {
    const updater = this.#updater;
    if (updater === undefined) throw new Error('nothing was fetched');
    if (!('install' in updater)) {
      updater.quitAndInstall(true, true);
      return;
    }
    const isInstalled = (updater as { install(isSilent: boolean, runAfter: boolean): boolean }).install(true, true);
    if (!isInstalled) throw new Error('the package was not installed');
    this.#options.quit();
  }

  #make(all: ElectronUpdater): AppUpdater {
    const { adapter, host, log } = this.#options;
    const updater = new (UPDATERS[host.format](all))(undefined, adapter?.app);
    if (adapter) Object.assign(updater, { httpExecutor: adapter.httpExecutor });
    updater.logger = {
      info: (message) => log('info', String(message)),
      warn: (message) => log('warn', String(message)),
      error: (message) => log('error', String(message)),
    };
    // What is fetched and installed, and when, is decided by the manager alone.
    updater.autoDownload = false;
    updater.autoInstallOnAppQuit = false;
    updater.allowDowngrade = false;
    // Whole files only: their hash is in the signed list, that of pieces is not.
    updater.disableDifferentialDownload = true;
    updater.on('error', (error) => log('error', error.message));
    return updater;
  }
}

/** A "provider" that knows one release: the verified one. */
function oneReleaseProvider(Base: typeof ProviderClass, { version, url, size, sha512 }: Package) {
  const info: UpdateInfo = {
    version,
    files: [{ url: url.href, size, sha512 }],
    path: url.href,
    sha512,
    releaseDate: new Date(0).toISOString(),
  };
  return class extends Base<UpdateInfo> {
    constructor(_options: unknown, _updater: unknown, runtime: never) {
      super(runtime);
    }
    override async getLatestVersion(): Promise<UpdateInfo> {
      return info;
    }
    override resolveFiles(): ResolvedUpdateFileInfo[] {
      return [{ url, info: info.files[0] }];
    }
  };
}
