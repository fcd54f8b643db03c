import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeWindow, SMALLEST, windowStateSchema } from './window-state.ts';

const LAPTOP = { x: 0, y: 0, width: 1_440, height: 900 };
const BESIDE = { x: 1_440, y: 0, width: 2_560, height: 1_400 };

describe('the window’s place', () => {
  it('is where it was', () => {
    const kept = { x: 1_500, y: 100, width: 1_000, height: 700, isMaximized: true };
    expect(placeWindow(kept, [LAPTOP, BESIDE])).toEqual(kept);
  });

  it('is the middle where its display is gone, or its title bar could not be reached', () => {
    const kept = { x: 1_500, y: 100, width: 1_000, height: 700, isMaximized: false };
    expect(placeWindow(kept, [LAPTOP])).toEqual({ width: 1_000, height: 700, isMaximized: false });
    expect(placeWindow({ ...kept, x: 100, y: -300 }, [LAPTOP])).not.toHaveProperty('x');
    expect(placeWindow({ ...kept, x: 100, y: 890 }, [LAPTOP])).not.toHaveProperty('x');
  });

  it('has a usual size the first time, no larger than the display', () => {
    expect(placeWindow(undefined, [LAPTOP])).toEqual({ width: 1_240, height: 820, isMaximized: false });
    expect(placeWindow(undefined, [{ x: 0, y: 0, width: 1_024, height: 700 }])).toMatchObject({ width: 1_024 });
    expect(placeWindow(undefined, [])).toMatchObject({ width: 1_240 });
  });

  it('can always be used, whatever the file said', () => {
    const number = fc.integer({ min: -100_000, max: 100_000 });
    const state = fc.record({ x: number, y: number, width: number, height: number, isMaximized: fc.boolean() });
    fc.assert(
      fc.property(state, (kept) => {
        const place = placeWindow(windowStateSchema.parse(kept), [LAPTOP, BESIDE]);
        expect(place.width).toBeGreaterThanOrEqual(SMALLEST.width);
        expect(place.height).toBeGreaterThanOrEqual(SMALLEST.height);
        expect(place.width).toBeLessThanOrEqual(BESIDE.width);
        expect(place.height).toBeLessThanOrEqual(BESIDE.height);
        if (place.y !== undefined) expect(place.y).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
