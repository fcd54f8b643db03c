import type { SettingValues } from '../../runtime/settings.ts';
import type { exfiltrationSettings } from './settings.ts';

interface SignRow {
  readonly points: number;
  /** What it says, as a part of a sentence after "because". */
  readonly meaning: string;
}

/** Every sign that speaks for theft, with what it is worth. Nothing ordinary shows signs for four points at once. */
export const UPLOAD_SIGNS = {
  secret: { points: 4.5, meaning: 'it holds keys or accounts in the clear' },
  'stolen-name': { points: 4, meaning: 'it is named as password thieves name what they send home' },
  archive: { points: 1.5, meaning: 'it is an archive, which things are packed into before they leave' },
  document: { points: 1, meaning: 'it is a document or a database' },
  'random-bytes': { points: 1.5, meaning: 'it is encrypted or compressed and says not what it is' },
  'no-protocol': { points: 2, meaning: 'it was poured into a bare connection, which ordinary programs do not do' },
  'bare-address': { points: 1.5, meaning: 'it went to an address without a name' },
  'inside-address': { points: 0.5, meaning: 'it went to an address without a name in the own network' },
  'odd-port': { points: 0.5, meaning: 'it went to a port that web servers seldom have' },
  tool: { points: 1, meaning: 'a command-line program or script sent it, and no browser' },
  'drop-service': { points: 3, meaning: 'it went to a service that takes files and texts from anybody without a name' },
  'hidden-service': { points: 2.5, meaning: 'it went to a service that thieves like to use' },
  'cloud-service': { points: 1, meaning: 'it went to a store of files in the cloud' },
  'plain-copy': { points: 3, meaning: 'it was copied out of the network by a protocol that is meant for inside' },
  ftp: { points: 0.5, meaning: 'it was sent by FTP' },
  'one-way': { points: 0.5, meaning: 'next to nothing came back' },
  large: { points: 0.5, meaning: 'it is more than a megabyte' },
  'very-large': { points: 0.5, meaning: 'it is more than twenty megabytes' },
  'even-pieces': { points: 1.5, meaning: 'it came in many pieces of one size' },
  'first-use': { points: 1, meaning: 'this host had never sent anything there before' },
  'unusual-volume': { points: 2, meaning: 'this host sent far more than in its hours before' },
  'huge-volume': { points: 2, meaning: 'it is more than most hosts send in a month' },
} as const satisfies Readonly<Record<string, SignRow>>;
export type UploadSign = keyof typeof UPLOAD_SIGNS;

/** Of these only the best counts: they say the same. */
const EXCLUSIVE: readonly (readonly UploadSign[])[] = [
  ['secret', 'stolen-name', 'archive', 'random-bytes', 'document'],
  ['drop-service', 'hidden-service', 'cloud-service', 'bare-address', 'inside-address'],
];
/** Surely theft. */
const HIGH_POINTS = 6;

export function pointsOf(signs: ReadonlySet<UploadSign>): number {
  let points = 0;
  for (const sign of signs) if (!EXCLUSIVE.some((group) => group.includes(sign))) points += UPLOAD_SIGNS[sign].points;
  for (const group of EXCLUSIVE) {
    points += Math.max(0, ...group.filter((sign) => signs.has(sign)).map((sign) => UPLOAD_SIGNS[sign].points));
  }
  return points;
}

export function severityOf(
  points: number,
  settings: SettingValues<typeof exfiltrationSettings>,
): 'high' | 'medium' | 'low' | undefined {
  if (points >= settings.points + (HIGH_POINTS - 4)) return 'high';
  if (points >= settings.points) return 'medium';
  return points >= settings.points - 0.5 ? 'low' : undefined;
}

/** The signs, those with most points first, and without those that another one says better. */
export function tellingSigns(signs: ReadonlySet<UploadSign>): UploadSign[] {
  const told = [...signs].filter((sign) => {
    const group = EXCLUSIVE.find((members) => members.includes(sign));
    return group === undefined || group.find((member) => signs.has(member)) === sign;
  });
  return told.sort((a, b) => UPLOAD_SIGNS[b].points - UPLOAD_SIGNS[a].points);
}
