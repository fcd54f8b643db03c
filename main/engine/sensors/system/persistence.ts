/** Everything that starts by itself on this computer, as one list. Pure. */
import { dirname, resolve } from 'node:path';
import { AUTOSTART_PLACES, type AutostartPlace } from '../../../../contract/events.ts';
import type { PlaceFact } from './collectors/places.ts';
import type { EnabledFact } from './collectors/services.ts';
import type { SystemSnapshot } from './snapshot.ts';

export interface PersistenceEntry {
  readonly place: AutostartPlace;
  readonly path: string;
  /** What it starts, a line each, bounded; where a link leads to; empty for what is no text. */
  readonly content: string;
  /** More than `content` tells. */
  readonly isMore: boolean;
  /** Whom it runs as; several where the file says so; empty where nobody is named. */
  readonly users: readonly string[];
  /** "dpkg:cron"; undefined where no package brought it. */
  readonly package: string | undefined;
  /** Of the content, as the file system says. */
  readonly changedMs: number;
  /** Since when Holdfast has known it; undefined for what was there before. */
  readonly firstSeenMs: number | undefined;
  /** Came within the time that the caller calls new. */
  readonly isNew: boolean;
  /** Of units: whether it is switched on; undefined for everything else. */
  readonly isEnabled: boolean | undefined;
}

/** What is shown of one file; the file itself has the rest. */
const MAX_CONTENT = 2_000;
const UNIT_PLACES: ReadonlySet<AutostartPlace> = new Set(['systemd-unit', 'systemd-timer']);
const UNIT_FILE = /\.(?:service|timer|socket|path|mount|automount)$/;

/** Paths of which it matters which package brought them. */
export function persistencePaths(snapshot: SystemSnapshot): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const place of AUTOSTART_PLACES) {
    for (const [path, fact] of (snapshot.parts.get(place)?.facts ?? new Map()) as ReadonlyMap<string, PlaceFact>) {
      paths.add(path);
      if (fact.target !== '') paths.add(targetOf(path, fact));
    }
  }
  return paths;
}

/** What systemctl enables and masks are links: who owns what they lead to brought what is started. */
function targetOf(path: string, { target }: PlaceFact): string {
  const real = resolve(dirname(path), target);
  return real.startsWith('/lib/') ? `/usr${real}` : real;
}

/** In the order of the places, each by path. @param newSinceMs what came later is new */
export function persistenceList(
  snapshot: SystemSnapshot,
  owners: ReadonlyMap<string, string>,
  newSinceMs: number,
): readonly PersistenceEntry[] {
  const enabled = snapshot.parts.get('services-enabled')?.facts as ReadonlyMap<string, EnabledFact> | undefined;
  return AUTOSTART_PLACES.flatMap((place) => {
    const part = snapshot.parts.get(place);
    const facts = [...((part?.facts ?? new Map()) as ReadonlyMap<string, PlaceFact>)];
    return facts
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, fact]) => {
        const firstSeenMs = part?.firstSeenMs.get(path);
        return {
          place,
          path,
          ...contentOf(fact),
          users: [...new Set(fact.users)].filter((user) => user !== ''),
          package: owners.get(path) ?? (fact.target === '' ? undefined : owners.get(targetOf(path, fact))),
          changedMs: fact.changedMs,
          firstSeenMs,
          isNew: firstSeenMs !== undefined && firstSeenMs >= newSinceMs,
          isEnabled: enabledState(place, path, enabled),
        };
      });
  });
}

function contentOf(fact: PlaceFact): { readonly content: string; readonly isMore: boolean } {
  const whole = fact.items.length > 0 ? fact.items.join('\n') : fact.target === '' ? '' : `→ ${fact.target}`;
  return { content: whole.slice(0, MAX_CONTENT), isMore: fact.isMore || whole.length > MAX_CONTENT };
}

function enabledState(
  place: AutostartPlace,
  path: string,
  enabled: ReadonlyMap<string, EnabledFact> | undefined,
): boolean | undefined {
  if (enabled === undefined || !UNIT_PLACES.has(place) || !UNIT_FILE.test(path)) return undefined;
  return enabled.get(path.slice(path.lastIndexOf('/') + 1))?.state === 'enabled';
}
