import { latin1 } from './bytes.ts';

/** User of a client's first message of SCRAM, "n,,n=user,r=…" (RFC 5802 7); empty where it is none. */
export function scramUser(message: Uint8Array): string {
  const text = latin1(message);
  if (!text.startsWith('n,') && !text.startsWith('y,') && !text.startsWith('p=')) return '';
  const at = text.indexOf(',n=');
  if (at < 0) return '';
  const end = text.indexOf(',', at + 3);
  return text
    .slice(at + 3, end < 0 ? undefined : end)
    .replaceAll('=2C', ',')
    .replaceAll('=3D', '=');
}
