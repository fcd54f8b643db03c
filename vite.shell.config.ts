/**
 * Builds the desktop app's own code: `node scripts/build.mjs shell` makes dist/shell/main.js, one file for Electron's
 * main process, and dist/preload/preload.cjs, which a sandboxed page loads and which must be one CommonJS file.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig, type EnvironmentOptions, type Plugin } from 'vite';

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

/** @param folder emptied before */
function part(entry: string, folder: string, format: 'es' | 'cjs', file: string): EnvironmentOptions {
  return {
    consumer: 'server',
    resolve: { noExternal: true },
    build: {
      // Not for a browser: modules of Node stay as they are.
      ssr: true,
      target: 'node24',
      outDir: at(folder),
      emptyOutDir: true,
      sourcemap: true,
      // Names that say something in an error are worth more than the bytes.
      minify: false,
      rolldownOptions: {
        input: at(entry),
        external: isExternal,
        output: { format, entryFileNames: file, codeSplitting: false },
      },
    },
  };
}

export default defineConfig({
  root: at('.').replace(/\/$/, ''),
  publicDir: false,
  logLevel: 'warn',
  plugins: [packageFacts],
  environments: {
    shell: part('main/shell/main.ts', 'dist/shell', 'es', 'main.js'),
    preload: part('preload/preload.ts', 'dist/preload', 'cjs', 'preload.cjs'),
  },
  builder: {
    async buildApp({ build, environments }) {
      await build(environments.shell);
      await build(environments.preload);
    },
  },
});
