/**
 * Which package an executable belongs to: the lists of the package managers, and the places that snaps, Flatpaks and
 * AppImages run from. The lists are read in the background, once, and again after an installation.
 */
import type { Clock } from '../../runtime/clock.ts';
import { PACKAGE_DATABASES, type PackageDatabase } from '../package-databases.ts';
import { AppImages } from './app-images.ts';
import { MAX_OWNERS, PathOwners } from './path-owners.ts';

/** A full desktop has some ten thousand programs. */
const MAX_PATHS = 400_000;
/** Answers that are known by heart: few programs are run again and again. */
const MAX_ANSWERS = 2_048;
/** How often it is looked whether packages were installed. */
const LOOK_INTERVAL_MS = 30_000;

/** What nobody executes is left out of the index: it is nine tenths of all files. */
const NOT_EXECUTED_FOLDERS = /^\/usr\/(?:share\/(?:doc|man|locale|icons|fonts|help|info)|include|src)\//;
const NOT_EXECUTED_ENDINGS =
  /\.(?:py|pyc|h|hpp|html|mo|png|svg|gz|ko|xz|zst|a|o|js|json|txt|pm|rb|xml|so(?:\.[\d.]+)?)$/;

const FLATPAK = /^\/(?:var\/lib|(?:[^/]+\/){1,8}\.local\/share)\/flatpak\/(?:app|runtime)\/([^/]+)\//;
/** What these install lies where only root writes. Flatpaks of a user and AppImages are files that anybody can make. */
const SYSTEM_PACKAGE = /^(?:dpkg|rpm|pacman|apk|snap):/;

/** Whether an owner as PackageIndex names it vouches for the file: somebody with root's rights installed it. */
export function isOfSystemPackage(owner: string | undefined): boolean {
  return owner !== undefined && SYSTEM_PACKAGE.test(owner);
}

/** By its place alone: "snap:firefox", "flatpak:org.gimp.GIMP"; undefined elsewhere. */
export function packageByPlace(image: string): string | undefined {
  const snap = /^\/snap\/([^/]+)\/[^/]+\//.exec(image) ?? /^\/var\/lib\/snapd\/snap\/([^/]+)\/[^/]+\//.exec(image);
  if (snap !== null) return `snap:${snap[1]}`;
  // /var/lib/flatpak/app/ID/…, ~/.local/share/flatpak/app/ID/…
  const flatpak = FLATPAK.exec(image);
  return flatpak === null ? undefined : `flatpak:${flatpak[1]}`;
}

/** Whether a path of a package's list belongs into the index. */
export function isWorthIndexing(path: string): boolean {
  return path.length > 2 && !NOT_EXECUTED_FOLDERS.test(path) && !NOT_EXECUTED_ENDINGS.test(path);
}

export interface PackageIndexOptions {
  /** For tests: another folder than "/". */
  readonly root?: string;
  /** For tests: other package managers. */
  readonly databases?: readonly PackageDatabase[];
  /** For tests: see AppImages. */
  readonly appImages?: AppImages;
}

export class PackageIndex {
  readonly #root: string;
  readonly #databases: readonly PackageDatabase[];
  readonly #appImages: AppImages;
  readonly #clock: Clock;
  #owners = new PathOwners();
  #answers = new Map<string, string | undefined>();
  #stamp = '';
  #lookedMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(clock: Clock, options: PackageIndexOptions = {}) {
    this.#clock = clock;
    this.#root = options.root ?? '/';
    this.#databases = options.databases ?? PACKAGE_DATABASES;
    this.#appImages = options.appImages ?? new AppImages();
  }

  /** "dpkg:curl", "rpm:curl"; undefined when no package has the file, or that is not known yet. */
  ownerOf(image: string): string | undefined {
    const placed = packageByPlace(image);
    if (placed !== undefined) return placed;
    const nowMs = this.#clock.monotonicMs();
    if (this.#reading === undefined && nowMs - this.#lookedMs >= LOOK_INTERVAL_MS) {
      this.#lookedMs = nowMs;
      void this.refresh();
    }
    return this.#listed(image) ?? this.#appImages.nameOf(image);
  }

  #listed(image: string): string | undefined {
    if (this.#answers.has(image)) return this.#answers.get(image);
    // Packages from before /bin became a link to /usr/bin still list their files below /bin.
    const owner =
      this.#owners.ownerOf(image) ?? (image.startsWith('/usr/') ? this.#owners.ownerOf(image.slice(4)) : undefined);
    if (this.#answers.size >= MAX_ANSWERS) this.#answers = new Map();
    this.#answers.set(image, owner);
    return owner;
  }

  /** Reads the lists where they changed. Never rejects. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    try {
      const stamps = await Promise.all(this.#databases.map((database) => database.stamp(this.#root)));
      const stamp = stamps.join(' ');
      if (stamp === this.#stamp) return;
      const present = this.#databases.filter((_database, index) => stamps[index] !== undefined);
      const { owners, failed } = await readOwners(present, this.#root);
      // Where one of several cannot be read for good (rpm on Debian), the others are not read again and again for it.
      if (failed > 0 && failed === present.length) return;
      this.#owners = owners;
      this.#answers = new Map();
      this.#stamp = stamp;
    } catch {
      // A package manager is at work at this moment: the next look tries again.
    }
  }
}

async function readOwners(
  databases: readonly PackageDatabase[],
  root: string,
): Promise<{ readonly owners: PathOwners; readonly failed: number }> {
  const owners = new PathOwners();
  let failed = 0;
  const numbers = new Map<string, number>();
  // Of owners of the same path the last one counts: the first of the databases is read last.
  for (const database of databases.toReversed()) {
    const take = (name: string, path: string): void => {
      if (owners.size >= MAX_PATHS || !isWorthIndexing(path)) return;
      const key = `${database.manager}:${name}`;
      let number = numbers.get(key);
      if (number === undefined) {
        if (numbers.size >= MAX_OWNERS) return;
        number = owners.owner(key);
        numbers.set(key, number);
      }
      owners.add(path, number);
    };
    await database.read(root, take).catch(() => {
      failed++;
    });
  }
  owners.seal();
  return { owners, failed };
}
