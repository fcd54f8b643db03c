import { type Opening, VERDICT, type Verdict } from './protocol.ts';

/**
 * Asks about the first bytes of each side, for protocols in which the messages of both tell. Where the beginning was
 * missed, a side may begin amid a message, and the other one's may tell all the same.
 *
 * @param judge gives VERDICT.maybe for no bytes
 */
export function eitherSide(
  { initiator, responder, hasBeginning }: Opening,
  judge: (bytes: Uint8Array) => Verdict,
): Verdict {
  const first = judge(initiator);
  const second = judge(responder);
  if (first === VERDICT.yes || second === VERDICT.yes) return VERDICT.yes;
  if (hasBeginning) return first === VERDICT.no || second === VERDICT.no ? VERDICT.no : VERDICT.maybe;
  return first === VERDICT.maybe || second === VERDICT.maybe ? VERDICT.maybe : VERDICT.no;
}

/** Over UDP: what was said first, which is all that there is at the beginning. */
export function datagramOf({ initiator, responder }: Opening): Uint8Array {
  return initiator.length > 0 ? initiator : responder;
}
