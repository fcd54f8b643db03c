/**
 * What a bundle of the engine needs beyond joining modules: the threads and files that code finds from where it lies, and
 * sources that take half the memory.
 * The installed tree has the layout of a checkout and all chunks lie in one folder of it, so one rule finds everything
 * in both, and a bundle can be tried where it was built.
 */
import { isBuiltin } from 'node:module';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vite';
import { latin1Source } from './latin1.ts';

/** Where the bundle is written, below the root of the project and of an installed tree alike. */
export const BUNDLE_FOLDER = 'dist/engine';

/** From a chunk to the root. */
const UP = BUNDLE_FOLDER.replace(/[^/]+/g, '..');

const RELATIVE_URL = /new URL\(\s*(?:'(\.[^']*)'|"(\.[^"]*)")\s*,\s*import\.meta\.url\s*,?\s*\)/g;
const SOURCE = /\.[cm]?tsx?$/;

/** What the code of packages calls the folder that it lies in; in a bundle that would be the bundle's. */
const FOLDER_NAME = /\b__dirname\b/;
/** Packages that look for files beside their code, and the folders of theirs that must go along. */
const PACKAGE_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  '@fastify/swagger-ui': ['static'],
  // It looks for the manifest of whoever uses it, to fall back on; the console states its own.
  '@fastify/swagger': [],
  // Threads for transports, of which the log uses none.
  pino: [],
  'thread-stream': [],
};

/** Written beside the bundle: what has to be carried along. */
export const CONTENTS_FILE = 'contents.json';

/** All paths are relative to the root, and names are sorted. */
export interface BundleContents {
  /** Files and folders (with a slash at the end) of the project that the code finds from where it lies. */
  readonly files: readonly string[];
  /** Folders of packages that their code finds. */
  readonly packageFolders: readonly string[];
  /** Packages with code in the bundle. */
  readonly packages: readonly string[];
  /** Packages that stay outside of it. */
  readonly external: readonly string[];
}
const ROOT_MODULE = 'holdfast:root';
const RESOLVED_ROOT_MODULE = `\0${ROOT_MODULE}`;

/** @param root of the project, absolute */
export function bundlePlugin(root: string): Plugin {
  const placeOf = (path: string): string => relative(root, path).split(sep).join('/');
  const files = new Set<string>();
  const packageFolders = new Set<string>();
  return {
    name: 'holdfast-bundle',
    enforce: 'pre',
    resolveId: (id) => (id === ROOT_MODULE ? RESOLVED_ROOT_MODULE : null),
    load: (id) => (id === RESOLVED_ROOT_MODULE ? ROOT_MODULE_TEXT : null),
    transform(code, id) {
      const file = id.split('?')[0];
      if (!file.startsWith(`${root}${sep}`)) return null;
      const place = placeOf(file);
      if (place.startsWith('node_modules/')) {
        if (!FOLDER_NAME.test(code) || /^\s*(import|export)\b/m.test(code)) return null;
        const name = packageOf(place);
        const folders = PACKAGE_FOLDERS[name];
        if (folders === undefined) this.error(`${place} looks for files beside it: say in PACKAGE_FOLDERS for which`);
        for (const wanted of folders) packageFolders.add(`node_modules/${name}/${wanted}`);
        const folder = JSON.stringify(dirname(place));
        return { code: `const __dirname = require('${ROOT_MODULE}').installedPath(${folder});${code}`, map: null };
      }
      if (!code.includes('import.meta')) return null;
      const rewritten = code.replace(RELATIVE_URL, (_all, single?: string, double?: string) => {
        const wanted = single ?? double ?? '';
        const target = resolve(dirname(file), wanted);
        if (!SOURCE.test(wanted)) {
          const found = `${placeOf(target)}${wanted.endsWith('/') ? '/' : ''}`;
          files.add(found);
          return urlOf(`${UP}/${found}`);
        }
        // A thread, or a child: an entry of its own under a name that can be told beforehand.
        const name = `${basename(target).replace(SOURCE, '')}.js`;
        this.emitFile({ type: 'chunk', id: target, fileName: name });
        return urlOf(`./${name}`);
      });
      const left = rewritten.replace(WRITTEN_URL, '').match(/import\.meta\.(url|dirname|filename)/);
      if (left !== null) {
        this.error(
          `${place} uses ${left[0]} other than as new URL('./…', import.meta.url), which a bundle cannot keep`,
        );
      }
      return rewritten === code ? null : { code: rewritten, map: null };
    },
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((part) => part.type === 'chunk');
      for (const chunk of chunks) chunk.code = latin1Source(chunk.code);
      const places = chunks.flatMap(({ moduleIds }) =>
        moduleIds.map((id) => placeOf(id.replace(/^\0/, '').split('?')[0])),
      );
      const named = chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
      const contents: BundleContents = {
        files: [...files].sort(),
        packageFolders: [...packageFolders].sort(),
        packages: unique(places.filter((place) => place.startsWith('node_modules/')).map(packageOf)),
        external: unique(named.filter((name) => bundle[name] === undefined && !isBuiltin(name))),
      };
      this.emitFile({ type: 'asset', fileName: CONTENTS_FILE, source: `${JSON.stringify(contents, null, 2)}\n` });
    },
  };
}

/** "@scope/name" of a place below node_modules, the innermost where they nest. */
function packageOf(place: string): string {
  const [scope, name] = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length).split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

const ROOT_MODULE_TEXT = `import { fileURLToPath } from 'node:url';
export const installedPath = (place) => fileURLToPath(new URL('${UP}/' + place, import.meta.url));
`;

/** A marker in between, so that what this plugin has written can be told from what it has not understood. */
function urlOf(place: string): string {
  return `new URL(/* bundled */ ${JSON.stringify(place)}, import.meta.url)`;
}
const WRITTEN_URL = /new URL\(\/\* bundled \*\/ "[^"]*", import\.meta\.url\)/g;
