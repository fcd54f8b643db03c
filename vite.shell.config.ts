/**
 * Builds the desktop app's own code: `vite build --config vite.shell.config.ts` makes dist/shell/main.js, one file for
 * Electron's main process; with `--mode preload` dist/preload/preload.cjs, which a sandboxed page loads and which must
 * therefore be one CommonJS file.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What Electron gives; updates come with a package that is left as it is. */
const EXTERNAL_PACKAGES = /^electron(-updater)?(\/|$)/;

/** The parts of the engine's face that the app uses. The engine itself is another program. */
const ENGINE_FACE = /main\/engine\/index\.ts$/;
const USED_OF_ENGINE = ['./runtime/paths.ts', './runtime/supervise.ts', './runtime/failure.ts'];

/** What is loaded when it is needed, and never is: left out of the bundle with the functions that name it. */
function isExternal(id: string, importer: string | undefined): boolean {
  if (EXTERNAL_PACKAGES.test(id)) return true;
  if (importer === undefined || !ENGINE_FACE.test(importer)) return false;
  // Asked twice: as it is written, and as a path.
  return !USED_OF_ENGINE.includes(id.replace(/^.*\/main\/engine\//, './'));
}

/** Of package.json the bundles carry what the app says of itself, not what it was built with. */
const packageFacts: Plugin = {
  name: 'package-facts',
  enforce: 'pre',
  transform(code, id) {
    if (id !== at('package.json')) return undefined;
    const { name, version, homepage, bugs } = JSON.parse(code) as Readonly<Record<string, unknown>>;
    return { code: JSON.stringify({ name, version, homepage, bugs }), map: null };
  },
};

const PARTS = {
  main: { entry: 'main/shell/main.ts', folder: 'dist/shell', format: 'es', file: 'main.js' },
  preload: { entry: 'preload/preload.ts', folder: 'dist/preload', format: 'cjs', file: 'preload.cjs' },
} as const;

export default defineConfig(({ mode }) => {
  const { entry, folder, format, file } = mode === 'preload' ? PARTS.preload : PARTS.main;
  return {
    root: at('.').replace(/\/$/, ''),
    publicDir: false,
    logLevel: 'warn',
    plugins: [packageFacts],
    ssr: { target: 'node', noExternal: true, external: ['electron'] },
    build: {
      // Not for a browser: modules of Node stay as they are.
      ssr: at(entry),
      target: 'node24',
      outDir: at(folder),
      emptyOutDir: true,
      sourcemap: true,
      minify: false,
      rolldownOptions: {
        external: isExternal,
        output: { format, entryFileNames: file, codeSplitting: false },
      },
    },
  };
});
