/**
 * Where an installed holdfast begins: bin/holdfast without what only a checkout needs. The Node beside it is the
 * right one, and the parts are bundled.
 */
import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { isAbsolute, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

/**
 * Where compiled code may be kept from one start to the next, or nothing. Who can write there decides what the next
 * start executes, so it must be a private folder of this very user: root does not follow HOME or XDG_CACHE_HOME,
 * which sudo may have kept from somebody else. The rules are those of bin/holdfast.
 */
function compileCacheFolder(): string | undefined {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  const { XDG_CACHE_HOME, HOME } = process.env;
  const base = uid === 0 ? '/var/cache' : XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  if (!base || !isAbsolute(base)) return undefined;
  const folder = join(base, 'holdfast');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const parent = lstatSync(base);
    const own = lstatSync(folder);
    const isPrivate = own.isDirectory() && own.uid === uid && (own.mode & 0o022) === 0 && (parent.mode & 0o002) === 0;
    return isPrivate ? join(folder, 'compiled') : undefined;
  } catch {
    return undefined; // A read-only or full home only makes the start slower.
  }
}

const args = process.argv.slice(2);
if (args[0] === '--version' || args[0] === '-V') {
  const file = new URL('../../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  process.stdout.write(`holdfast ${version}\n`);
} else {
  const isEngine = args.includes('daemon');
  // The engine runs for weeks: it starts a moment later, and does not hold 25 MB of compiled code that it read once.
  const cacheFolder = isEngine ? undefined : compileCacheFolder();
  if (cacheFolder !== undefined) module.enableCompileCache(cacheFolder);
  // How heaps may grow, as with bin/holdfast.
  setFlagsFromString(`--heap-growing-percent=${isEngine ? 30 : 60}`);
  if (isEngine) setFlagsFromString('--optimize-for-size');
  const { main } = await import('../../../main/cli/main.ts');
  process.exitCode = await main(args);
}
