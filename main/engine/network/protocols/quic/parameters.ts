/** QUIC's transport parameters (RFC 9000 18), of which one names the client. */
import { ByteReader } from '../bytes.ts';

/** user_agent of Google's clients. */
const USER_AGENT = 0x3129;
/** Parameters beyond these are not looked at: real lists have about fifteen. */
const MAX_PARAMETERS = 64;

/** What Google's clients say they are; empty where they do not, and for others. */
export function userAgentOf(parameters: Uint8Array): string {
  // Until draft 26 ids and lengths had two bytes, behind the length of all.
  const reader = new ByteReader(parameters);
  return userAgentIn(reader, () => reader.quicVarint()) || userAgentOfDraft(parameters);
}

function userAgentOfDraft(parameters: Uint8Array): string {
  const all = new ByteReader(parameters);
  const reader = all.part(all.u16());
  return userAgentIn(reader, () => reader.u16());
}

function userAgentIn(reader: ByteReader, next: () => number): string {
  for (let i = 0; i < MAX_PARAMETERS && reader.left > 0; i++) {
    const id = next();
    const length = next();
    if (id === USER_AGENT) return reader.latin1(length);
    reader.skip(length);
  }
  return '';
}
