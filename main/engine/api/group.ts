import { readFileSync } from 'node:fs';

const GROUP_FILE = '/etc/group';

/** The id of a local group (group(5)), or undefined where there is none of this name. */
export function groupIdOf(name: string, groupFile: string = GROUP_FILE): number | undefined {
  for (const line of readFileSync(groupFile, 'utf8').split('\n')) {
    const [found, , id] = line.split(':');
    if (found === name && id !== undefined && /^\d+$/.test(id)) return Number(id);
  }
  return undefined;
}
