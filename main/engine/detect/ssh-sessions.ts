import type { PacketView } from '../../../contract/traffic.ts';

/** What became of the logins in an SSH connection. */
export interface SshLogins {
  /** Requests that the server turned down and that were not counted yet, without the customary first one. */
  readonly guesses: number;
  readonly accepted: boolean;
}

/** The server's banner, its key exchange offer and its key: nothing before is encrypted. */
const CLEAR_SERVER_PACKETS = 3;
/** Smaller is a NEWKEYS message in clear text, larger is something else than an answer to a login. */
const LEAST_ANSWER_BYTES = 28;
const MOST_ANSWER_BYTES = 128;
/** OpenSSH's client offers so many keys and passwords before it gives up (RFC has no limit; its servers allow six). */
const MOST_KEYS_OFFERED = 6;

/**
 * Reads logins out of encrypted SSH connections by the sizes of the server's packets. The first encrypted one
 * accepts the authentication service (17 bytes before padding), each refusal names the methods that are left
 * and is as long or longer, and only success (RFC 4252, section 5.1) is shorter: one byte before padding.
 */
export class SshSessions {
  private readonly packets: Uint8Array;
  private readonly accepts: Uint8Array;
  private readonly refusals: Uint8Array;
  private readonly successes: Uint8Array;
  /** What the parser told, which knows the sizes of the ciphers; and how much of it was counted. */
  private readonly told: Uint8Array;
  private readonly counted: Uint8Array;

  /** @param capacity conversations, by the index that the caller gives them */
  constructor(capacity: number) {
    this.packets = new Uint8Array(capacity);
    this.accepts = new Uint8Array(capacity);
    this.refusals = new Uint8Array(capacity);
    this.successes = new Uint8Array(capacity);
    this.told = new Uint8Array(capacity);
    this.counted = new Uint8Array(capacity);
  }

  begin(index: number): void {
    this.packets[index] = 0;
    this.accepts[index] = 0;
    this.refusals[index] = 0;
    this.successes[index] = 0;
    this.told[index] = 0;
    this.counted[index] = 0;
  }

  /** One of the first packets that the server sent; `sentBytes` is its payload so far, this one included. */
  serverPacket(index: number, sentBytes: number, packet: PacketView): void {
    const bytes = packet.payloadBytes;
    // Without the first packets there is no telling where the encryption began.
    if (sentBytes === bytes) {
      this.packets[index] = 0;
      if (!isBanner(packet)) return;
    } else if (this.packets[index] === 0) return;
    if (this.packets[index]! < CLEAR_SERVER_PACKETS) {
      this.packets[index]!++;
      return;
    }
    if (bytes < LEAST_ANSWER_BYTES || bytes > MOST_ANSWER_BYTES || this.successes[index] === 1) return;
    if (this.accepts[index] === 0) this.accepts[index] = bytes;
    else if (bytes < this.accepts[index]!) this.successes[index] = 1;
    else if (this.refusals[index]! < 255) this.refusals[index]!++;
  }

  /**
   * A parser told of a refusal: gives how many may be counted at once. The first ones may be keys that are offered one
   * after the other, and count when the connection is over without a login.
   */
  refusal(index: number): number {
    const told = Math.min(255, this.told[index]! + 1);
    this.told[index] = told;
    if (told <= MOST_KEYS_OFFERED) return 0;
    const guesses = told - this.counted[index]!;
    this.counted[index] = told;
    // A connection of which so many were told stays at it.
    return told === 255 ? Math.max(1, guesses) : guesses;
  }

  logins(index: number): SshLogins {
    const told = this.told[index]!;
    const guesses = told > 0 ? told - this.counted[index]! : Math.max(0, this.refusals[index]! - 1);
    return { guesses, accepted: this.successes[index] === 1 };
  }
}

/** "SSH-" (RFC 4253, section 4.2). */
function isBanner(packet: PacketView): boolean {
  const { bytes, payloadStart: at, payloadEnd } = packet;
  return payloadEnd - at >= 4 && bytes[at] === 0x53 && bytes[at + 1] === 0x53 && bytes[at + 2] === 0x48;
}
