/** A snapshot without a running sensor: for the list of what starts by itself, and the inventory. */
import { createCollectors } from './collectors/table.ts';
import { HostFiles } from './host-files.ts';
import type { SnapshotPart, SystemSnapshot } from './snapshot.ts';
import { lookAround } from './surroundings.ts';

/**
 * Looks at everything at once, some hundred milliseconds of work. What `kept` knows of when facts were first seen
 * is carried over.
 */
export function takeSnapshot(nowMs: number, kept: SystemSnapshot | undefined, root = '/'): SystemSnapshot {
  const files = new HostFiles(root);
  const around = lookAround(files);
  const parts = new Map<string, SnapshotPart>();
  for (const collector of createCollectors()) {
    const before = kept?.parts.get(collector.name);
    const { facts } = collector.collect(around, before?.facts ?? new Map());
    const firstSeenMs = new Map<string, number>();
    for (const key of facts.keys()) {
      const known = before?.firstSeenMs.get(key);
      // Came after the sensor looked last.
      const isNew = before !== undefined && collector.keeping === 'always' && !before.facts.has(key);
      if (known !== undefined || isNew) firstSeenMs.set(key, known ?? nowMs);
    }
    parts.set(collector.name, { facts, firstSeenMs, homes: new Set(around.homes.map(({ id }) => id)) });
  }
  return {
    takenMs: nowMs,
    bootId: files.word('/proc/sys/kernel/random/boot_id'),
    userId: process.geteuid?.() ?? 0,
    parts,
  };
}
