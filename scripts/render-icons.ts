/**
 * `node scripts/run.mjs scripts/render-icons.ts [--check]`: draws the PNGs of assets/icons from its SVGs, with
 * Chromium. What each was drawn from is kept in assets/icons/rendered.json, so that a test needs no browser to see that
 * one is out of date. --check says so and draws nothing.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { findProgram } from './lib/programs.mjs';

export const ICON_FOLDER = join(import.meta.dirname, '../assets/icons');
const RECORD = join(ICON_FOLDER, 'rendered.json');

/** One picture to draw. Paths are relative to assets/icons. */
export interface Rendering {
  readonly source: string;
  readonly target: string;
  /** Width and height in pixels. */
  readonly size: number;
}

/** As the hicolor theme, Windows and macOS want them; below 32 the drawing with fewer, thicker lines. */
const APP_SIZES = [16, 22, 24, 32, 48, 64, 96, 128, 256, 512, 1024] as const;
const SMALL = 24;
const TRAY_SIZES = [16, 22, 24, 32, 48] as const;
/** The size that Linux trays mostly have, which needs no number in the name. */
const USUAL_TRAY_SIZE = 22;

/** Everything that is drawn. @param trayStates names of the SVGs in tray/ */
export function renderings(trayStates: readonly string[]): readonly Rendering[] {
  const app = APP_SIZES.map((size) => ({
    source: size <= SMALL ? 'holdfast-small.svg' : 'holdfast.svg',
    target: `holdfast-${size}.png`,
    size,
  }));
  const tray = trayStates.flatMap((state) =>
    TRAY_SIZES.flatMap((size) => {
      const name = size === USUAL_TRAY_SIZE ? state : `${state}-${size}`;
      const source = `tray/${state}.svg`;
      return [
        { source, target: `tray/${name}.png`, size },
        { source, target: `tray/${name}@2x.png`, size: size * 2 },
      ];
    }),
  );
  return [...app, ...tray];
}

export function trayStates(folder: string = ICON_FOLDER): readonly string[] {
  const sources = readdirSync(join(folder, 'tray')).filter((name) => name.endsWith('.svg'));
  return sources.map((name) => basename(name, '.svg')).sort();
}

/** By target: the SHA-256 of the source that it was drawn from. */
export type Rendered = Readonly<Record<string, string>>;

export function sourceHash(source: string, folder: string = ICON_FOLDER): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, source)))
    .digest('hex');
}

/** Targets that are missing, drawn from an older source, or drawn from none. */
export function outdated(folder: string = ICON_FOLDER): readonly string[] {
  const record = existsSync(RECORD) ? (JSON.parse(readFileSync(RECORD, 'utf8')) as Rendered) : {};
  const wanted = renderings(trayStates(folder));
  const stale = wanted.filter(
    ({ source, target }) => record[target] !== sourceHash(source, folder) || !existsSync(join(folder, target)),
  );
  const known = new Set(wanted.map(({ target }) => target));
  const present = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png'));
  return [...stale.map(({ target }) => target), ...present.filter((name) => !known.has(name))];
}

async function render(): Promise<void> {
  const executablePath = findProgram('chromium') ?? findProgram('google-chrome');
  if (executablePath === undefined) throw new Error('there is no chromium here to draw with');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const record: Record<string, string> = {};
  try {
    const page = await browser.newPage();
    for (const { source, target, size } of renderings(trayStates())) {
      const drawing = readFileSync(join(ICON_FOLDER, source), 'utf8');
      await page.setViewportSize({ width: size, height: size });
      const style = 'html,body{margin:0;background:transparent}svg{display:block;width:100vw;height:100vh}';
      await page.setContent(`<!doctype html><style>${style}</style>${drawing}`);
      const file = join(ICON_FOLDER, target);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, await page.screenshot({ omitBackground: true, type: 'png' }));
      record[target] = sourceHash(source);
    }
  } finally {
    await browser.close();
  }
  const known = new Set(Object.keys(record));
  for (const name of readdirSync(ICON_FOLDER, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.png') && !known.has(name)) rmSync(join(ICON_FOLDER, name));
  }
  writeFileSync(RECORD, `${JSON.stringify(record, null, 2)}\n`);
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes('--check')) {
    const stale = outdated();
    process.stdout.write(stale.length === 0 ? 'All icons are up to date.\n' : `Out of date: ${stale.join(', ')}\n`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    await render();
  }
}
