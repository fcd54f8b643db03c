import { type DnsAnswer, type DnsFact, MAX_FACT_LIST } from '../../../../../contract/facts.ts';
import { ipv4From } from '../addresses.ts';
import { ByteReader, u16At, u32At } from '../bytes.ts';
import type { Unstamped } from '../protocol.ts';
import { HEADER_BYTES } from './message.ts';
import { nameAt, skipName } from './name.ts';
import { NETBIOS_TYPE, responseCodeName } from './numbers.ts';

/** A NetBIOS name has 16 bytes, each in two letters (RFC 1001 14.1). */
const ENCODED_BYTES = 32;
const NAME_BYTES = 15;
const LETTER_A = 0x41;
const POINTER = 0xc0;

/** QUERY, REGISTRATION, RELEASE, WACK, REFRESH with its usual mistake, MULTIHOMED (RFC 1002 4.2.1.1). */
const OPCODES: ReadonlySet<number> = new Set([0, 5, 6, 7, 8, 9, 15]);

/**
 * Whether the question or record behind the header has a NetBIOS name.
 * @param isStrict everything behind the name must fit too: where no port speaks for it
 */
export function looksLikeNetbiosName(message: Uint8Array, isStrict: boolean): boolean {
  if (message.length < HEADER_BYTES || !hasEncodedName(message, HEADER_BYTES)) return false;
  if (!isStrict) return OPCODES.has((message[2] >> 3) & 0xf);
  const questions = u16At(message, 4);
  const records = u16At(message, 6) + u16At(message, 8) + u16At(message, 10);
  if (questions > 1 || records > 4 || questions + records === 0) return false;
  const fixed = skipName(message, HEADER_BYTES);
  if (fixed < 0 || fixed + 4 > message.length) return false;
  const type = u16At(message, fixed);
  return (type === NETBIOS_TYPE.NB || type === NETBIOS_TYPE.NBSTAT || type === 0x0a) && u16At(message, fixed + 2) === 1;
}

/** Whether a label of 32 letters from A to P stands at `at`, which hardly anything else is. */
function hasEncodedName(message: Uint8Array, at: number): boolean {
  if (message[at] !== ENCODED_BYTES || message.length < at + 1 + ENCODED_BYTES) return false;
  for (let i = at + 1; i <= at + ENCODED_BYTES; i++) {
    if (message[i] < LETTER_A || message[i] > LETTER_A + 15) return false;
  }
  return true;
}

/**
 * A message of the NetBIOS name service (RFC 1002 4.2). Names are written "WORKGROUP<1e>": the text without its
 * padding, and the suffix that says what it is a name of.
 */
export function parseNetbiosMessage(message: Uint8Array): Unstamped<DnsFact> | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const flags = u16At(message, 2);
  const questions: DnsFact['questions'][number][] = [];
  let at = HEADER_BYTES;
  for (let i = Math.min(u16At(message, 4), MAX_FACT_LIST); i > 0 && at >= 0; i--) {
    const fixed = skipName(message, at);
    if (fixed < 0 || fixed + 4 > message.length) {
      // What is asked for can be read, though the message is damaged behind it.
      if (hasEncodedName(message, at)) questions.push({ name: decodedName(message, at), type: '', class: 0 });
      at = -1;
      break;
    }
    const name = netbiosNameAt(message, at);
    questions.push({ name, type: netbiosType(u16At(message, fixed)), class: u16At(message, fixed + 2) });
    at = fixed + 4;
  }
  const sections = [6, 8, 10].map((count) => {
    const records: DnsAnswer[] = [];
    for (let i = Math.min(u16At(message, count), MAX_FACT_LIST); i > 0 && at >= 0; i--) {
      at = readRecord(message, at, records);
    }
    return records;
  });
  return {
    type: 'dns',
    protocol: 'netbios-ns',
    id: u16At(message, 0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    responseCode: responseCodeName(flags & 0xf),
    isAuthoritative: (flags & 0x0400) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    questions,
    answers: sections[0],
    authorities: sections[1],
    additionals: sections[2],
    bytes: message.length,
  };
}

function netbiosType(type: number): string {
  if (type === NETBIOS_TYPE.NB) return 'NB';
  return type === NETBIOS_TYPE.NBSTAT ? 'NBSTAT' : `TYPE${type}`;
}

/** Where what follows the record begins, or −1. */
function readRecord(message: Uint8Array, at: number, records: DnsAnswer[]): number {
  const fixed = skipName(message, at);
  const data = fixed + 10;
  if (fixed < 0 || data > message.length) return -1;
  const end = data + u16At(message, fixed + 8);
  if (end > message.length) return -1;
  const type = u16At(message, fixed);
  const reader = new ByteReader(message, data, end);
  records.push({
    name: netbiosNameAt(message, at),
    type: netbiosType(type),
    ttl: u32At(message, fixed + 4),
    data: type === NETBIOS_TYPE.NBSTAT ? statusNames(reader) : addresses(reader),
  });
  return end;
}

const MAX_ADDRESSES = 16;

/** RFC 1002 4.2.13: two bytes of flags, then the address, for each. */
function addresses(reader: ByteReader): string {
  const found: string[] = [];
  while (reader.left >= 6 && found.length < MAX_ADDRESSES) {
    reader.skip(2);
    found.push(ipv4From(reader));
  }
  return found.join(' ');
}

const MAX_STATUS_NAMES = 24;

/** RFC 1002 4.2.18: the names that a host goes by. */
function statusNames(reader: ByteReader): string {
  const count = Math.min(reader.u8(), MAX_STATUS_NAMES);
  const names: string[] = [];
  for (let i = 0; i < count && reader.left >= 18; i++) {
    const name = reader.latin1(NAME_BYTES).trimEnd();
    names.push(`${name}${suffixText(reader.u8())}`);
    reader.skip(2);
  }
  return names.join(' ');
}

function suffixText(suffix: number): string {
  return `<${suffix.toString(16).padStart(2, '0')}>`;
}

/** The name at `at`, decoded where it is a NetBIOS name, with its scope (RFC 1001 14.1) where it has one. */
function netbiosNameAt(message: Uint8Array, start: number): string {
  const text = nameAt(message, start);
  if (text === undefined) return hasEncodedName(message, start) ? decodedName(message, start) : '';
  const at = labelsAt(message, start);
  if (!hasEncodedName(message, at)) return text;
  return `${decodedName(message, at)}${text.slice(ENCODED_BYTES)}`;
}

/** Where the first label of a name is, which may be a pointer to it. */
function labelsAt(message: Uint8Array, start: number): number {
  return message[start] >= POINTER ? u16At(message, start) & 0x3fff : start;
}

/** The caller knows that there is an encoded name. */
function decodedName(message: Uint8Array, at: number): string {
  const decoded: number[] = [];
  for (let i = at + 1; i <= at + ENCODED_BYTES; i += 2) {
    decoded.push(((message[i] - LETTER_A) << 4) | (message[i + 1] - LETTER_A));
  }
  const name = String.fromCharCode(...decoded.slice(0, NAME_BYTES));
  // The padding is spaces; for the wildcard "*" it is zeros.
  return `${name.slice(0, name.search(/[ \0]*$/))}${suffixText(decoded[NAME_BYTES])}`;
}
