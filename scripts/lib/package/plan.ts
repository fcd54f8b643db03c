/** What is packaged, for which machine, and where it goes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** dpkg's words for Node's architectures; others have no prebuilt database binding. */
const DEBIAN_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
/** electron-builder's words for Node's platforms. */
const SYSTEMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'mac', win32: 'win' };

export interface Plan {
  /** The folder of the project. */
  readonly root: string;
  readonly version: string;
  /** Node's word: x64 or arm64. The parts are built for the machine that packages them. */
  readonly arch: string;
  readonly debianArch: string;
  readonly system: string;
  /** Every file in the packages is as old as this (reproducible-builds.org, SOURCE_DATE_EPOCH). Seconds. */
  readonly epoch: number;
  /** Where packages go. */
  readonly out: string;
  /** The program as it is installed, to be run from where it is. */
  readonly tree: string;
  readonly manifest: Manifest;
}

/** What of package.json packages say. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly author?: string;
  readonly homepage?: string;
}

const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/** @param version other than the one of package.json, as for a test of upgrades */
export function makePlan(root: string, version: string | undefined, out: string): Plan {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const wanted = version ?? manifest.version;
  if (!VERSION.test(wanted)) throw new Error(`"${wanted}" is no version such as 1.2.3`);
  const { arch, platform } = process;
  const debianArch = DEBIAN_ARCHITECTURES[arch];
  const system = SYSTEMS[platform];
  if (debianArch === undefined || system === undefined)
    throw new Error(`there are no packages for ${platform} ${arch}`);
  const tree = join(out, `holdfast-${wanted}-${system}-${arch}`);
  return { root, version: wanted, arch, debianArch, system, epoch: epochOf(root), out, tree, manifest };
}

/** What the environment says, else the time of the last commit, else the manifest's own. */
function epochOf(root: string): number {
  const said = process.env.SOURCE_DATE_EPOCH;
  if (said !== undefined && /^\d+$/.test(said)) return Number(said);
  const git = spawnSync('git', ['-C', root, 'log', '-1', '--format=%ct'], { encoding: 'utf8' });
  if (git.status === 0 && /^\d+\s*$/.test(git.stdout)) return Number(git.stdout);
  return FIRST_RELEASE;
}

/** Where there is no history: a time that is the same for everybody. 2026-01-01. */
const FIRST_RELEASE = 1_767_225_600;
