import type { z } from 'zod';
import type { DamagedRow, DamagedRows } from './damaged-rows.ts';
import type { RowShapes } from './row-shapes.ts';

type Shaped<K extends keyof RowShapes> = z.infer<RowShapes[K]>;

/**
 * The one way in which JSON and words come out of the database. The disk may have damaged them, and whoever can write
 * the file may have put anything there: a row that cannot be read keeps no other from being read, and is counted.
 */
export class RowReader {
  readonly #shapes: RowShapes;
  readonly #damaged: DamagedRows;

  constructor(shapes: RowShapes, damaged: DamagedRows) {
    this.#shapes = shapes;
    this.#damaged = damaged;
  }

  /**
   * What was written as JSON; undefined where it is not of its shape.
   * @param salvage the shape of what is still taken then; the damage counts all the same
   */
  json<K extends keyof RowShapes>(
    at: DamagedRow,
    text: string,
    shape: K,
    salvage?: keyof RowShapes,
  ): Shaped<K> | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
      // As it is: facts that shapes do not name stay.
      if (this.#shapes[shape].safeParse(value).success) return value as Shaped<K>;
    } catch {
      // Counted below, like everything else that is not what was written.
    }
    this.#damaged.note(at);
    return salvage && (this.#shapes[salvage].safeParse(value).data as Shaped<K> | undefined);
  }

  /** Whether a word is one of those that are written there. */
  is<K extends keyof RowShapes>(at: DamagedRow, value: unknown, shape: K): value is Shaped<K> {
    const isOne = this.#shapes[shape].safeParse(value).success;
    if (!isOne) this.#damaged.note(at);
    return isOne;
  }

  note(at: DamagedRow): void {
    this.#damaged.note(at);
  }
}
