/** Where settings live; apart from configuration.ts, so that a thread need not load all of the engine to know. */

/** Of a detector. */
export function detectorSection(id: string): string {
  return `detect.${id}`;
}

/** Of a behaviour. */
export function behaviourSection(id: string): string {
  return `host.${id}`;
}
