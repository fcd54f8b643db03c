/** Packages that stay outside of the bundle, and what of them packages carry. */

export interface ExternalPackage {
  /** Whether a file of it is needed at run time. */
  readonly wants: (place: string, target: string) => boolean;
  /** Packages that its code loads. */
  readonly loads?: readonly string[];
  /** Packages whose code is within its own. */
  readonly holds?: readonly string[];
}

const exactly =
  (...places: readonly string[]) =>
  (place: string): boolean =>
    places.includes(place);

export const EXTERNAL: Readonly<Record<string, ExternalPackage>> = {
  'better-sqlite3': {
    wants: (place, target) =>
      place === 'package.json' ||
      place === 'LICENSE' ||
      (place.startsWith('lib/') && !/^lib\/(darwin|win32|linux|linuxmusl)-/.test(place)) ||
      place === `prebuilds/${target}.node`,
  },
  '@tensorflow/tfjs-core': {
    wants: exactly('package.json', 'dist/tf-core.node.js'),
    loads: ['seedrandom'],
    holds: ['long'],
  },
  '@tensorflow/tfjs-layers': { wants: exactly('package.json', 'dist/tf-layers.node.js') },
  '@tensorflow/tfjs-backend-cpu': { wants: exactly('package.json', 'dist/tf-backend-cpu.node.js') },
  '@tensorflow/tfjs-backend-wasm': {
    // Without that for threads, which are not used.
    wants: exactly(
      'package.json',
      'dist/tf-backend-wasm.node.js',
      'dist/tfjs-backend-wasm.wasm',
      'dist/tfjs-backend-wasm-simd.wasm',
    ),
  },
  // Its code reads the WebAssembly beside it.
  '@virustotal/yara-x': { wants: exactly('package.json', 'pkg/yara_x_js.js', 'pkg/yara_x_js_bg.wasm') },
  seedrandom: { wants: (place) => /^(package\.json|index\.js|seedrandom\.js|lib\/[\w.]+\.js)$/.test(place) },
};

/** An accelerator that somebody may have installed; never carried. */
export const OPTIONAL_PACKAGES: readonly string[] = ['@tensorflow/tfjs-node'];

/** TensorFlow.js as the process that trains loads it. */
export const TENSORFLOW: readonly string[] = [
  ...Object.keys(EXTERNAL).filter((name) => name.startsWith('@tensorflow/')),
  ...OPTIONAL_PACKAGES,
];

/** Those to carry of what the bundle names, with what they load. */
export function externalPackages(named: readonly string[]): readonly string[] {
  const wanted = named.filter((name) => !OPTIONAL_PACKAGES.includes(name));
  return [...new Set(wanted.flatMap((name) => [name, ...(EXTERNAL[name]?.loads ?? [])]))];
}
