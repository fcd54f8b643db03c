/**
 * A million packets of real conversations, damaged: no parser throws, hangs or grows. HOLDFAST_FUZZ_SEED makes them
 * others.
 */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FUZZ_DATA, fuzz } from './fuzz-testing.ts';
import { INSPECTION_LIMITS } from './limits.ts';

const PACKETS = Number(process.env.HOLDFAST_FUZZ_PACKETS ?? 1_000_000);
const SEED = Number(process.env.HOLDFAST_FUZZ_SEED ?? 1);
/** Memos of certificates, names and fingerprints, and the code that was compiled meanwhile. */
const MAX_LEFT_BYTES = 16 * 1024 * 1024;
/** What conversations may hold together, and as much for what their parsers know. */
const MAX_OPEN_BYTES = 2 * INSPECTION_LIMITS.maxHeldBytes;
/** Some twenty times what it takes on a quiet machine. */
const LIMIT_MS = 10 * 60_000;
const skip = existsSync(FUZZ_DATA) ? '' : ` (skipped: no test data at ${FUZZ_DATA})`;

describe(`a million damaged packets${skip}`, () => {
  it.skipIf(skip !== '')(
    'do no parser harm',
    async () => {
      const { failed, facts, slowestMs, openBytes, leftBytes, conversationsLeft } = await fuzz(PACKETS, SEED);
      expect(failed).toEqual({});
      expect(conversationsLeft).toBe(0);
      expect(facts).toBeGreaterThan(PACKETS / 20);
      expect(slowestMs).toBeLessThan(2_000);
      expect(openBytes).toBeLessThan(MAX_OPEN_BYTES);
      expect(leftBytes).toBeLessThan(MAX_LEFT_BYTES);
    },
    LIMIT_MS,
  );
});
