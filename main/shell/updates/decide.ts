import { createHash } from 'node:crypto';
import { UpdateError } from './failure.ts';
import type { PackageFormat, ReleaseFile, ReleaseManifest } from './manifest.ts';
import { compareVersions } from './version.ts';

/** What must outlive a restart for the decision to be right. */
export interface UpdateMemory {
  /** Random, of this install; places it in a rollout and is never sent anywhere. */
  readonly installId: string;
  /** The highest `sequence` that was ever accepted, by channel. */
  readonly sequences: Readonly<Record<string, number>>;
}

export interface HostKind {
  readonly platform: string;
  readonly arch: string;
  readonly format: PackageFormat;
}

export type Decision =
  | { readonly offer: ReleaseFile; readonly version: string }
  /** In words, why there is nothing to do. */
  | { readonly offer: undefined; readonly why: string };

/** 2^32: the place in a rollout is a 32-bit word of a hash. */
const PLACES = 2 ** 32;

/** The place of an install in the rollout of a version, evenly spread, 0 to 1; another one for every version. */
export function rolloutPlace(installId: string, version: string): number {
  return createHash('sha256').update(`${installId}\n${version}`).digest().readUInt32BE(0) / PLACES;
}

/**
 * Whether to offer the release of a verified list. Pure.
 * @throws UpdateError `update-replayed`, `update-recalled`, `update-no-file`
 */
export function decideUpdate(
  manifest: ReleaseManifest,
  current: string,
  memory: UpdateMemory,
  host: HostKind,
): Decision {
  if (manifest.sequence < (memory.sequences[manifest.channel] ?? 0)) throw new UpdateError('update-replayed');
  const newer = compareVersions(manifest.version, current);
  if (newer <= 0) {
    return {
      offer: undefined,
      why: newer === 0 ? 'This is the newest release.' : 'This version is newer than the newest release.',
    };
  }
  const recall = manifest.recalled.find(({ version }) => version === manifest.version);
  if (recall) throw new UpdateError('update-recalled', recall.reason);
  if (rolloutPlace(memory.installId, manifest.version) >= manifest.rollout) {
    return {
      offer: undefined,
      why: `Version ${manifest.version} is being handed out step by step; it will come here too.`,
    };
  }
  const offer = manifest.files.find(
    ({ platform, arch, format }) => platform === host.platform && arch === host.arch && format === host.format,
  );
  if (offer === undefined) throw new UpdateError('update-no-file', `${host.format} for ${host.platform} ${host.arch}`);
  return { offer, version: manifest.version };
}

/** The reason for which the running version was called back; undefined where it was not. */
export function recallOf(manifest: ReleaseManifest, current: string): string | undefined {
  return manifest.recalled.find(({ version }) => version === current)?.reason;
}
