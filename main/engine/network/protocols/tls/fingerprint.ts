/**
 * Fingerprints of TLS peers by their hellos: JA3 and JA3S (Salesforce, BSD-3), and JA4 of TLS clients (FoxIO, BSD-3;
 * its other fingerprints are under another licence and not here).
 */
import { hash } from 'node:crypto';
import { remembering } from '../../../runtime/memo.ts';
import type { ClientHello, ServerHello } from './hello.ts';
import { EXTENSION, isGrease } from './numbers.ts';

/** "771,4865-4866,0-23,29-23,0": version, ciphers, extensions, groups and point formats of the hello, without GREASE. */
export function ja3Text(hello: ClientHello): string {
  const lists = [hello.ciphers, hello.extensions, hello.groups].map(withoutGrease);
  return [hello.legacyVersion, ...lists.map(dashed), dashed(hello.pointFormats)].join(',');
}

/** "771,49199,65281-0": version, cipher and extensions. */
export function ja3sText(hello: ServerHello): string {
  return [hello.legacyVersion, hello.cipher, dashed(hello.extensions)].join(',');
}

/** Hellos of so many kinds are remembered: programs send the same one again and again. */
const REMEMBERED = 512;

/** What JA3 and JA3S are called by. */
export const md5Of = remembering((text) => hash('md5', text), REMEMBERED);

/** Two characters for each version; any other is "00". */
const JA4_VERSIONS: Readonly<Record<number, string>> = {
  772: '13',
  771: '12',
  770: '11',
  769: '10',
  768: 's3',
  2: 's2',
  65279: 'd1',
  65277: 'd2',
  65276: 'd3',
};
const JA4_TRANSPORTS = { tls: 't', quic: 'q', dtls: 'd' } as const;
/** Counts have two digits. */
const MAX_JA4_COUNT = 99;
const JA4_HASH_DIGITS = 12;
const JA4_NO_HASH = '0'.repeat(JA4_HASH_DIGITS);

/** "t13d1516h2_8daaf6152771_e5627efa2ab1", as FoxIO's technical_details/JA4.md says. */
export function ja4(hello: ClientHello, protocol: keyof typeof JA4_TRANSPORTS): string {
  const ciphers = withoutGrease(hello.ciphers);
  const extensions = withoutGrease(hello.extensions);
  const start = [
    JA4_TRANSPORTS[protocol],
    JA4_VERSIONS[offeredVersion(hello)] ?? '00',
    hello.extensions.includes(EXTENSION.serverName) ? 'd' : 'i',
    count(ciphers),
    count(extensions),
    alpnMark(hello.alpn[0] ?? ''),
  ].join('');
  return `${start}_${cipherHash(dashed(ciphers))}_${extensionHash(extensions, withoutGrease(hello.signatureAlgorithms))}`;
}

/** The highest version that is offered; those of DTLS count downwards. */
export function offeredVersion(hello: ClientHello): number {
  const versions = withoutGrease(hello.supportedVersions);
  if (versions.length === 0) return hello.legacyVersion;
  const isDatagram = versions.every((version) => version >> 8 === 0xfe);
  return versions.reduce((best, version) => (isDatagram ? Math.min(best, version) : Math.max(best, version)));
}

/** @param ciphers dashed, as all lists that are remembered */
const cipherHash = remembering((ciphers) => {
  return ciphers === '' ? JA4_NO_HASH : shortHash(hexList(sorted(listOf(ciphers))));
}, REMEMBERED);

function extensionHash(extensions: readonly number[], signatureAlgorithms: readonly number[]): string {
  const counted = extensions.filter((type) => type !== EXTENSION.serverName && type !== EXTENSION.alpn);
  // Also for a hello that has these two only, as FoxIO's own programs have it.
  if (counted.length === 0) return JA4_NO_HASH;
  return extensionsHash(`${dashed(counted)}_${dashed(signatureAlgorithms)}`);
}

const extensionsHash = remembering((text) => {
  const [counted, signatureAlgorithms] = text.split('_').map(listOf);
  const algorithms = signatureAlgorithms.length === 0 ? '' : `_${hexList(signatureAlgorithms)}`;
  return shortHash(`${hexList(sorted(counted))}${algorithms}`);
}, REMEMBERED);

/** First and last character of a protocol's name, or of its bytes as hexadecimal where these are no letters or digits. */
function alpnMark(name: string): string {
  if (name === '') return '00';
  const [first, last] = [name.charCodeAt(0), name.charCodeAt(name.length - 1)];
  if (isLetterOrDigit(first) && isLetterOrDigit(last)) return name[0] + name[name.length - 1];
  return (first >> 4).toString(16) + (last & 0x0f).toString(16);
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function count(list: readonly number[]): string {
  return String(Math.min(list.length, MAX_JA4_COUNT)).padStart(2, '0');
}

function shortHash(text: string): string {
  return hash('sha256', text).slice(0, JA4_HASH_DIGITS);
}

function sorted(list: readonly number[]): readonly number[] {
  return list.toSorted((a, b) => a - b);
}

function hexList(list: readonly number[]): string {
  return list.map((value) => value.toString(16).padStart(4, '0')).join(',');
}

function dashed(list: readonly number[]): string {
  return list.join('-');
}

/** What was dashed. */
function listOf(text: string): readonly number[] {
  return text === '' ? [] : text.split('-').map(Number);
}

function withoutGrease(list: readonly number[]): readonly number[] {
  return list.some(isGrease) ? list.filter((value) => !isGrease(value)) : list;
}
