/** Bundles the engine and the command for packages: `vite build --config vite.engine.config.ts`, to dist/engine/. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { BUNDLE_FOLDER, bundlePlugin } from './scripts/lib/package/bundle-plugin.ts';
import { OPTIONAL_PACKAGES, TENSORFLOW } from './scripts/lib/package/external.ts';

const root = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '');

export default defineConfig({
  root,
  publicDir: false,
  logLevel: 'warn',
  plugins: [bundlePlugin(root)],
  ssr: {
    target: 'node',
    noExternal: true,
    // Native code, what reads files beside its own, and what only the process that trains ever loads: packages carry them beside the bundle.
    external: ['better-sqlite3', '@virustotal/yara-x', ...TENSORFLOW],
  },
  build: {
    // Not for a browser: modules of Node stay as they are.
    ssr: true,
    target: 'node24',
    outDir: BUNDLE_FOLDER,
    emptyOutDir: true,
    sourcemap: true,
    // Names that say something in an error are worth more than the bytes.
    minify: false,
    copyPublicDir: false,
    // The list of contents is one.
    emitAssets: true,
    rolldownOptions: {
      // What is not installed is left outside only where it is said here, too.
      external: [...OPTIONAL_PACKAGES],
      input: { holdfast: 'scripts/lib/package/entry.ts' },
      // All in one folder: see the plugin.
      output: {
        format: 'esm',
        entryFileNames: '[name].js',
        chunkFileNames: '[name]-[hash].js',
        // Every thread keeps the sources of what it runs; of what is said there only licences must stay.
        comments: { legal: true, annotation: false, jsdoc: false },
      },
    },
  },
});
