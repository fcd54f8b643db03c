/** Versions as releases carry them: "1.4.0" or "1.5.0-beta.2" (Semantic Versioning 2.0.0, no build part). */
const VERSION = /^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})(?:-(?:alpha|beta|rc)\.(0|[1-9]\d{0,5}))?$/;
const STAGE = /-(alpha|beta|rc)\./;
const STAGES = ['alpha', 'beta', 'rc'];

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/**
 * Below 0 when the first is older, above when it is newer.
 * @throws RangeError for what is no version
 */
export function compareVersions(first: string, second: string): number {
  const [a, b] = [ranked(first), ranked(second)];
  const at = a.findIndex((part, index) => part !== b[index]);
  return at === -1 ? 0 : a[at] - b[at];
}

/** A release comes after all its candidates. */
function ranked(version: string): readonly number[] {
  const parts = VERSION.exec(version);
  if (parts === null) throw new RangeError(`"${version.slice(0, 40)}" is not a version`);
  const stage = STAGE.exec(version)?.[1];
  const rank = stage === undefined ? STAGES.length : STAGES.indexOf(stage);
  return [Number(parts[1]), Number(parts[2]), Number(parts[3]), rank, Number(parts[4] ?? 0)];
}
