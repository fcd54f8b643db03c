import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ICON_FOLDER, outdated, renderings, trayStates } from './render-icons.ts';

const STATES = trayStates();

describe('the icons', () => {
  it('are drawn from their sources as they are now', () => {
    expect(outdated(), 'draw them anew: node scripts/run.mjs scripts/render-icons.ts').toEqual([]);
  });

  it('have the size that their name says', () => {
    for (const { target, size } of renderings(STATES)) {
      const { width, height } = readPng(join(ICON_FOLDER, target));
      expect({ target, width, height }).toEqual({ target, width: size, height: size });
    }
  });

  it('show each state of the tray', () => {
    expect(STATES).toEqual(['attention', 'isolated', 'learning', 'no-protection', 'paused', 'protected']);
  });

  it('tell the states of the tray apart by shape alone, at the smallest size', () => {
    const shapes = STATES.map((state) => readPng(join(ICON_FOLDER, `tray/${state}-16.png`)).alpha);
    for (const [i, one] of shapes.entries()) {
      for (const [j, other] of shapes.entries()) {
        if (i >= j) continue;
        const differing = one.filter((alpha, at) => alpha >= HALF !== other[at] >= HALF).length;
        expect(differing, `${STATES[i]} and ${STATES[j]}`).toBeGreaterThan(one.length * LEAST_DIFFERENCE);
      }
    }
  });

  it('are seen on light and on dark panels', () => {
    for (const state of STATES) {
      const colors = readFileSync(join(ICON_FOLDER, `tray/${state}.svg`), 'utf8').match(/#[0-9a-f]{6}/g) ?? [];
      for (const color of new Set(colors)) {
        for (const panel of ['#ffffff', '#1e1e1e']) {
          expect(contrast(color, panel), `${state}: ${color} on ${panel}`).toBeGreaterThanOrEqual(3);
        }
      }
    }
  });
});

/** Opaque enough to belong to the shape. */
const HALF = 128;
/** One pixel in ten: what an eye sees without looking for it. */
const LEAST_DIFFERENCE = 0.1;

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly alpha: Uint8Array;
}

const RGBA = 6;
const PIXEL_BYTES = 4;

/** Reads the plain kind of PNG that Chromium writes: 8 bits, RGBA, not interlaced (W3C PNG, 9.2 filters). */
function readPng(path: string): Picture {
  const bytes = readFileSync(path);
  const [width, height, depth, kind] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20), bytes[24], bytes[25]];
  if (depth !== 8 || kind !== RGBA) throw new Error(`${path} is another kind of PNG (${depth} bits, type ${kind})`);
  const parts: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += bytes.readUInt32BE(at) + 12) {
    const isData = bytes.toString('latin1', at + 4, at + 8) === 'IDAT';
    if (isData) parts.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)));
  }
  const data = inflateSync(Buffer.concat(parts));
  const row = width * PIXEL_BYTES;
  const out = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (row + 1)];
    for (let x = 0; x < row; x++) {
      const left = x < PIXEL_BYTES ? 0 : out[y * row + x - PIXEL_BYTES];
      const up = y === 0 ? 0 : out[(y - 1) * row + x];
      const corner = y === 0 || x < PIXEL_BYTES ? 0 : out[(y - 1) * row + x - PIXEL_BYTES];
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[y * row + x] = data[y * (row + 1) + 1 + x] + guess;
    }
  }
  return { width, height, alpha: out.filter((_, i) => i % PIXEL_BYTES === PIXEL_BYTES - 1) };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Contrast ratio of two colours (WCAG 2.2, 1.4.11 asks for 3 of what is no text). */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
