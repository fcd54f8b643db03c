/**
 * Names that both ends of the engine's sockets must know before any schema is loaded. Nothing heavy here.
 */

/** What a caller may do; each may also do what those before it may. */
export const ROLES = ['view', 'operate', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export function mayCall(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}

/** The engine's sockets, in its runtime directory. Which of them was used decides the role. */
export const SOCKETS = [
  { file: 'control.sock', role: 'admin' },
  { file: 'view.sock', role: 'view' },
] as const satisfies readonly { readonly file: string; readonly role: Role }[];

/**
 * Version of the protocol on the sockets: lines of JSON, each at most MAX_MESSAGE_BYTES long.
 *
 * ```
 * engine → client   {"holdfast":1,"version":"0.1.0","role":"admin"}      once, first
 * client → engine   {"id":1,"call":"status","input":{}}                  id: a whole number, not in use
 * engine → client   {"id":1,"result":{…}}  or  {"id":1,"error":{"code","message","hint"}}
 * engine → client   {"id":2,"item":{…},"dropped":0}                      streams: any number, then result or error
 * client → engine   {"id":2,"cancel":true}                               ends a stream, or gives a call up
 * ```
 * `dropped` counts the items that were left out before this one because the client read too slowly.
 */
export const PROTOCOL_VERSION = 1;

/** Far above any honest request or answer. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
