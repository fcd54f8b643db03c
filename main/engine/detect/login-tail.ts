/**
 * Counts failed logins beyond what is shown of a connection. Only the first messages of each direction can be
 * read; a program that tries hundreds of passwords in one connection goes on in the same measure, and so the
 * bytes tell how many followed: both sides must have sent as many times more as one try took before.
 */
export class LoginTail {
  private readonly tries: Uint8Array;
  /** Bytes of either side at the first and at the last failure that was counted. */
  private readonly firstClient: Uint32Array;
  private readonly firstServer: Uint32Array;
  private readonly lastClient: Float64Array;
  private readonly lastServer: Float64Array;

  /** @param capacity conversations, by the index that the caller gives them */
  constructor(capacity: number) {
    this.tries = new Uint8Array(capacity);
    this.firstClient = new Uint32Array(capacity);
    this.firstServer = new Uint32Array(capacity);
    this.lastClient = new Float64Array(capacity);
    this.lastServer = new Float64Array(capacity);
  }

  begin(index: number): void {
    this.tries[index] = 0;
  }

  /** A login worked, so what follows is something else. */
  spoil(index: number): void {
    this.tries[index] = SPOILT;
  }

  /** A failure was read when both sides had sent so many bytes. */
  read(index: number, clientBytes: number, serverBytes: number): void {
    const tries = this.tries[index]!;
    if (tries === SPOILT) return;
    if (tries === 0) {
      this.firstClient[index] = clientBytes;
      this.firstServer[index] = serverBytes;
    }
    if (tries < MOST_READ) this.tries[index] = tries + 1;
    this.lastClient[index] = clientBytes;
    this.lastServer[index] = serverBytes;
  }

  /** Enough failures were read to tell how much one takes. */
  isMeasured(index: number): boolean {
    const tries = this.tries[index]!;
    return tries >= LEAST_READ && tries !== SPOILT;
  }

  /** So many were read that parsers tell no more of them. */
  isFull(index: number): boolean {
    return this.tries[index] === MOST_READ;
  }

  /** How many tries followed the last one that was read or counted; each is counted once. */
  following(index: number, clientBytes: number, serverBytes: number): number {
    const tries = this.tries[index]!;
    if (tries < LEAST_READ || tries === SPOILT) return 0;
    const clientPerTry = (this.lastClient[index]! - this.firstClient[index]!) / (tries - 1);
    const serverPerTry = (this.lastServer[index]! - this.firstServer[index]!) / (tries - 1);
    // A direction that is not in the capture says nothing, and where nothing is sent nothing is tried.
    if (clientPerTry < 1 || serverPerTry < 1) return 0;
    const byClient = (clientBytes - this.lastClient[index]!) / clientPerTry;
    const byServer = (serverBytes - this.lastServer[index]!) / serverPerTry;
    const count = Math.floor(Math.min(byClient, byServer) + ROUNDING);
    if (count < 1 || Math.max(byClient, byServer) > count * TOLERANCE + 1) return 0;
    // The measure stays what it was: only the marks move on.
    this.firstClient[index]! += count * clientPerTry;
    this.firstServer[index]! += count * serverPerTry;
    this.lastClient[index]! += count * clientPerTry;
    this.lastServer[index]! += count * serverPerTry;
    return count;
  }
}

/** Two intervals at least make a measure. */
const LEAST_READ = 3;
/** As many as parsers tell of one conversation, nearly. */
const MOST_READ = 250;
const SPOILT = 255;
/** How far the sides may disagree on the number of tries: passwords and names differ in length. */
const TOLERANCE = 1.3;
const ROUNDING = 0.2;
