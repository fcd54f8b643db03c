/**
 * A million packets of real conversations, damaged: no parser throws, hangs or grows. HOLDFAST_FUZZ_SEED makes them
 * others.
 */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FUZZ_DATA, fuzz } from './fuzz-testing.ts';

const PACKETS = Number(process.env.HOLDFAST_FUZZ_PACKETS ?? 1_000_000);
const SEED = Number(process.env.HOLDFAST_FUZZ_SEED ?? 1);
/** What two collections of the same full tables may differ by. */
const MAX_GROWTH_BYTES = 32 * 1024 * 1024;
/** Four times what it takes on two busy cores. */
const LIMIT_MS = 15 * 60_000;
const skip = existsSync(FUZZ_DATA) ? '' : ` (skipped: no test data at ${FUZZ_DATA})`;

describe(`a million damaged packets${skip}`, () => {
  it.skipIf(skip !== '')(
    'do no parser harm',
    async () => {
      const { failed, facts, slowestMs, growthBytes, conversationsLeft } = await fuzz(PACKETS, SEED);
      expect(failed).toEqual({});
      expect(conversationsLeft).toBe(0);
      expect(facts).toBeGreaterThan(PACKETS / 20);
      expect(slowestMs).toBeLessThan(2_000);
      expect(growthBytes).toBeLessThan(MAX_GROWTH_BYTES);
    },
    LIMIT_MS,
  );
});
