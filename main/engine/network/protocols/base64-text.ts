/** Longest base64 text that is decoded: a user name with its password, or a message of NTLM. */
const MAX_BASE64_TEXT = 8_192;

/** What base64 text (RFC 4648) holds; undefined for what is none or too long. */
export function fromBase64(text: string): Buffer | undefined {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > MAX_BASE64_TEXT) return undefined;
  for (let i = 0; i < trimmed.length; i++) if (!isBase64(trimmed.charCodeAt(i))) return undefined;
  return Buffer.from(trimmed, 'base64');
}

function isBase64(code: number): boolean {
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  // "-" and "_" are those of base64url, "=" fills up.
  return isLetter || (code >= 0x2f && code <= 0x39) || code === 0x2b || code === 0x3d || code === 0x2d || code === 0x5f;
}
