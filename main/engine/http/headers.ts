/** Headers that every answer has. The table is the policy: nothing is allowed that is not named. */

/**
 * What a page of the console may do (Content Security Policy Level 3).
 * @param webSocket the origin of the WebSocket, for browsers to which 'self' does not say it
 */
export function contentSecurityPolicy(webSocket: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${webSocket}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export const FIXED_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // No other window holds on to ours, and no other page loads what is answered here.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  // For browsers that do not know frame-ancestors.
  'x-frame-options': 'DENY',
  'x-dns-prefetch-control': 'off',
  'x-robots-tag': 'noindex',
};

/** A browser that came once by TLS comes by nothing else for a day (RFC 6797); not longer, since ports share it. */
export const STRICT_TRANSPORT = 'max-age=86400';

/** Answers of the engine are of this moment and of this caller. */
export const NOT_STORED = 'no-store';
/** Files whose name tells their content. */
export const STORED_FOREVER = 'public, max-age=31536000, immutable';
