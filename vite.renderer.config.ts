/** Builds the renderer into dist/renderer: one page, its assets named by their content, nothing inline (CSP). */
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('renderer'),
  // Relative, so that the same files work under app:// and under any path of the console.
  base: './',
  plugins: [react(), tailwindcss()],
  build: {
    outDir: at('dist/renderer'),
    emptyOutDir: true,
    // The first browsers with light-dark(), which the tokens are written in.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // A data: font or script would need a wider CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
