/** What a client may send, checked by hand: two shapes, and hostile until looked at. */

export type ClientMessage =
  | { readonly id: number; readonly call: string; readonly input: unknown }
  | { readonly id: number; readonly cancel: true };

/** Names in the table are far shorter. */
const MAX_CALL_NAME = 128;

/** @throws Error with a message that says what is wrong, in a few words */
export function parseClientMessage(line: string): ClientMessage {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    throw new Error('a message is not JSON');
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new Error('a message is not an object');
  }
  const { id, call, input, cancel } = message as Readonly<Record<string, unknown>>;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) {
    throw new Error('the id of a message is not a whole number');
  }
  if (cancel === true && call === undefined) return { id, cancel };
  if (typeof call !== 'string' || call.length > MAX_CALL_NAME) {
    throw new Error('a message neither calls nor cancels');
  }
  return { id, call, input: input === undefined ? {} : input };
}
