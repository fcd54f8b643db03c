import { type DnsAnswer, type DnsFact, MAX_FACT_LIST } from '../../../../../contract/facts.ts';
import { u16At, u32At } from '../bytes.ts';
import type { Unstamped } from '../protocol.ts';
import { hasPlainLabels, type NameCharset, nameAt, skipName } from './name.ts';
import { isKnownType, RECORD_TYPE, responseCodeName, typeName } from './numbers.ts';
import { recordData } from './record-data.ts';

export const HEADER_BYTES = 12;
/** Type and class behind the name. */
const QUESTION_FIXED_BYTES = 4;
/** Type, class, time to live and length behind the name. */
const RECORD_FIXED_BYTES = 10;
/** A root name and what follows it. */
const QUESTION_MIN_BYTES = 1 + QUESTION_FIXED_BYTES;
const RECORD_MIN_BYTES = 1 + RECORD_FIXED_BYTES;

/** IN, CHAOS, HESIOD, NONE, ANY (RFC 1035 3.2.4, RFC 2136 2.4); the top bit is mDNS's own (RFC 6762 5.4, 10.2). */
const CLASSES = new Set([1, 3, 4, 254, 255]);
/** QUERY, IQUERY, STATUS, NOTIFY, UPDATE, DSO. */
const OPCODES = new Set([0, 1, 2, 4, 5, 6]);

type DnsProtocol = DnsFact['protocol'];

export interface ParsedMessage {
  readonly fact: Unstamped<DnsFact>;
  /** The message is not what its counts and lengths say: `fact` holds what was readable. */
  readonly isDamaged: boolean;
}

interface Progress {
  at: number;
  isDamaged: boolean;
}

/**
 * A message (RFC 1035 4.1). Undefined when there is no whole header. Lists are bounded by MAX_FACT_LIST; what is
 * beyond is passed over.
 */
export function parseMessage(message: Uint8Array, protocol: DnsProtocol): ParsedMessage | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const flags = u16At(message, 2);
  const charset: NameCharset = protocol === 'mdns' || protocol === 'llmnr' ? 'utf8' : 'latin1';
  const progress: Progress = { at: HEADER_BYTES, isDamaged: false };
  const questions = readQuestions(message, u16At(message, 4), charset, progress);
  const answers = readRecords(message, u16At(message, 6), charset, progress);
  const authorities = readRecords(message, u16At(message, 8), charset, progress);
  const additionals = readRecords(message, u16At(message, 10), charset, progress);
  // The upper bits of the code stand in the OPT record (RFC 6891 6.1.3).
  const extended = additionals.find((record) => record.type === 'OPT');
  const code = (flags & 0xf) | (extended === undefined ? 0 : (extended.ttl >>> 24) << 4);
  return {
    isDamaged: progress.isDamaged,
    fact: {
      type: 'dns',
      protocol,
      id: u16At(message, 0),
      isResponse: (flags & 0x8000) !== 0,
      opcode: (flags >> 11) & 0xf,
      responseCode: responseCodeName(code),
      isAuthoritative: (flags & 0x0400) !== 0,
      isTruncated: (flags & 0x0200) !== 0,
      recursionDesired: (flags & 0x0100) !== 0,
      recursionAvailable: (flags & 0x0080) !== 0,
      questions,
      answers,
      authorities,
      additionals,
      bytes: message.length,
    },
  };
}

function readQuestions(
  message: Uint8Array,
  count: number,
  charset: NameCharset,
  progress: Progress,
): DnsFact['questions'] {
  const questions: DnsFact['questions'][number][] = [];
  for (let i = 0; i < count && !progress.isDamaged; i++) {
    const fixed = skipName(message, progress.at);
    const name = questions.length < MAX_FACT_LIST ? nameAt(message, progress.at, charset) : '';
    if (fixed < 0 || fixed + QUESTION_FIXED_BYTES > message.length || name === undefined) {
      progress.isDamaged = true;
      break;
    }
    progress.at = fixed + QUESTION_FIXED_BYTES;
    if (questions.length < MAX_FACT_LIST) {
      questions.push({ name, type: typeName(u16At(message, fixed)), class: u16At(message, fixed + 2) });
    }
  }
  return questions;
}

function readRecords(message: Uint8Array, count: number, charset: NameCharset, progress: Progress): DnsAnswer[] {
  const records: DnsAnswer[] = [];
  for (let i = 0; i < count && !progress.isDamaged; i++) {
    const fixed = skipName(message, progress.at);
    const data = fixed + RECORD_FIXED_BYTES;
    if (fixed < 0 || data > message.length) {
      progress.isDamaged = true;
      break;
    }
    const end = data + u16At(message, fixed + 8);
    const name = records.length < MAX_FACT_LIST ? nameAt(message, progress.at, charset) : '';
    if (end > message.length || name === undefined) {
      progress.isDamaged = true;
      break;
    }
    progress.at = end;
    if (records.length >= MAX_FACT_LIST) continue;
    const type = u16At(message, fixed);
    records.push({
      name,
      type: typeName(type),
      ttl: u32At(message, fixed + 4),
      data: recordData(type, message, data, end, charset),
    });
  }
  return records;
}

/**
 * Whether the bytes are the beginning of a message: a header that can be, and a first question that is one. With
 * `isStrict` everything up to the end must fit, and be what hosts really ask: where no port speaks for it.
 *
 * @param messageBytes length of the whole message, of which `bytes` may be the first part
 */
export function looksLikeMessage(bytes: Uint8Array, messageBytes: number, isStrict: boolean): boolean {
  if (bytes.length < HEADER_BYTES) return false;
  const flags = u16At(bytes, 2);
  // The bit between RA and AD must be zero.
  if (!OPCODES.has((flags >> 11) & 0xf) || flags & 0x0040) return false;
  const questions = u16At(bytes, 4);
  const records = u16At(bytes, 6) + u16At(bytes, 8) + u16At(bytes, 10);
  if (questions === 0) return looksLikeAnswer(bytes, messageBytes, flags, records, isStrict);
  const isWhole = bytes.length >= messageBytes;
  const fixed = skipName(bytes, HEADER_BYTES);
  if (fixed < 0 || fixed + QUESTION_FIXED_BYTES > bytes.length) return false;
  if (nameAt(bytes, HEADER_BYTES) === undefined) return false;
  if (!CLASSES.has(u16At(bytes, fixed + 2) & 0x7fff)) {
    // Others are unassigned or for private use (RFC 6895 3.2): there the rest must be right to the last byte.
    return !isStrict && isWhole && endsWhereItShould(bytes);
  }
  if (!isStrict) return true;
  const leastBytes = HEADER_BYTES + questions * QUESTION_MIN_BYTES + records * RECORD_MIN_BYTES;
  if (questions > 1 || leastBytes > messageBytes) return false;
  if (!isKnownType(u16At(bytes, fixed)) || !hasPlainLabels(bytes, HEADER_BYTES)) return false;
  return !isWhole || endsWhereItShould(bytes);
}

/** Without a question: an answer of mDNS, or nothing but an error (RFC 1035 4.1.1). */
function looksLikeAnswer(
  bytes: Uint8Array,
  messageBytes: number,
  flags: number,
  records: number,
  isStrict: boolean,
): boolean {
  if (!(flags & 0x8000)) return false;
  if (records === 0) return !isStrict && messageBytes === HEADER_BYTES && (flags & 0xf) !== 0;
  const fixed = skipName(bytes, HEADER_BYTES);
  if (fixed < 0 || fixed + RECORD_FIXED_BYTES > bytes.length) return false;
  if (nameAt(bytes, HEADER_BYTES) === undefined) return false;
  const type = u16At(bytes, fixed);
  if (type !== RECORD_TYPE.OPT && !CLASSES.has(u16At(bytes, fixed + 2) & 0x7fff)) return false;
  if (HEADER_BYTES + records * RECORD_MIN_BYTES > messageBytes) return false;
  return !isStrict || (isKnownType(type) && bytes.length >= messageBytes && endsWhereItShould(bytes));
}

function endsWhereItShould(message: Uint8Array): boolean {
  let at = HEADER_BYTES;
  for (let i = u16At(message, 4); i > 0 && at >= 0; i--) at = afterFixed(message, at, QUESTION_FIXED_BYTES);
  const records = u16At(message, 6) + u16At(message, 8) + u16At(message, 10);
  for (let i = records; i > 0 && at >= 0; i--) {
    at = afterFixed(message, at, RECORD_FIXED_BYTES);
    if (at >= 0) at += u16At(message, at - 2);
    if (at > message.length) return false;
  }
  return at === message.length;
}

/** Where `fixedBytes` behind the name at `at` end, or −1. */
function afterFixed(message: Uint8Array, at: number, fixedBytes: number): number {
  const fixed = skipName(message, at);
  return fixed < 0 || fixed + fixedBytes > message.length ? -1 : fixed + fixedBytes;
}
