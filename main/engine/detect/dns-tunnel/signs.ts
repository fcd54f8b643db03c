import type { SettingValues } from '../../runtime/settings.ts';
import { type Channel, quickBytes } from './channel.ts';
import type { dnsTunnelSettings } from './settings.ts';

/** What gives a channel away, the surest first. */
export type TunnelSign = 'unusual-types' | 'dialogue' | 'long-names' | 'names' | 'slow-names' | 'answers';

/** Below ordinary services, and for clients that ask for many others, what may be ordinary counts for so much less. */
const ORDINARY_FACTOR = 20;
const RESOLVER_FACTOR = 10;
const REPUTATION_FACTOR = 10;
/** A conversation is seldom ordinary, but a resolver has it with all of its clients' services. */
const DIALOGUE_RESOLVER_FACTOR = 3;
/** Names that carry less than this each are as often hashed host names: they must be this many times more. */
const MEAGRE_BYTES_PER_NAME = 12;
const MEAGRE_FACTOR = 4;
/** Text records come under ever new names. */
const LEAST_ANSWER_NAMES = 20;
/** Most answers to look-ups of reputation say "not listed", or give a code as an address of 127.0.0.0/8. */
const REPUTATION_SHARE = 0.8;
const LEAST_REPUTATION_ANSWERS = 5;
/** One label that is a hash: MD5, SHA-1 and SHA-256 in hexadecimal or base32. */
const HASH_LENGTHS = new Set([26, 32, 39, 40, 52, 56, 64]);

/** The sign that a channel shows; undefined while it may be ordinary. */
export function signOf(
  channel: Channel,
  isResolver: boolean,
  settings: SettingValues<typeof dnsTunnelSettings>,
  nowUs: number,
): TunnelSign | undefined {
  if (channel.unusualNames >= settings.unusualTypeNames) return 'unusual-types';
  if (isHashLookup(channel)) return undefined;
  const { isOrdinary } = channel;
  const dialogueFactor = (isOrdinary ? ORDINARY_FACTOR : 1) * (isResolver ? DIALOGUE_RESOLVER_FACTOR : 1);
  if (channel.dialogueNames >= settings.dialogueNames * dialogueFactor) return 'dialogue';
  const factor =
    (isOrdinary ? ORDINARY_FACTOR : 1) *
    (isResolver ? RESOLVER_FACTOR : 1) *
    (isReputation(channel) ? REPUTATION_FACTOR : 1);
  if (channel.longNames >= settings.longNames * factor) return 'long-names';
  const meagre = channel.carriedBytes < channel.names * MEAGRE_BYTES_PER_NAME ? MEAGRE_FACTOR : 1;
  if (quickBytes(channel, nowUs) >= settings.carriedBytes * factor * meagre) return 'names';
  if (channel.carriedBytes >= settings.slowCarriedBytes * factor * meagre) return 'slow-names';
  if (channel.answerBytes >= settings.answerBytes * factor && channel.names >= LEAST_ANSWER_NAMES * factor) {
    return 'answers';
  }
  return undefined;
}

/** Block lists and the clouds of virus scanners answer with codes in 127.0.0.0/8. */
function isReputation(channel: Channel): boolean {
  const answers = channel.dataAnswers + channel.emptyAnswers;
  return channel.loopbackAnswers >= LEAST_REPUTATION_ANSWERS && channel.emptyAnswers >= answers * REPUTATION_SHARE;
}

/** The hashes of files or addresses of mail, looked up in a list, of which most are not in it. */
function isHashLookup(channel: Channel): boolean {
  if (!HASH_LENGTHS.has(channel.uniformLength)) return false;
  const answers = channel.dataAnswers + channel.emptyAnswers;
  if (channel.emptyAnswers < answers * REPUTATION_SHARE) return false;
  return channel.isBlockList || channel.loopbackAnswers > 0;
}

/** Much leaves and next to nothing comes back. */
const LEAST_ONE_WAY_BYTES = 300;
const ONE_WAY_FACTOR = 4;

export function isOneWay(channel: Channel): boolean {
  return channel.carriedBytes >= LEAST_ONE_WAY_BYTES && channel.carriedBytes >= channel.answerBytes * ONE_WAY_FACTOR;
}
