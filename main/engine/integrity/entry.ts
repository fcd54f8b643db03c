/** What is known of one file, directory or link, and what it means when it is another one. Pure. */

import { UNKNOWN_ATTRIBUTES } from './attributes.ts';

export const ENTRY_KINDS = ['file', 'directory', 'link', 'other'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export interface Entry {
  readonly path: string;
  readonly kind: EntryKind;
  /** Permission bits with set-uid, set-gid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of files, in bytes. */
  readonly size: number;
  /** SHA-256 of a file's content, hexadecimal; empty for everything else, and for what could not be read. */
  readonly digest: string;
  /** Where a link leads to. */
  readonly target: string;
  /** Extended attributes as attributes.ts tells them; UNKNOWN_ATTRIBUTES where they were not read. */
  readonly attributes: string;
  /** Of a file: inode and time of change, by which a content is known not to have changed (only the kernel sets it). */
  readonly stamp: string;
}

export const CHANGE_KINDS = ['added', 'removed', 'changed'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What of an entry can be another. */
export const ASPECTS = ['kind', 'content', 'mode', 'owner', 'target', 'attributes'] as const;
export type Aspect = (typeof ASPECTS)[number];

export interface Difference {
  readonly aspect: Aspect;
  /** As people read it: "0644", "root", a digest. */
  readonly before: string;
  readonly after: string;
}

export interface IntegrityChange {
  readonly path: string;
  readonly change: ChangeKind;
  /** Of what changed; empty for what was added or removed. */
  readonly differences: readonly Difference[];
  /** Runs with rights of its own now (its owner's, its group's, or capabilities), and did not before. */
  readonly isNewlySetUid: boolean;
  /** "dpkg:curl": the file is exactly what this package brought, so an update explains it. */
  readonly package: string | undefined;
  /** As it is now; undefined where it is gone. */
  readonly after: Entry | undefined;
}

const SET_UID_OR_GID = 0o6000;
const CAPABILITIES = 'security.capability=';

/** In the order of the paths. @param packages path → package whose content the file has now */
export function compareEntries(
  before: ReadonlyMap<string, Entry>,
  after: ReadonlyMap<string, Entry>,
  packages: ReadonlyMap<string, string> = new Map(),
): readonly IntegrityChange[] {
  const changes: IntegrityChange[] = [];
  for (const [path, entry] of after) {
    const was = before.get(path);
    const differences = was === undefined ? [] : differencesOf(was, entry);
    if (was !== undefined && differences.length === 0) continue;
    changes.push({
      path,
      change: was === undefined ? 'added' : 'changed',
      differences,
      isNewlySetUid: isSetUid(entry) && !(was !== undefined && isSetUid(was)),
      // Content of a package says nothing about an owner or rights that somebody changed.
      package: differences.every(({ aspect }) => aspect === 'content') ? packages.get(path) : undefined,
      after: entry,
    });
  }
  for (const path of before.keys()) {
    if (after.has(path)) continue;
    changes.push({
      path,
      change: 'removed',
      differences: [],
      isNewlySetUid: false,
      package: undefined,
      after: undefined,
    });
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Set-uid, set-gid, or with capabilities of its own (capabilities(7)). */
function isSetUid({ kind, mode, attributes }: Entry): boolean {
  return kind === 'file' && ((mode & SET_UID_OR_GID) !== 0 || attributes.includes(CAPABILITIES));
}

function differencesOf(before: Entry, after: Entry): readonly Difference[] {
  const areKnown = before.attributes !== UNKNOWN_ATTRIBUTES && after.attributes !== UNKNOWN_ATTRIBUTES;
  const facts: readonly (readonly [Aspect, string, string])[] = [
    ['kind', before.kind, after.kind],
    ['content', contentOf(before), contentOf(after)],
    ['mode', modeText(before.mode), modeText(after.mode)],
    ['owner', `${before.uid}:${before.gid}`, `${after.uid}:${after.gid}`],
    ['target', before.target, after.target],
    ...(areKnown ? ([['attributes', before.attributes, after.attributes]] as const) : []),
  ];
  return facts.filter(([, was, is]) => was !== is).map(([aspect, was, is]) => ({ aspect, before: was, after: is }));
}

/** What could not be read is not the same as what could. */
function contentOf({ kind, digest }: Entry): string {
  return kind !== 'file' ? '' : digest === '' ? 'unreadable' : digest;
}

function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** The baseline with some changes taken in. Paths that are no changes are left alone. */
export function acceptInto(
  baseline: ReadonlyMap<string, Entry>,
  changes: readonly IntegrityChange[],
): ReadonlyMap<string, Entry> {
  const accepted = new Map(baseline);
  for (const { path, after } of changes) {
    if (after === undefined) accepted.delete(path);
    else accepted.set(path, after);
  }
  return accepted;
}
