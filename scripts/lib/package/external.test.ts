import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../node24.mjs';
import { EXTERNAL, externalPackages } from './external.ts';
import { filesBelow } from './files.ts';

it('carries what packages load, and not what may be missing', () => {
  expect(externalPackages(['better-sqlite3'])).toEqual(['better-sqlite3']);
  expect(externalPackages(['@tensorflow/tfjs-node', '@tensorflow/tfjs-core'])).toEqual([
    '@tensorflow/tfjs-core',
    'seedrandom',
  ]);
});

it.each(Object.keys(EXTERNAL))('names files of %s that are there, its description and its code among them', (name) => {
  const folder = join(ROOT, 'node_modules', name);
  const wanted = filesBelow(folder, true).filter((place) => EXTERNAL[name]!.wants(place, 'linux-x64'));
  expect(wanted).toContain('package.json');
  expect(wanted.filter((place) => place.endsWith('.js')).length).toBeGreaterThan(0);
  for (const other of [...(EXTERNAL[name]!.loads ?? []), ...(EXTERNAL[name]!.holds ?? [])]) {
    expect(existsSync(join(ROOT, 'node_modules', other, 'package.json')), other).toBe(true);
  }
});

it('carries the WebAssembly that rules in YARA run in', () => {
  const name = '@virustotal/yara-x';
  const wanted = filesBelow(join(ROOT, 'node_modules', name), true).filter((place) => EXTERNAL[name]!.wants(place, ''));
  expect(wanted.filter((place) => place.endsWith('.wasm'))).toHaveLength(1);
});

it('carries the WebAssembly that TensorFlow.js computes with', () => {
  const name = '@tensorflow/tfjs-backend-wasm';
  const wanted = filesBelow(join(ROOT, 'node_modules', name), true).filter((place) => EXTERNAL[name]!.wants(place, ''));
  expect(wanted.filter((place) => place.endsWith('.wasm'))).toHaveLength(2);
});
