/** Reads the distinguished encoding rules of ASN.1 (X.690), as far as certificates need it. */
import { NO_BYTES } from '../bytes.ts';

/** Identifier octets of the types that certificates are made of (X.680 8.4), with class and constructed bit. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Identifier octet of a context-specific element. */
export function contextTag(number: number, isConstructed: boolean): number {
  return 0x80 | (isConstructed ? 0x20 : 0) | number;
}

export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Header and content. */
  readonly whole: Uint8Array;
}

/** Lengths of more octets than this do not occur in what fits a handshake message. */
const MAX_LENGTH_OCTETS = 3;

/**
 * The elements inside one constructed element, one after the other; `failed` once one is not as DER wants it: a tag
 * of several octets, a length that is indefinite, longer than it must be, or beyond the end. Never throws, and never
 * goes deeper by itself: whoever reads decides how deep.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.failed || this.#position >= this.#bytes.length;
  }

  /** The tag of the next element; 0, which is no tag of DER, at the end. */
  get tag(): number {
    return this.isAtEnd ? 0 : this.#bytes[this.#position];
  }

  /** The next element, or undefined at the end or where it is damaged. */
  next(): Element | undefined {
    if (this.isAtEnd) return undefined;
    const start = this.#position;
    const end = this.#headerAndEnd();
    if (end < 0) {
      this.failed = true;
      return undefined;
    }
    const element = {
      tag: this.#bytes[start],
      content: this.#bytes.subarray(this.#position, end),
      whole: this.#bytes.subarray(start, end),
    };
    this.#position = end;
    return element;
  }

  /** The next element where it has this tag; another one is left where it is. */
  optional(tag: number): Element | undefined {
    return this.tag === tag ? this.next() : undefined;
  }

  /** The next element, which must have this tag. */
  required(tag: number): Element {
    const element = this.optional(tag);
    if (element === undefined) this.failed = true;
    return element ?? { tag, content: NO_BYTES, whole: NO_BYTES };
  }

  /** Goes past tag and length; gives where the content ends, or −1. */
  #headerAndEnd(): number {
    const bytes = this.#bytes;
    // The low five bits all set: a tag of several octets, which nothing in a certificate has.
    if ((bytes[this.#position] & 0x1f) === 0x1f || this.#position + 2 > bytes.length) return -1;
    let length = bytes[this.#position + 1];
    this.#position += 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0 || octets > MAX_LENGTH_OCTETS || this.#position + octets > bytes.length) return -1;
      length = 0;
      for (let i = 0; i < octets; i++) length = (length << 8) | bytes[this.#position++];
      if (length < 0x80 || length < 1 << (8 * (octets - 1))) return -1;
    }
    const end = this.#position + length;
    return end > bytes.length ? -1 : end;
  }
}

/** Arcs of an object identifier beyond this are not read: the longest in use have about fifteen. */
const MAX_ARCS = 32;

/** "2.5.4.3"; empty where the encoding is damaged (X.690 8.19). */
export function objectIdText(content: Uint8Array): string {
  if (content.length === 0 || content[content.length - 1] >= 0x80) return '';
  let text = '';
  let arcs = 0;
  let arc = 0;
  for (let i = 0; i < content.length && arcs < MAX_ARCS; i++) {
    arc = arc * 128 + (content[i] & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) return '';
    if (content[i] >= 0x80) continue;
    if (arcs === 0) {
      const first = Math.min(2, Math.floor(arc / 40));
      text = `${first}.${arc - first * 40}`;
      arcs = 2;
    } else {
      text += `.${arc}`;
      arcs++;
    }
    arc = 0;
  }
  return text;
}
