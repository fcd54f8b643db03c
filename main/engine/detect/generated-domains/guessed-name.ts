import { wordLikeness } from '../character-model.ts';
import { isLocalName, splitName, topLevelOf } from '../domain-name.ts';

/** A domain that somebody would have to register, as a program that makes names up asks for it. */
export interface GuessedName {
  /** "example.org", or "example.ddns.net" below those who give names away. */
  readonly domain: string;
  /** The label that is made up: "example". */
  readonly label: string;
  readonly topLevel: string;
  /** The label looks as if letters were drawn by lot. */
  readonly isRandom: boolean;
}

/** Those who give names below theirs to anybody: there the label before is the one that is made up. */
const NAME_GIVERS = new Set(
  (
    'ddns.net dyndns.org dynu.com dynu.net duckdns.org no-ip.org no-ip.biz no-ip.com noip.me hopto.org zapto.org ' +
    'sytes.net serveftp.com myftp.org myftp.biz redirectme.net servebeer.com dnsalias.com dyndns-ip.com mooo.com ' +
    'chickenkiller.com strangled.net afraid.org changeip.com ddns.info ddns.us 3322.org'
  ).split(' '),
);

/** Shorter labels are abbreviations: every combination of letters stands for somebody. */
const LEAST_LETTERS = 7;
/** Bits per pair of letters; see character-model.ts. One in ten short random labels looks more like words. */
const RANDOM_LIKENESS = -0.8;
/** Longer ones say more: letters drawn by lot come closer to their mean. */
const LONG_LETTERS = 12;
const LONG_LIKENESS = -0.5;
/** "a3k9x2": digits inside of letters. */
const LEAST_DIGIT_CHANGES = 3;

/** The guess that a looked-up name is; undefined for hosts below a domain, local names, and names without a top level. */
export function guessedName(name: string): GuessedName | undefined {
  const { domain, sub } = splitName(name);
  const firstDot = domain.indexOf('.');
  if (firstDot <= 0 || isLocalName(domain)) return undefined;
  if (sub === '' || sub.toLowerCase() === 'www') {
    const label = domain.slice(0, firstDot);
    return { domain, label, topLevel: topLevelOf(domain), isRandom: isRandomLabel(label) };
  }
  if (!NAME_GIVERS.has(domain)) return undefined;
  const label = sub.slice(sub.lastIndexOf('.') + 1).toLowerCase();
  return { domain: `${label}.${domain}`, label, topLevel: domain, isRandom: isRandomLabel(label) };
}

function isRandomLabel(label: string): boolean {
  if (label.length < LEAST_LETTERS || label.startsWith('xn--') || label.includes('-')) return false;
  if (digitChanges(label) >= LEAST_DIGIT_CHANGES) return true;
  return wordLikeness(label) < (label.length >= LONG_LETTERS ? LONG_LIKENESS : RANDOM_LIKENESS);
}

/** How often a digit follows a letter or a letter a digit. */
function digitChanges(label: string): number {
  let changes = 0;
  for (let index = 1; index < label.length; index++) {
    if (isDigit(label.charCodeAt(index)) !== isDigit(label.charCodeAt(index - 1))) changes++;
  }
  return changes;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
