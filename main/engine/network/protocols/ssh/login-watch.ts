import type { PacketSize } from './packet-size.ts';

/** Payloads of messages to the client (RFC 4252 5, RFC 4253 10). */
const SUCCESS_BYTES = 1;
/** Number, then "ssh-userauth" with its length. */
const SERVICE_ACCEPT_BYTES = 17;
/** Number, then the shortest method that a server can leave ("password", with its length), then a flag. */
const LEAST_FAILURE_BYTES = 14;
/**
 * The request without a password (RFC 4252 5.2) of a user of 12 characters: few names are longer, and what is longer
 * brings a password or key.
 */
const MOST_QUESTION_BYTES = 31 + 12;
/** A list of all methods there are; what is longer is a key that is accepted, a question or a banner. */
const MOST_FAILURE_BYTES = 80;
/** Servers give up after a handful of attempts (OpenSSH: 6). */
const MAX_REFUSALS = 64;

/**
 * Reads the outcome of logins out of the sizes of what the server sends, as it leaves (RFC 4252): first it accepts
 * the service, then it refuses attempts, and success is the only message of one byte. The first refusal mostly
 * answers the customary request without a password that tells the client what methods there are: by its size. Where two
 * messages come in one piece, they are not told apart, and nothing is said: rather no claim than a wrong one.
 */
export class LoginWatch {
  readonly #acceptBytes: number;
  readonly #successBytes: number;
  readonly #leastFailureBytes: number;
  readonly #mostFailureBytes: number;
  readonly #mostQuestionBytes: number;
  #isAccepted = false;
  #refusals = 0;
  isOver = false;

  /** @param toClient what messages of the server become on the wire; `toServer` those of the client */
  constructor(toClient: PacketSize, toServer: PacketSize) {
    this.#acceptBytes = toClient(SERVICE_ACCEPT_BYTES);
    this.#successBytes = toClient(SUCCESS_BYTES);
    this.#leastFailureBytes = toClient(LEAST_FAILURE_BYTES);
    this.#mostFailureBytes = toClient(MOST_FAILURE_BYTES);
    this.#mostQuestionBytes = toServer(MOST_QUESTION_BYTES);
  }

  /**
   * Takes the size of one piece that the server has sent; gives what it means for a login, if anything.
   * @param askedBytes size of what the client had sent before
   */
  piece(bytes: number, askedBytes: number): 'success' | 'failure' | undefined {
    if (!this.#isAccepted) {
      // What comes before, such as a list of the server's extensions (RFC 8308), is longer.
      this.#isAccepted = bytes === this.#acceptBytes;
      return undefined;
    }
    if (bytes === this.#successBytes) {
      this.isOver = true;
      return 'success';
    }
    if (bytes < this.#leastFailureBytes || bytes > this.#mostFailureBytes) return undefined;
    this.#refusals++;
    if (this.#refusals > MAX_REFUSALS) this.isOver = true;
    return this.#refusals === 1 && askedBytes <= this.#mostQuestionBytes ? undefined : 'failure';
  }
}
