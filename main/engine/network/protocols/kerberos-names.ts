/** Error codes that parsers ask for (RFC 4120 7.5.9). */
export const ERROR = { preauthenticationRequired: 25, tooBig: 52 } as const;

/** Names of errors as the RFC has them, without their first word. */
const ERRORS: Readonly<Record<number, string>> = {
  1: 'NAME_EXP',
  2: 'SERVICE_EXP',
  3: 'BAD_PVNO',
  6: 'C_PRINCIPAL_UNKNOWN',
  7: 'S_PRINCIPAL_UNKNOWN',
  8: 'PRINCIPAL_NOT_UNIQUE',
  9: 'NULL_KEY',
  10: 'CANNOT_POSTDATE',
  11: 'NEVER_VALID',
  12: 'POLICY',
  13: 'BADOPTION',
  14: 'ETYPE_NOSUPP',
  15: 'SUMTYPE_NOSUPP',
  16: 'PADATA_TYPE_NOSUPP',
  17: 'TRTYPE_NOSUPP',
  18: 'CLIENT_REVOKED',
  19: 'SERVICE_REVOKED',
  20: 'TGT_REVOKED',
  21: 'CLIENT_NOTYET',
  22: 'SERVICE_NOTYET',
  23: 'KEY_EXPIRED',
  24: 'PREAUTH_FAILED',
  25: 'PREAUTH_REQUIRED',
  26: 'SERVER_NOMATCH',
  27: 'MUST_USE_USER2USER',
  28: 'PATH_NOT_ACCEPTED',
  29: 'SVC_UNAVAILABLE',
  31: 'BAD_INTEGRITY',
  32: 'TKT_EXPIRED',
  33: 'TKT_NYV',
  34: 'REPEAT',
  35: 'NOT_US',
  36: 'BADMATCH',
  37: 'SKEW',
  38: 'BADADDR',
  41: 'MODIFIED',
  52: 'RESPONSE_TOO_BIG',
  60: 'GENERIC',
  61: 'FIELD_TOOLONG',
  68: 'WRONG_REALM',
};

/** Errors by which a login fails: unknown, disabled, locked or expired account, wrong secret, not allowed. */
export const LOGIN_ERRORS: ReadonlySet<number> = new Set([1, 6, 12, 18, 21, 23, 24, 31]);

export function errorName(code: number): string {
  return ERRORS[code] ?? `ERROR${code}`;
}

/** Encryption types as their registry names them (RFC 3961, 3962, 4757, 8009). */
const CIPHERS: Readonly<Record<number, string>> = {
  1: 'des-cbc-crc',
  2: 'des-cbc-md4',
  3: 'des-cbc-md5',
  5: 'des3-cbc-md5',
  7: 'des3-cbc-sha1',
  16: 'des3-cbc-sha1-kd',
  17: 'aes128-cts-hmac-sha1-96',
  18: 'aes256-cts-hmac-sha1-96',
  19: 'aes128-cts-hmac-sha256-128',
  20: 'aes256-cts-hmac-sha384-192',
  23: 'rc4-hmac',
  24: 'rc4-hmac-exp',
  25: 'camellia128-cts-cmac',
  26: 'camellia256-cts-cmac',
};

export function cipherName(number: number): string {
  return CIPHERS[number] ?? `etype${number}`;
}
