import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { isVersion } from './version.ts';

const version = z.string().refine(isVersion);

const memorySchema = z
  .strictObject({
    installId: z.uuid(),
    sequences: z.record(z.string().max(20), z.number().int().nonnegative()),
    checkedMs: z.number().nullable(),
    postponed: z.strictObject({ version, untilMs: z.number() }).nullable(),
    /** An installation that was begun and whose outcome is not yet known. */
    pending: z.strictObject({ from: version, to: version, timeMs: z.number() }).nullable(),
  })
  .readonly();

export type Memory = z.infer<typeof memorySchema>;

const MAX_BYTES = 64 * 1024;

/** What the updater must not forget, in one small file of the user's. */
export class MemoryFile {
  readonly #path: string;
  #memory: Memory;

  constructor(path: string) {
    this.#path = path;
    this.#memory = read(path) ?? {
      installId: randomUUID(),
      sequences: {},
      checkedMs: null,
      postponed: null,
      pending: null,
    };
  }

  get value(): Memory {
    return this.#memory;
  }

  /** Written whole or not at all. @throws when the disk does not take it: what is not remembered must not be done */
  change(change: Partial<Memory>): void {
    const memory = { ...this.#memory, ...change };
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const beside = `${this.#path}.new`;
    const file = openSync(beside, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify(memory, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, this.#path);
    this.#memory = memory;
  }
}

/** A file that cannot be used counts as none: the signed list and its end date still protect. */
function read(path: string): Memory | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length > MAX_BYTES ? undefined : memorySchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
