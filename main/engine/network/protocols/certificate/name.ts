/** Distinguished names (X.501) as text (RFC 4514). */
import { MAX_FACT_TEXT } from '../../../../../contract/facts.ts';
import { hexText, latin1, utf8Text } from '../bytes.ts';
import { DerReader, type Element, objectIdText, TAG } from './der.ts';

/**
 * Short names of attribute types: those of RFC 4514 and RFC 4519, and for what these do not name those that OpenSSL
 * made usual. A type without one is written as its object identifier.
 */
const ATTRIBUTE_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.13': 'description',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.18': 'postOfficeBox',
  '2.5.4.20': 'telephoneNumber',
  '2.5.4.41': 'name',
  '2.5.4.42': 'GN',
  '2.5.4.43': 'initials',
  '2.5.4.44': 'generationQualifier',
  '2.5.4.45': 'x500UniqueIdentifier',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.65': 'pseudonym',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.2.840.113549.1.9.8': 'unstructuredAddress',
  '1.3.6.1.4.1.311.60.2.1.1': 'jurisdictionL',
  '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionST',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
};

/** Attributes of a name beyond these are not read: real names have about ten. */
const MAX_ATTRIBUTES = 64;

export interface DistinguishedName {
  /** RFC 4514: the last component first, and so inside a component that has several parts, as "CN=example.org,O=Example,C=DE". */
  readonly text: string;
  /** The most specific common name; empty without one. */
  readonly commonName: string;
}

/** Reads the content of a Name; undefined where it is damaged. */
export function distinguishedName(content: Uint8Array): DistinguishedName | undefined {
  const components: string[] = [];
  let commonName = '';
  let attributes = 0;
  const sequence = new DerReader(content);
  while (!sequence.isAtEnd && attributes < MAX_ATTRIBUTES) {
    const set = new DerReader(sequence.required(TAG.set).content);
    const parts: string[] = [];
    while (!set.isAtEnd && attributes++ < MAX_ATTRIBUTES) {
      const attribute = new DerReader(set.required(TAG.sequence).content);
      const type = objectIdText(attribute.required(TAG.objectId).content);
      const value = attribute.next();
      if (attribute.failed || value === undefined) return undefined;
      const name = ATTRIBUTE_NAMES[type];
      const text = name === undefined ? undefined : stringText(value);
      if (name === 'CN' && text !== undefined) commonName = text;
      parts.push(`${name ?? type}=${text === undefined ? `#${hexText(value.whole)}` : escaped(text)}`);
    }
    if (set.failed || sequence.failed) return undefined;
    components.push(parts.reverse().join('+'));
  }
  if (sequence.failed) return undefined;
  return { text: components.reverse().join(',').slice(0, MAX_FACT_TEXT), commonName };
}

/** The text of one of ASN.1's types of strings, at most MAX_FACT_TEXT units; undefined for another type. */
export function stringText({ tag, content }: Element): string | undefined {
  switch (tag) {
    case TAG.utf8String:
      return utf8Text(content, 0, MAX_FACT_TEXT);
    case TAG.bmpString:
      return wideText(content, 2);
    case TAG.universalString:
      return wideText(content, 4);
    // T.61 as everybody writes it: Latin-1.
    case TAG.teletexString:
    case TAG.numericString:
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.visibleString:
      return latin1(content);
    default:
      return undefined;
  }
}

/** UTF-16BE or UTF-32BE; an incomplete character at the end is left out. */
function wideText(content: Uint8Array, bytesPerCharacter: 2 | 4): string {
  let text = '';
  const end = Math.min(content.length, MAX_FACT_TEXT * bytesPerCharacter) - bytesPerCharacter;
  for (let at = 0; at <= end; at += bytesPerCharacter) {
    let code = 0;
    for (let i = 0; i < bytesPerCharacter; i++) code = code * 256 + content[at + i];
    text +=
      bytesPerCharacter === 2 ? String.fromCharCode(code) : code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }
  return text;
}

/** RFC 4514 2.4; control characters as hexadecimal pairs, which it allows for any. */
function escaped(value: string): string {
  let text = '';
  for (let i = 0; i < value.length; i++) {
    const character = value[i];
    const isAtEdge = i === 0 || i === value.length - 1;
    if (character < ' ' || character === '\x7f') {
      text += `\\${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
    } else if (',+"\\<>;'.includes(character) || (character === '#' && i === 0) || (character === ' ' && isAtEdge)) {
      text += `\\${character}`;
    } else {
      text += character;
    }
  }
  return text;
}
