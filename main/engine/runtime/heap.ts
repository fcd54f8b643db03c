/**
 * Limits of the heaps of threads that read traffic or host events: a few tens of megabytes live in them, and gigabytes
 * pass through, which V8 by its defaults lets pile up before it looks. Smaller ones are looked through more often, and
 * cost the same time: `analyze` took as long with parts of 2 MB as with 8 MB, and 20 MB less.
 *
 * The launchers say the same to the whole process (--max-semi-space-size=2), which no limit of a thread overrides;
 * these hold where the engine runs without a launcher.
 */

/** Of the young generation, whose three parts may have 2 MB each. */
export const TRAFFIC_YOUNG_GENERATION_MB = 6;

/** Of the thread that watches the host: thousands of small events a second, of which hardly any lives long. */
export const HOST_YOUNG_GENERATION_MB = 6;
