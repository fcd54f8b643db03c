/** The updater of this build: from the place and the keys in assets/updates/feed.json. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import source from '../../../assets/updates/feed.json' with { type: 'json' };
import type { HostKind } from './decide.ts';
import { ElectronInstaller } from './electron-installer.ts';
import { UpdateManager, type UpdateManagerOptions } from './manager.ts';
import { PACKAGE_FORMATS, type PackageFormat, trustedKeys } from './manifest.ts';
import { MemoryFile } from './memory.ts';

export { UpdateManager } from './manager.ts';

export interface UpdatesRequest
  extends Pick<UpdateManagerOptions, 'currentVersion' | 'channel' | 'isAutomatic' | 'fetch' | 'log' | 'engineAnswers'> {
  readonly isPackaged: boolean;
  /** Where the app keeps the user's things. */
  readonly userData: string;
  /** Electron's `process.resourcesPath`: says what kind of package this copy came in. */
  readonly resources: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly quit: () => void;
}

export function createUpdates(request: UpdatesRequest): UpdateManager {
  const { isPackaged, userData, log, quit } = request;
  const format = isPackaged ? formatOf(request) : undefined;
  const host: HostKind | undefined = format && { platform: process.platform, arch: process.arch, format };
  return new UpdateManager({
    ...request,
    feed: source.feed === '' ? undefined : new URL(source.feed),
    keys: trustedKeys(source.keys),
    memory: new MemoryFile(join(userData, 'updates.json')),
    installer: host && new ElectronInstaller({ host, quit, log }),
    whyNot: isPackaged
      ? 'This copy was not installed from a package that can replace itself.'
      : 'This copy runs from its source code.',
    now: Date.now,
  });
}

/** electron-builder writes the kind of a Linux package into a file beside the app. */
function formatOf({ resources, environment }: UpdatesRequest): PackageFormat | undefined {
  if (process.platform === 'win32') return 'nsis';
  if (process.platform === 'darwin') return 'zip';
  if (environment.APPIMAGE) return 'AppImage';
  try {
    const kind = readFileSync(join(resources, 'package-type'), 'utf8').trim();
    return PACKAGE_FORMATS.find((format) => format === kind);
  } catch {
    return undefined;
  }
}
