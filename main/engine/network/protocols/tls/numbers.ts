/** Numbers of TLS that its readers share (IANA, "TLS Parameters"). */

export const RECORD = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  heartbeat: 24,
} as const;

export const HANDSHAKE = {
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
} as const;

export const EXTENSION = {
  serverName: 0,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  heartbeat: 15,
  alpn: 16,
  supportedVersions: 43,
  quicTransportParameters: 0x39,
  /** The same in drafts of QUIC. */
  quicTransportParametersDraft: 0xffa5,
} as const;

export const VERSION = {
  ssl2: 0x0002,
  ssl3: 0x0300,
  tls12: 0x0303,
  tls13: 0x0304,
  dtls13: 0xfefc,
} as const;

/** Most content of a record: 2^14, and 2,048 for what encryption adds (RFC 5246 6.2.3). */
export const MAX_RECORD_BYTES = 16_384 + 2_048;
export const HANDSHAKE_HEADER_BYTES = 4;

/** Whether a value is one of those that clients make up so that servers learn to ignore them (RFC 8701). */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** Drafts of TLS 1.3 count as 1.3: 0x7f12 to 0x7f1c (RFC 8446 4.2.1), 0xfb17 and 0xfb1a (Facebook's). */
export function withoutDraft(version: number): number {
  const major = version >> 8;
  return major === 0x7f || major === 0xfb ? VERSION.tls13 : version;
}
