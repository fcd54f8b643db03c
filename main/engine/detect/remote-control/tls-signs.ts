import type { CertificateFact } from '../../../../contract/facts.ts';
import type { Seen } from './http-signs.ts';
import { isRandomWord } from './text-shape.ts';

/** What is known of the connection that a certificate was shown on. */
export interface TlsPlace {
  readonly port: number;
  readonly isUsualPort: boolean;
  /** Of the server: in the own network, devices sign their certificates themselves. */
  readonly isInside: boolean;
  readonly serverName: string;
  /** With such a certificate between these two, this one included. */
  readonly connections: number;
  readonly timeMs: number;
}

/**
 * Names that remote-control tools put into their certificates when nobody changes them, as their own sources and
 * documentation have them.
 */
const TOOL_NAMES =
  /\b(AsyncRAT Server|DcRat Server|Quasar Server CA|VenomRAT|BitRAT|Orcus Server|Major Cobalt Strike|cobaltstrike|MetasploitSelfSignedCA|Mythic|Covenant|Merlin|BruteRatel|Havoc|Sliver|multiplayer|PoshC2|Empire)\b/;

/** Companies whose servers show certificates of public authorities. */
const WELL_KNOWN =
  /(^|\.)(microsoft|windowsupdate|google|gmail|gstatic|amazon|amazonaws|apple|icloud|cloudflare|facebook|paypal|adobe|github|yahoo|jquery|akamai|office|live|outlook|dropbox)\.com$/i;

/** What OpenSSL and its guides propose for a certificate, left as it is. */
const PLACEHOLDERS =
  /Internet Widgits|Some-State|Default City|Default Company|My Company|Company Name|Global Security|CN=(localhost|example\.(com|org|net)|server|test)\b/i;

const DAY_MS = 86_400_000;
const YOUNG_DAYS = 7;

/** Signs in the server's own certificate. */
export function certificateSigns(certificate: CertificateFact, place: TlsPlace): Seen[] {
  const { commonName, subject, issuer, isSelfSigned, names, notBeforeMs } = certificate;
  const isTool = TOOL_NAMES.test(subject) || TOOL_NAMES.test(issuer);
  if (!isTool && !isSelfSigned && certificate.issuerCommonName !== '') {
    if (!isMadeUp(commonName) || !isMadeUp(certificate.issuerCommonName)) return [];
  }
  const seen: Seen[] = [];
  if (isTool) seen.push(['tool-certificate', subject || issuer]);
  if (isSelfSigned && WELL_KNOWN.test(commonName)) seen.push(['borrowed-certificate', commonName]);
  if (isMadeUp(commonName)) seen.push(['random-certificate', commonName]);
  if (!place.isInside && PLACEHOLDERS.test(subject)) seen.push(['placeholder-certificate', subject]);
  if (place.isInside && seen.length === 0) return seen;
  if (isSelfSigned) seen.push(['self-signed', subject]);
  if (!place.isUsualPort) seen.push(['odd-port', place.port]);
  if (place.serverName === '') seen.push(['no-server-name', 'none']);
  if (place.serverName === '' && !place.isInside && place.connections > 1) {
    seen.push(['calls-again', `${place.connections} times`]);
  }
  if (names.length === 0 && !subject.includes(',')) seen.push(['bare-certificate', subject || 'no name at all']);
  const ageDays = (place.timeMs - notBeforeMs) / DAY_MS;
  if (ageDays >= 0 && ageDays <= YOUNG_DAYS) seen.push(['young-certificate', `${ageDays.toFixed(1)} days old`]);
  return seen;
}

const LEAST_NAME = 6;
const MOST_CONSONANTS = 5;

/** A word that is no name of a host: random letters and digits, or letters that nobody can pronounce. */
function isMadeUp(name: string): boolean {
  if (name.length < LEAST_NAME || /[ .*@:/-]/.test(name)) return false;
  if (isRandomWord(name)) return true;
  const consonants = name.toLowerCase().match(/[bcdfghjklmnpqrstvwxz]+/g) ?? [];
  return /^[A-Za-z]+$/.test(name) && consonants.some((run) => run.length >= MOST_CONSONANTS);
}
