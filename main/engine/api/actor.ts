import { userInfo } from 'node:os';
import type { Role } from '../../../contract/api-roles.ts';
import { plainText } from '../../../contract/text.ts';

/** A name that useradd(8) would refuse is cut short. */
const MAX_NAME = 64;

/** The user that a process runs as. */
export interface ProcessUser {
  readonly id: number;
  /** Undefined where the user has no entry in the system's list. */
  readonly name: string | undefined;
}

/**
 * Who calls over a socket, for the journal. Node offers no SO_PEERCRED (unix(7)), so this is what the rights of the
 * socket's file say, and no more: the control socket can be opened by the user that runs the engine and by root, who
 * may be everybody; the view socket by them and, with `api.viewGroup`, by the members of a group.
 */
export function socketActor(role: Role, user: ProcessUser = processUser()): string {
  if (role === 'view') return 'local viewer';
  if (user.id === 0) return 'local administrator';
  return `user ${user.name === undefined ? user.id : plainText(user.name, MAX_NAME)}`;
}

function processUser(): ProcessUser {
  const id = process.geteuid?.() ?? 0;
  try {
    return { id, name: userInfo().username };
  } catch {
    // No entry in passwd(5), as in many containers: the number is what there is.
    return { id, name: undefined };
  }
}
