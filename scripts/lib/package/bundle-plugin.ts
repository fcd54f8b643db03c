/**
 * What a bundle of the engine needs beyond joining modules: the threads and files that code finds from where it lies.
 * The installed tree has the layout of a checkout and all chunks lie in one folder of it, so one rule finds everything
 * in both, and a bundle can be tried where it was built.
 */
import { basename, dirname, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vite';

/** Where the bundle is written, below the root of the project and of an installed tree alike. */
export const BUNDLE_FOLDER = 'dist/engine';

/** From a chunk to the root. */
const UP = BUNDLE_FOLDER.replace(/[^/]+/g, '..');

const RELATIVE_URL = /new URL\(\s*(?:'(\.[^']*)'|"(\.[^"]*)")\s*,\s*import\.meta\.url\s*,?\s*\)/g;
const SOURCE = /\.[cm]?tsx?$/;

/** What the code of packages calls the folder that it lies in; in a bundle that would be the bundle's. */
const FOLDER_NAME = /\b__dirname\b/;
const ROOT_MODULE = 'holdfast:root';
const RESOLVED_ROOT_MODULE = `\0${ROOT_MODULE}`;

/** @param root of the project, absolute */
export function bundlePlugin(root: string): Plugin {
  const placeOf = (path: string): string => relative(root, path).split(sep).join('/');
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
        const folder = JSON.stringify(dirname(place));
        return { code: `const __dirname = require('${ROOT_MODULE}').installedPath(${folder});${code}`, map: null };
      }
      if (!code.includes('import.meta')) return null;
      const rewritten = code.replace(RELATIVE_URL, (_all, single?: string, double?: string) => {
        const wanted = single ?? double ?? '';
        const target = resolve(dirname(file), wanted);
        if (!SOURCE.test(wanted)) {
          return urlOf(`${UP}/${placeOf(target)}${wanted.endsWith('/') ? '/' : ''}`);
        }
        // A thread, or a child: an entry of its own under a name that can be told beforehand.
        const name = `${basename(target).replace(SOURCE, '')}.js`;
        this.emitFile({ type: 'chunk', id: target, fileName: name });
        return urlOf(`./${name}`);
      });
      const left = rewritten.replace(WRITTEN_URL, '').match(/import\.meta\.(url|dirname|filename)/);
      if (left !== null) {
        this.error(`${place} uses ${left[0]} other than as new URL('./…', import.meta.url), which a bundle cannot keep`);
      }
      return rewritten === code ? null : { code: rewritten, map: null };
    },
  };
}

const ROOT_MODULE_TEXT = `import { fileURLToPath } from 'node:url';
export const installedPath = (place) => fileURLToPath(new URL('${UP}/' + place, import.meta.url));
`;

/** A marker in between, so that what this plugin has written can be told from what it has not understood. */
function urlOf(place: string): string {
  return `new URL(/* bundled */ ${JSON.stringify(place)}, import.meta.url)`;
}
const WRITTEN_URL = /new URL\(\/\* bundled \*\/ "[^"]*", import\.meta\.url\)/g;
