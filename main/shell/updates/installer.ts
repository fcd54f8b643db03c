import type { HostKind } from './decide.ts';

/** A package of a verified list, with the address that it is fetched from. */
export interface Package {
  readonly version: string;
  readonly url: URL;
  readonly size: number;
  /** Base64. */
  readonly sha512: string;
}

export interface FetchProgress {
  readonly receivedBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
}

/** Fetches a package and puts it in the place of this program. */
export interface Installer {
  readonly host: HostKind;
  /**
   * Gives the path of the fetched file.
   * @throws whatever happened; nothing is kept of a file with another hash
   */
  fetch(wanted: Package, onProgress: (progress: FetchProgress) => void): Promise<string>;
  /** Installs the fetched file and ends this program. @throws when the old version stays in place */
  install(): void;
}
