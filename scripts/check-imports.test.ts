import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkTree } from './check-imports.check.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-imports-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Writes the files and gives the wrong places as "file:line". */
function wrongPlaces(files: Readonly<Record<string, string>>): string[] {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return checkTree(root).violations.map(({ file, line }) => `${file}:${line}`);
}

const RIGHT: readonly (readonly [file: string, code: string])[] = [
  ['contract/api.ts', "import type { Alert } from './domain.ts'; import { z } from 'zod';"],
  ['main/engine/engine.ts', "import { a } from './detect/index.ts'; import { b } from './runtime/log.ts';"],
  ['main/engine/index.ts', "export { Engine } from './engine.ts';"],
  ['main/engine/engine.ts', "import { d } from './services/learning/model-desk.ts';"],
  [
    'main/engine/services/learning/desk.ts',
    "import { a } from '../../models/index.ts'; import { b } from '../host/tally.ts'; import { c } from '../../runtime/log.ts';",
  ],
  [
    'main/engine/detect/scan.ts',
    "import { a } from '../runtime/bus.ts'; import { b } from '../../../contract/domain.ts';",
  ],
  ['main/engine/detect/scan.ts', "import { a } from './sketch/count.ts';"],
  ['main/engine/detect/sketch/count.ts', "import { a } from '../scan.ts';"],
  ['main/engine/runtime/log.ts', "import pino from 'pino'; import type { A } from '../../../contract/domain.ts';"],
  ['main/engine/store/database.ts', "import Database from 'better-sqlite3';"],
  [
    'main/cli/main.ts',
    "import { E } from '../engine/index.ts'; import p from '../../package.json' with { type: 'json' };",
  ],
  ['main/client/find.ts', "import { ROLES } from '../../contract/api-roles.ts';"],
  ['main/cli/main.ts', "const c = await import('../client/index.ts');"],
  ['main/shell/link.ts', "import { findEngine } from '../client/index.ts';"],
  ['main/shell/window.ts', "import { app } from 'electron'; await import('../engine/index.ts');"],
  ['preload/index.ts', "import { ipcRenderer } from 'electron'; import { api } from '../contract/api.ts';"],
  ['renderer/app.tsx', "import { a } from './lib/a.ts'; const x = <a>import from '../main'</a>;"],
  [
    'main/cli/text.ts',
    "const said = \"import x from '../engine/store/index.ts'\"; // import '../engine/store/index.ts'",
  ],
];

const WRONG: readonly (readonly [file: string, code: string])[] = [
  ['contract/api.ts', "import { log } from '../main/engine/runtime/log.ts';"],
  ['contract/api.ts', "import p from '../package.json' with { type: 'json' };"],
  ['main/engine/engine.ts', "import { x } from './detect/scan.ts';"],
  ['main/engine/engine.ts', "import { x } from '../cli/main.ts';"],
  ['main/engine/services/learning/desk.ts', "import { x } from '../../models/forest.ts';"],
  ['main/engine/services/learning/desk.ts', "import { x } from '../../engine.ts';"],
  ['main/engine/services/learning/desk.ts', "import { x } from '../../index.ts';"],
  ['main/engine/detect/scan.ts', "import { x } from '../services/host/tally.ts';"],
  ['main/engine/detect/scan.ts', "import { x } from '../store/index.ts';"],
  ['main/engine/detect/scan.ts', "import type { X } from '../network/index.ts';"],
  ['main/engine/detect/scan.ts', "export * from '../network/index.ts';"],
  ['main/engine/detect/scan.ts', "const x = await import('../network/index.ts');"],
  ['main/engine/detect/scan.ts', "let x: import('../network/index.ts').Flow;"],
  ['main/engine/detect/scan.ts', "import x = require('../network/index.ts');"],
  ['main/engine/detect/scan.ts', "const x = require('../network/index.ts');"],
  ['main/engine/detect/scan.ts', "import { x } from '../engine.ts';"],
  ['main/engine/detect/scan.ts', "import { x } from '../index.ts';"],
  ['main/engine/detect/scan.test.ts', "import { x } from '../network/index.ts';"],
  ['main/engine/runtime/log.ts', "import { x } from '../detect/index.ts';"],
  ['main/engine/network/load.ts', 'const x = await import(process.argv[2]);'],
  ['main/engine/network/load.ts', "import { x } from '#store';"],
  ['main/engine/network/load.ts', "import { x } from '/etc/code.js';"],
  ['main/engine/network/load.ts', "import Database from 'better-sqlite3';"],
  ['main/engine/network/load.ts', "import { app } from 'electron/main';"],
  ['main/cli/main.ts', "import { x } from '../engine/runtime/log.ts';"],
  ['main/cli/main.ts', "import { x } from '../engine/engine.ts';"],
  ['main/cli/main.ts', "import { x } from '../shell/window.ts';"],
  ['main/shell/window.ts', "import { x } from '../cli/main.ts';"],
  ['main/client/find.ts', "import { x } from '../engine/index.ts';"],
  ['main/client/find.ts', "import { x } from '../cli/main.ts';"],
  ['main/cli/main.ts', "import { x } from '../client/find.ts';"],
  ['main/engine/engine.ts', "import { x } from '../client/index.ts';"],
  ['main/stray.ts', "import { x } from './cli/main.ts';"],
  ['preload/index.ts', "import { x } from '../main/engine/index.ts';"],
  ['renderer/app.tsx', "import { x } from '../main/engine/index.ts';"],
  ['renderer/app.tsx', "import { x } from '../preload/index.ts';"],
  ['renderer/app.tsx', "import { app } from 'electron';"],
  ['main/engine/detect/scan.ts', 'const t = Date.now();'],
  ['main/engine/detect/scan.ts', 'const t = new Date();'],
  ['main/engine/detect/scan.ts', 'const { now } = Date;'],
  ['main/engine/models/score.ts', 'const r = Math.random();'],
  ['main/engine/models/score.ts', "const r = Math['random']();"],
  ['main/engine/models/score.ts', "import { randomUUID } from 'node:crypto';"],
  ['main/engine/policy/decide.ts', 'const t = globalThis.performance.now();'],
  ['main/engine/policy/decide.ts', "import { performance as p } from 'node:perf_hooks';"],
];

describe('import rules', () => {
  it.each(RIGHT)('lets %s say: %s', (file, code) => {
    expect(wrongPlaces({ [file]: code })).toEqual([]);
  });

  it.each(WRONG)('refuses that %s says: %s', (file, code) => {
    expect(wrongPlaces({ [file]: `\n\n${code}\n` })).toEqual([`${file}:3`]);
  });

  it('lets pure parts work with given times, other parts read the clock, and tests do both', () => {
    expect(
      wrongPlaces({
        'main/engine/detect/scan.ts': 'export const iso = (ms: number) => new Date(ms).toISOString();',
        'main/engine/detect/scan.test.ts': 'Date.now();',
        'main/engine/runtime/clock.ts': 'export const now = () => Date.now();',
      }),
    ).toEqual([]);
  });

  it('refuses a process bridge that is named in two files, and shows both', () => {
    expect(wrongPlaces({ 'main/shell/ipc.ts': "import { ipcMain } from 'electron';" })).toEqual([]);
    expect(
      wrongPlaces({ 'main/shell/other.ts': "import electron from 'electron';\nelectron.ipcMain.on('x', f);" }),
    ).toEqual(['main/shell/ipc.ts:1', 'main/shell/other.ts:2']);
  });

  it('finds tests that are never run', () => {
    expect(
      wrongPlaces({
        'main/cli/a.test.ts': '',
        'bench/b.integration.test.ts': '',
        'renderer/c.test.tsx': '',
        'tools/d.test.ts': '',
        'main/cli/e.spec.ts': '',
        'main/cli/f.test.js': '',
        'node_modules/g/g.test.js': '',
      }),
    ).toEqual(['main/cli/e.spec.ts:1', 'main/cli/f.test.js:1', 'tools/d.test.ts:1']);
  });

  it('says what would be right', () => {
    wrongPlaces({ 'main/cli/main.ts': "import { x } from '../engine/engine.ts';" });
    expect(checkTree(root).violations).toEqual([
      {
        file: 'main/cli/main.ts',
        line: 1,
        problem: "imports '../engine/engine.ts'",
        allowed: 'main/cli imports contract, main/cli, main/client/index.ts and main/engine/index.ts',
      },
    ]);
  });
});
