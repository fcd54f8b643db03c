/**
 * Real conversations, damaged: no parser may throw, hang or grow. HOLDFAST_FUZZ_PACKETS says how many packets,
 * HOLDFAST_FUZZ_SEED which ones; fuzz.integration.test.ts sends a million.
 */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FUZZ_DATA, fuzz } from './fuzz-testing.ts';

const PACKETS = Number(process.env.HOLDFAST_FUZZ_PACKETS ?? 6_000);
const SEED = Number(process.env.HOLDFAST_FUZZ_SEED ?? 1);
const skip = existsSync(FUZZ_DATA) ? '' : ` (skipped: no test data at ${FUZZ_DATA})`;

describe(`damaged conversations${skip}`, () => {
  it.skipIf(skip !== '')(
    'do no parser harm',
    async () => {
      const { failed, corpusPackets, facts, slowestMs, conversationsLeft } = await fuzz(PACKETS, SEED);
      expect(failed).toEqual({});
      expect(conversationsLeft).toBe(0);
      expect(corpusPackets).toBeGreaterThan(1_000);
      expect(facts).toBeGreaterThan(1_000);
      expect(slowestMs).toBeLessThan(2_000);
    },
    Math.max(120_000, PACKETS),
  );
});
