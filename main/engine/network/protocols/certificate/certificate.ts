/** X.509 certificates (RFC 5280) as they come over the wire: what they say, not whether it is true. */
import { hash } from 'node:crypto';
import { type CertificateFact, MAX_FACT_LIST } from '../../../../../contract/facts.ts';
import { formatAddress } from '../../../runtime/address.ts';
import { rememberingBytes } from '../../../runtime/memo.ts';
import { hexText, latin1, NO_BYTES, u32At, viewOf } from '../bytes.ts';
import type { Unstamped } from '../protocol.ts';
import { contextTag, DerReader, TAG } from './der.ts';
import { distinguishedName } from './name.ts';
import { certificateTime } from './time.ts';

/** id-ce-subjectAltName, 2.5.29.17 (RFC 5280 4.2.1.6). */
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];
const VERSION_TAG = contextTag(0, true);
const ISSUER_ID_TAG = contextTag(1, false);
const SUBJECT_ID_TAG = contextTag(2, false);
const EXTENSIONS_TAG = contextTag(3, true);
const DNS_NAME_TAG = contextTag(2, false);
const ADDRESS_TAG = contextTag(7, false);
/** Extensions beyond these are not looked at: real certificates have about ten. */
const MAX_EXTENSIONS = 64;
/** RFC 5280 allows serial numbers of 20 octets; some are longer. */
const MAX_SERIAL_OCTETS = 64;

/** Of a few hundred servers, at about 3 kB each with what was read: most of what a network's hosts meet again. */
const REMEMBERED = { capacity: 512, maxBytes: 8_192 } as const;

const known = rememberingBytes(readCertificate, REMEMBERED);

/**
 * What a certificate says of itself; undefined where it is not one. The signature is not checked: `isSelfSigned` says
 * that issuer and subject are the same name.
 * @param position place in the chain, 0 is the peer's own
 */
export function certificateFact(der: Uint8Array, position: number): Unstamped<CertificateFact> | undefined {
  const fact = known(der);
  return fact && { ...fact, position };
}

function readCertificate(der: Uint8Array): Unstamped<CertificateFact> | undefined {
  const outer = new DerReader(der);
  const certificate = new DerReader(outer.required(TAG.sequence).content);
  const toBeSigned = new DerReader(certificate.required(TAG.sequence).content);
  toBeSigned.optional(VERSION_TAG);
  const serial = toBeSigned.required(TAG.integer).content;
  toBeSigned.required(TAG.sequence); // The algorithm of the signature.
  const issuerName = toBeSigned.required(TAG.sequence);
  const validity = new DerReader(toBeSigned.required(TAG.sequence).content);
  const subjectName = toBeSigned.required(TAG.sequence);
  toBeSigned.required(TAG.sequence); // The public key.
  if (toBeSigned.failed) return undefined;

  const [notBefore, notAfter] = [validity.next(), validity.next()];
  const notBeforeMs = notBefore && certificateTime(notBefore);
  const notAfterMs = notAfter && certificateTime(notAfter);
  const issuer = distinguishedName(issuerName.content);
  const subject = distinguishedName(subjectName.content);
  if (notBeforeMs === undefined || notAfterMs === undefined || !issuer || !subject) return undefined;

  const bytes = viewOf(der);
  return {
    type: 'certificate',
    position: 0,
    subject: subject.text,
    issuer: issuer.text,
    commonName: subject.commonName,
    issuerCommonName: issuer.commonName,
    serial: serialText(serial),
    names: alternativeNames(toBeSigned),
    notBeforeMs,
    notAfterMs,
    sha1: hash('sha1', bytes),
    sha256: hash('sha256', bytes),
    isSelfSigned: viewOf(issuerName.content).equals(subjectName.content),
  };
}

/** Without the octet that only says that the number is positive. */
function serialText(content: Uint8Array): string {
  const isPadded = content.length > 1 && content[0] === 0;
  return hexText(isPadded ? content.subarray(1) : content, MAX_SERIAL_OCTETS);
}

/** Names in the extensions, which follow in what is to be signed; what is damaged there costs the names only. */
function alternativeNames(toBeSigned: DerReader): readonly string[] {
  toBeSigned.optional(ISSUER_ID_TAG);
  toBeSigned.optional(SUBJECT_ID_TAG);
  const extensions = new DerReader(
    new DerReader(toBeSigned.optional(EXTENSIONS_TAG)?.content ?? NO_BYTES).required(TAG.sequence).content,
  );
  for (let i = 0; i < MAX_EXTENSIONS && !extensions.isAtEnd; i++) {
    const extension = new DerReader(extensions.required(TAG.sequence).content);
    const type = extension.required(TAG.objectId).content;
    extension.optional(TAG.boolean);
    if (type.length !== SUBJECT_ALT_NAME.length || !SUBJECT_ALT_NAME.every((octet, at) => type[at] === octet)) continue;
    const value = new DerReader(extension.required(TAG.octetString).content);
    return generalNames(new DerReader(value.required(TAG.sequence).content));
  }
  return [];
}

function generalNames(sequence: DerReader): readonly string[] {
  const names: string[] = [];
  while (!sequence.isAtEnd && names.length < MAX_FACT_LIST) {
    const name = sequence.next();
    if (name?.tag === DNS_NAME_TAG) names.push(latin1(name.content));
    if (name?.tag === ADDRESS_TAG) {
      const address = addressText(name.content);
      if (address !== undefined) names.push(address);
    }
  }
  return names;
}

function addressText(content: Uint8Array): string | undefined {
  const word = (at: number): number => u32At(content, at) | 0;
  if (content.length === 4) return formatAddress(0, 0, 0xffff, word(0));
  if (content.length === 16) return formatAddress(word(0), word(4), word(8), word(12));
  return undefined;
}
