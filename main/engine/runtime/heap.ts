/**
 * Limits of the heaps of threads that read traffic: a few tens of megabytes live in them, and gigabytes pass through,
 * which V8 by its defaults lets pile up before it looks. Smaller ones are looked through more often, and cost the same
 * time. The launchers give the main thread the same.
 */

/** Of the young generation, whose three parts may have 8 MB each (as --max-semi-space-size=8). */
export const TRAFFIC_YOUNG_GENERATION_MB = 24;

/** Of the thread that watches the host: thousands of small events a second, of which hardly any lives long. */
export const HOST_YOUNG_GENERATION_MB = 12;
