/**
 * Who may import whom, as tables. These are the rules of the architecture: layers that face each other only
 * through the contract, engine modules that do not know each other, and pure detectors.
 */

/** A part of the tree with the code of ours that its files may import. Patterns are those of `path.matchesGlob`. */
export interface LayerRule {
  /** Files of this part, relative to the project. The first row that matches a file is its part. */
  readonly files: string;
  /** What its files may import; `<module>` stands for the importing file's own module folder. */
  readonly mayImport: readonly string[];
  /** The same in words, for the message. */
  readonly allowed: string;
}

/** Data rather than code: whoever may read files at all may import these. */
const DATA = ['package.json', 'assets/**/*.json'] as const;

export const LAYER_RULES: readonly LayerRule[] = [
  { files: 'contract/**', mayImport: ['contract/**'], allowed: 'contract imports nothing of ours but contract' },
  {
    files: 'main/engine/*.*',
    mayImport: [
      'contract/**',
      'main/engine/*.*',
      'main/engine/runtime/**',
      'main/engine/services/**',
      'main/engine/*/index.ts',
      ...DATA,
    ],
    allowed: "the composition root imports contract, runtime, the services and each module's index.ts",
  },
  {
    files: 'main/engine/services/**',
    mayImport: ['contract/**', 'main/engine/runtime/**', 'main/engine/services/**', 'main/engine/*/index.ts', ...DATA],
    allowed: "a service imports contract, runtime, other services and each module's index.ts, never the root",
  },
  {
    files: 'main/engine/runtime/**',
    mayImport: ['contract/**', 'main/engine/runtime/**', ...DATA],
    allowed: 'runtime imports contract and runtime',
  },
  {
    files: 'main/engine/*/**',
    mayImport: ['contract/**', 'main/engine/runtime/**', 'main/engine/<module>/**', ...DATA],
    allowed: 'an engine module imports contract, runtime and its own folder, never another module',
  },
  {
    files: 'main/client/**',
    mayImport: ['contract/**', 'main/client/**'],
    allowed: "main/client, the client of the engine's sockets, imports contract and main/client",
  },
  {
    files: 'main/cli/**',
    mayImport: ['contract/**', 'main/cli/**', 'main/client/index.ts', 'main/engine/index.ts', ...DATA],
    allowed: 'main/cli imports contract, main/cli, main/client/index.ts and main/engine/index.ts',
  },
  {
    files: 'main/shell/**',
    mayImport: ['contract/**', 'main/shell/**', 'main/client/index.ts', 'main/engine/index.ts', ...DATA],
    allowed: 'main/shell imports contract, main/shell, main/client/index.ts and main/engine/index.ts',
  },
  {
    files: 'preload/**',
    mayImport: ['contract/**', 'preload/**', ...DATA],
    allowed: 'preload imports contract and preload',
  },
  {
    files: 'renderer/**',
    mayImport: ['contract/**', 'renderer/**', 'assets/**', 'package.json'],
    allowed: 'renderer imports contract, renderer and assets',
  },
];

/** A package that only some files may load. */
export interface PackageRule {
  readonly packageName: string;
  readonly onlyIn: readonly string[];
  readonly reason: string;
}

export const PACKAGE_RULES: readonly PackageRule[] = [
  {
    packageName: 'better-sqlite3',
    onlyIn: ['main/engine/store/**'],
    reason: 'only main/engine/store opens the database',
  },
  {
    packageName: 'fastify',
    onlyIn: ['main/engine/http/**'],
    reason: 'only main/engine/http listens for HTTP requests',
  },
  ...['core', 'layers', 'backend-cpu', 'backend-wasm', 'node'].map((part) => ({
    packageName: `@tensorflow/tfjs-${part}`,
    onlyIn: ['main/engine/models/training/**'],
    reason: 'only the process that trains (main/engine/models/training) may hold TensorFlow.js',
  })),
  {
    packageName: 'electron',
    onlyIn: ['main/shell/**', 'preload/**'],
    reason: 'only main/shell and preload import electron',
  },
];

/** Names that open a channel between processes: one file each, so that one review sees the whole bridge. */
export const ONE_FILE_NAMES: readonly string[] = ['ipcMain', 'ipcRenderer'];

/** Parts whose result may depend on nothing but their arguments, so that a capture replays as it was live. */
export const PURE_FILES: readonly string[] = [
  'main/engine/behaviours/**',
  'main/engine/detect/**',
  'main/engine/models/**',
  'main/engine/policy/**',
];

/** Objects and the members of theirs that read a clock or draw a random number. */
export const IMPURE_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  Date: ['now'],
  Math: ['random'],
  performance: ['now', 'timeOrigin'],
  process: ['hrtime', 'uptime'],
  crypto: ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues'],
};

/** The same by import; `*` stands for everything of the module. */
export const IMPURE_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  perf_hooks: ['*'],
  crypto: ['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues', 'webcrypto'],
  process: ['hrtime', 'uptime'],
};
