import { ByteReader, latin1, u16leAt, u32leAt, utf16leText, viewOf } from './bytes.ts';

/** A message of NTLM (MS-NLMP 2.2.1), as SMB, LDAP, DCE/RPC, RDP and HTTP carry it. */
export type NtlmMessage =
  | { readonly kind: 'negotiate'; readonly domain: string; readonly host: string }
  | {
      readonly kind: 'challenge';
      /** What the server says of itself. */
      readonly target: string;
      readonly computer: string;
      readonly domain: string;
      readonly dnsComputer: string;
      readonly dnsDomain: string;
      /** "10.0.17763"; empty where it is not said. */
      readonly version: string;
    }
  | {
      readonly kind: 'authenticate';
      readonly user: string;
      readonly domain: string;
      readonly host: string;
      readonly isAnonymous: boolean;
      /** "ntlmv1" or "ntlmv2"; "anonymous" without an answer to the challenge. */
      readonly method: 'ntlmv1' | 'ntlmv2' | 'anonymous';
    };

const SIGNATURE = 'NTLMSSP\0';
const UNICODE = 0x00000001;
const NEGOTIATE_VERSION = 0x02000000;
/** An NTLMv1 response has this length; a longer one is NTLMv2 (MS-NLMP 2.2.2.6, 2.2.2.8). */
const NTLM_V1_BYTES = 24;
const MAX_NAME_BYTES = 512;
/** MS-NLMP 2.2.2.1. */
const TARGET = { end: 0, computer: 1, domain: 2, dnsComputer: 3, dnsDomain: 4 } as const;
const MAX_TARGET_FIELDS = 16;

/** Where a message of NTLM begins in a security blob (also inside SPNEGO), or -1. */
export function findNtlm(bytes: Uint8Array): number {
  return viewOf(bytes).indexOf(SIGNATURE, 0, 'latin1');
}

/** The message of NTLM in a security blob, which may be wrapped in SPNEGO (RFC 4178); nothing without one. */
export function ntlmMessage(blob: Uint8Array): NtlmMessage | undefined {
  const at = findNtlm(blob);
  if (at < 0 || blob.length - at < 16) return undefined;
  const bytes = blob.subarray(at);
  switch (u32leAt(bytes, 8)) {
    case 1:
      return negotiate(bytes);
    case 2:
      return challenge(bytes);
    case 3:
      return authenticate(bytes);
    default:
      return undefined;
  }
}

function negotiate(bytes: Uint8Array): NtlmMessage {
  // Domain and workstation are in the OEM character set here, whatever the flags say.
  return { kind: 'negotiate', domain: fieldText(bytes, 16, false), host: fieldText(bytes, 24, false) };
}

function challenge(bytes: Uint8Array): NtlmMessage {
  const flags = bytes.length >= 24 ? u32leAt(bytes, 20) : 0;
  const names: string[] = [];
  const reader = new ByteReader(field(bytes, 40));
  for (let i = 0; i < MAX_TARGET_FIELDS; i++) {
    const id = reader.u16le();
    const value = reader.take(reader.u16le());
    if (reader.overrun || id === TARGET.end) break;
    if (id <= TARGET.dnsDomain) names[id] = utf16leText(value.subarray(0, MAX_NAME_BYTES));
  }
  const hasVersion = (flags & NEGOTIATE_VERSION) !== 0 && bytes.length >= 56;
  return {
    kind: 'challenge',
    target: fieldText(bytes, 12, (flags & UNICODE) !== 0),
    computer: names[TARGET.computer] ?? '',
    domain: names[TARGET.domain] ?? '',
    dnsComputer: names[TARGET.dnsComputer] ?? '',
    dnsDomain: names[TARGET.dnsDomain] ?? '',
    version: hasVersion ? `${bytes[48]}.${bytes[49]}.${u16leAt(bytes, 50)}` : '',
  };
}

function authenticate(bytes: Uint8Array): NtlmMessage {
  const isUnicode = bytes.length < 64 || (u32leAt(bytes, 60) & UNICODE) !== 0;
  const user = fieldText(bytes, 36, isUnicode);
  const responseBytes = bytes.length >= 22 ? u16leAt(bytes, 20) : 0;
  const isAnonymous = user === '' && responseBytes === 0;
  return {
    kind: 'authenticate',
    user,
    domain: fieldText(bytes, 28, isUnicode),
    host: fieldText(bytes, 44, isUnicode),
    isAnonymous,
    method: isAnonymous ? 'anonymous' : responseBytes > NTLM_V1_BYTES ? 'ntlmv2' : 'ntlmv1',
  };
}

/** What a field points to: its length, the room for it, and its offset in the message. */
function field(bytes: Uint8Array, at: number): Uint8Array {
  if (bytes.length < at + 8) return bytes.subarray(0, 0);
  const offset = u32leAt(bytes, at + 4);
  return bytes.subarray(offset, Math.min(bytes.length, offset + u16leAt(bytes, at)));
}

function fieldText(bytes: Uint8Array, at: number, isUnicode: boolean): string {
  const value = field(bytes, at).subarray(0, MAX_NAME_BYTES);
  return isUnicode ? utf16leText(value) : latin1(value);
}

/** Object identifiers of mechanisms (RFC 4121, MS-KILE), without tag and length. */
const KERBEROS_OID = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02);

/**
 * Whether a security blob (SPNEGO or bare) carries a ticket of Kerberos, not only an offer of it: the token of the
 * mechanism begins with its identifier and 01 00 (RFC 4121 4.1).
 */
export function carriesKerberosTicket(blob: Uint8Array): boolean {
  const view = viewOf(blob);
  for (let at = view.indexOf(KERBEROS_OID); at >= 0; at = view.indexOf(KERBEROS_OID, at + 1)) {
    if (blob[at + KERBEROS_OID.length] === 0x01 && blob[at + KERBEROS_OID.length + 1] === 0x00) return true;
  }
  return false;
}
