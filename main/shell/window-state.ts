/** Where the window was, so that it opens there again: if there is still a display. Pure. */
import { z } from 'zod';

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Far beyond any wall of displays. */
const FARTHEST = 100_000;
const coordinate = z.number().int().min(-FARTHEST).max(FARTHEST);

export const windowStateSchema = z
  .strictObject({ x: coordinate, y: coordinate, width: coordinate, height: coordinate, isMaximized: z.boolean() })
  .readonly();

export type WindowState = z.infer<typeof windowStateSchema>;

/** Below this the three zones of the window do not fit. */
export const SMALLEST = { width: 720, height: 480 } as const;
const USUAL = { width: 1_240, height: 820 } as const;
/** So much of the title bar must be on a display for a person to drag it. */
const GRASP = { width: 120, height: 40 } as const;

export interface Placement {
  readonly width: number;
  readonly height: number;
  /** Left out: in the middle. */
  readonly x?: number;
  readonly y?: number;
  readonly isMaximized: boolean;
}

/** @param workAreas of the displays that are there now */
export function placeWindow(kept: WindowState | undefined, workAreas: readonly Rectangle[]): Placement {
  const room = workAreas[0] ?? { x: 0, y: 0, ...USUAL };
  const sized = (width: number, height: number): { width: number; height: number } => ({
    width: Math.max(SMALLEST.width, Math.min(width, Math.max(...workAreas.map((area) => area.width), 0) || room.width)),
    height: Math.max(
      SMALLEST.height,
      Math.min(height, Math.max(...workAreas.map((area) => area.height), 0) || room.height),
    ),
  });
  if (kept === undefined) return { ...sized(USUAL.width, USUAL.height), isMaximized: false };
  const size = sized(kept.width, kept.height);
  const canBeGrasped = workAreas.some((area) => {
    const across = Math.min(kept.x + size.width, area.x + area.width) - Math.max(kept.x, area.x);
    return across >= GRASP.width && kept.y >= area.y && kept.y <= area.y + area.height - GRASP.height;
  });
  const { isMaximized } = kept;
  return canBeGrasped ? { ...size, x: kept.x, y: kept.y, isMaximized } : { ...size, isMaximized };
}
