/** What is known of the look-ups that one client makes below one domain. */
export interface Channel {
  readonly client: string;
  /** The server that is asked: the first one, if there are several. */
  readonly server: string;
  readonly serverMayBeAttacker: boolean;
  /** "example.org"; empty where the names end in no domain. */
  readonly domain: string;
  readonly isOrdinary: boolean;
  readonly isBlockList: boolean;
  firstUs: number;
  lastUs: number;
  /** Look-ups whose names carry data or ask for records that do. */
  queries: number;
  /** Different ones among them. */
  names: number;
  /** Data in different names, bytes; and the same, of which half is forgotten every QUICK_HALF_LIFE_US. */
  carriedBytes: number;
  quickBytes: number;
  quickUs: number;
  longNames: number;
  /** Different names with data in them that were asked for records that carry data back. */
  dialogueNames: number;
  /** Different names that were asked for a record type that only tunnels use. */
  unusualNames: number;
  /** Answers with a record; answers that are empty, an error, or an address of 127.0.0.0/8. */
  dataAnswers: number;
  emptyAnswers: number;
  loopbackAnswers: number;
  /** Data in the answers' free records (texts and the like), each different one once, bytes. */
  answerBytes: number;
  /** All names have one label with data in it, of this length; 0 when they have not. */
  uniformLength: number;
  readonly types: Map<string, number>;
  /** The name that carries most, for the reader. */
  example: string;
  exampleBits: number;
  readonly seen: SeenTexts;
  isReported: boolean;
  isExfiltration: boolean;
  reportedNames: number;
  reportedUs: number;
}

/** About ten minutes count. */
const QUICK_HALF_LIFE_US = 300e6;
/** Record types told apart in one channel. */
const MAX_TYPES = 12;
/** Texts of one channel that are known to have come before. */
const MAX_SEEN = 512;

/** The latest different texts, by a hash: what comes again carries nothing new. */
export class SeenTexts {
  readonly #hashes = new Set<number>();

  /** True when the text is new, as far as is remembered. */
  add(text: string, salt: number): boolean {
    const hash = hashText(text, salt);
    if (this.#hashes.has(hash)) return false;
    if (this.#hashes.size >= MAX_SEEN) this.#forgetHalf();
    this.#hashes.add(hash);
    return true;
  }

  #forgetHalf(): void {
    let left = MAX_SEEN / 2;
    for (const hash of this.#hashes) {
      if (left-- <= 0) return;
      this.#hashes.delete(hash);
    }
  }
}

/** FNV-1a over lower-case letters, 31 bits. Servers may send a name back in another case (0x20 encoding). */
function hashText(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ salt;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    hash = Math.imul(hash ^ (code >= 65 && code <= 90 ? code | 0x20 : code), 0x01000193);
  }
  return hash & 0x3fffffff;
}

export type ChannelHead = Pick<
  Channel,
  'client' | 'server' | 'serverMayBeAttacker' | 'domain' | 'isOrdinary' | 'isBlockList'
>;

export function newChannel(head: ChannelHead, nowUs: number): Channel {
  return {
    ...head,
    firstUs: nowUs,
    lastUs: nowUs,
    queries: 0,
    names: 0,
    carriedBytes: 0,
    quickBytes: 0,
    quickUs: nowUs,
    longNames: 0,
    dialogueNames: 0,
    unusualNames: 0,
    dataAnswers: 0,
    emptyAnswers: 0,
    loopbackAnswers: 0,
    answerBytes: 0,
    uniformLength: -1,
    types: new Map(),
    example: '',
    exampleBits: -1,
    seen: new SeenTexts(),
    isReported: false,
    isExfiltration: false,
    reportedNames: 0,
    reportedUs: 0,
  };
}

export function addQuickBytes(channel: Channel, bytes: number, nowUs: number): void {
  channel.quickBytes = quickBytes(channel, nowUs) + bytes;
  channel.quickUs = Math.max(channel.quickUs, nowUs);
}

export function quickBytes(channel: Channel, nowUs: number): number {
  const ageUs = Math.max(0, nowUs - channel.quickUs);
  return channel.quickBytes * 2 ** (-ageUs / QUICK_HALF_LIFE_US);
}

export function countType(channel: Channel, type: string): void {
  const count = channel.types.get(type);
  if (count !== undefined || channel.types.size < MAX_TYPES) channel.types.set(type, (count ?? 0) + 1);
}

/** The record types, the most frequent first. */
export function typesOf(channel: Channel): string[] {
  return [...channel.types].sort((a, b) => b[1] - a[1]).map(([type]) => type);
}
