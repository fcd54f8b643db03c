import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ByteReader, latin1, mayStartWith, u32At } from './bytes.ts';
import { type Parser, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';
import { Vencrypt } from './vencrypt.ts';

/** "RFB 003.008\n" (RFC 6143 7.1.1). */
const VERSION_BYTES = 12;
const START = 'RFB ';
/** Kinds of security (RFC 6143 7.1.2, and those of RealVNC, TightVNC, Apple and VeNCrypt). */
const SECURITY: Readonly<Record<number, string>> = {
  0: 'invalid',
  1: 'none',
  2: 'vnc',
  5: 'ra2',
  6: 'ra2ne',
  16: 'tight',
  17: 'ultra',
  18: 'tls',
  19: 'vencrypt',
  20: 'sasl',
  21: 'md5',
  22: 'xvp',
  30: 'apple-dh',
  33: 'apple-kerberos',
  35: 'apple-direct',
};
const CHALLENGE_BYTES = 16;
/** Public number, two lengths: what a server of Apple's kind asks with; the answer holds 128 bytes of login. */
const APPLE_HEADER_BYTES = 4;
const APPLE_LOGIN_BYTES = 128;
const MAX_REASON_BYTES = 1_024;
const MAX_NAME_BYTES = 1_024;
const SERVER_INIT_BYTES = 24;

/**
 * VNC (RFB, RFC 6143): versions, kind of security, how the login ended and why, name and size of the screen. Where it
 * goes on in TLS (VeNCrypt) that is read.
 */
export const vnc: ProtocolDefinition = {
  id: 'vnc',
  transports: [PROTOCOL.tcp],
  ports: [5900, 5901, 5902, 5903, 5800],
  identify: ({ initiator, responder }) => {
    const server = isVersion(responder);
    return server === VERDICT.maybe && initiator.length > 0 ? isVersion(initiator) : server;
  },
  parser: (context) => new Conversation(context),
};

function isVersion(bytes: Uint8Array): Verdict {
  if (!mayStartWith(bytes, START)) return VERDICT.no;
  if (bytes.length < VERSION_BYTES) return VERDICT.maybe;
  return bytes[7] === 0x2e && bytes[11] === 0x0a && isDigit(bytes[6]) && isDigit(bytes[10]) ? VERDICT.yes : VERDICT.no;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

type ServerStep = 'version' | 'security' | 'challenge' | 'apple-challenge' | 'result' | 'screen' | 'done';
type ClientStep = 'version' | 'choice' | 'answer' | 'apple-answer' | 'sharing' | 'done';

/**
 * Both sides take turns; each step of one side says what the next of the other is. A side whose next step is not known
 * yet waits.
 */
class Conversation implements Parser {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  /** Whose the first bytes are where the beginning was missed. */
  #isSwapped: boolean | undefined;
  #server: ServerStep | 'wait' = 'version';
  #client: ClientStep | 'wait' = 'version';
  /** The lower of both sides' minor versions: 3, 7 or 8. */
  #minor = 8;
  #method = '';
  #appleKeyBytes = 0;
  #hasLogin = false;
  #user = '';
  #isCleartext = false;
  /** While it is agreed on. */
  #vencrypt: Vencrypt | undefined;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'vnc');
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    this.#isSwapped ??= fromInitiator;
    const isServer = fromInitiator === this.#isSwapped;
    this.#tell.isClientInitiator = !this.#isSwapped;
    let at = 0;
    while (at < bytes.length) {
      const rest = bytes.subarray(at);
      const taken = isServer ? this.#readServer(rest) : this.#readClient(rest);
      if (taken <= 0) break;
      at += taken;
    }
    return at;
  }

  gap(): void {
    this.#context.finish();
  }

  end(): void {
    this.#outcome('attempt');
  }

  #readServer(bytes: Uint8Array): number {
    if (this.#vencrypt !== undefined) return this.#vencrypt.readServer(bytes);
    switch (this.#server) {
      case 'version':
        return this.#version(bytes, 'server-version');
      case 'security':
        return this.#minor === 3 ? this.#chosenByServer(bytes) : this.#offers(bytes);
      case 'challenge':
        if (bytes.length < CHALLENGE_BYTES) return 0;
        this.#client = 'answer';
        this.#server = 'wait';
        return CHALLENGE_BYTES;
      case 'apple-challenge':
        return this.#appleChallenge(bytes);
      case 'result':
        return this.#result(bytes);
      case 'screen':
        return this.#screen(bytes);
      case 'done':
        return bytes.length;
      default:
        return 0;
    }
  }

  #readClient(bytes: Uint8Array): number {
    if (this.#vencrypt !== undefined) return this.#vencrypt.readClient(bytes);
    switch (this.#client) {
      case 'version':
        return this.#version(bytes, 'client-version');
      case 'choice':
        this.#choose(bytes[0]);
        return 1;
      case 'answer':
        if (bytes.length < CHALLENGE_BYTES) return 0;
        this.#awaitResult();
        return CHALLENGE_BYTES;
      case 'apple-answer': {
        const length = APPLE_LOGIN_BYTES + this.#appleKeyBytes;
        if (bytes.length < length) return 0;
        this.#awaitResult();
        return length;
      }
      case 'sharing':
        this.#tell.property('sharing', bytes[0] === 0 ? 'exclusive' : 'shared');
        this.#client = 'done';
        this.#server = 'screen';
        return 1;
      case 'done':
        return bytes.length;
      default:
        return 0;
    }
  }

  #version(bytes: Uint8Array, name: string): number {
    if (bytes.length < VERSION_BYTES) return 0;
    if (isVersion(bytes) !== VERDICT.yes) return this.#giveUp('bad-version');
    const minor = Number(latin1(bytes, 8, 11));
    this.#minor = Math.min(this.#minor, minor >= 8 ? 8 : minor === 7 ? 7 : 3);
    this.#tell.property(name, latin1(bytes, 4, 11));
    // RealVNC's own versions go on in ways that are not published.
    if (latin1(bytes, 4, 7) !== '003') this.#context.finish();
    if (name === 'server-version') {
      this.#server = this.#client === 'version' ? 'wait' : 'security';
    } else {
      this.#client = 'wait';
      if (this.#server === 'wait') this.#server = 'security';
    }
    return VERSION_BYTES;
  }

  /** Version 3.3: the server decides. */
  #chosenByServer(bytes: Uint8Array): number {
    if (bytes.length < 4) return 0;
    const kind = u32At(bytes, 0);
    if (kind === 0) return this.#reason(bytes, 4);
    this.#begin(kind);
    return 4;
  }

  #offers(bytes: Uint8Array): number {
    const count = bytes[0];
    if (count === 0) return this.#reason(bytes, 1);
    if (bytes.length < 1 + count) return 0;
    const kinds = [...bytes.subarray(1, 1 + count)].map((kind) => SECURITY[kind] ?? String(kind));
    this.#tell.property('security-offered', kinds.join(' '));
    this.#server = 'wait';
    this.#client = 'choice';
    return 1 + count;
  }

  /** Why the server lets nobody in; it ends the connection then. */
  #reason(bytes: Uint8Array, at: number): number {
    const reader = new ByteReader(bytes, at);
    const length = reader.u32();
    if (reader.overrun) return 0;
    if (length > MAX_REASON_BYTES) return this.#giveUp('bad-length');
    if (!reader.has(length)) return 0;
    this.#tell.property('refused', reader.utf8(length));
    this.#outcome('failure');
    this.#context.finish();
    return bytes.length;
  }

  #choose(kind: number): void {
    this.#begin(kind);
  }

  #begin(kind: number): void {
    this.#method = SECURITY[kind] ?? String(kind);
    this.#tell.property('security', this.#method);
    this.#hasLogin = true;
    this.#client = 'wait';
    this.#server = 'wait';
    if (this.#method === 'none') {
      // Only the newest version confirms that nothing is asked for.
      if (this.#minor >= 8) {
        this.#server = 'result';
      } else {
        this.#outcome('success');
        this.#server = 'wait';
        this.#client = 'sharing';
      }
    } else if (this.#method === 'vnc') this.#server = 'challenge';
    else if (this.#method === 'apple-dh') this.#server = 'apple-challenge';
    else if (this.#method === 'vencrypt') this.#vencrypt = this.#startVencrypt();
    else if (this.#method === 'tls') this.#context.become('tls');
    // The others go on encrypted or in ways of their own: what comes of them is not seen.
    else this.#context.finish();
  }

  #startVencrypt(): Vencrypt {
    return new Vencrypt({
      chosen: (kind) => {
        this.#method = `vencrypt ${kind}`;
        this.#tell.property('encryption', kind);
      },
      encrypts: () => this.#context.become('tls'),
      logsIn: (user) => {
        this.#vencrypt = undefined;
        this.#user = user;
        this.#isCleartext = true;
        this.#awaitResult();
      },
      refuses: () => this.#context.finish(),
    });
  }

  #appleChallenge(bytes: Uint8Array): number {
    if (bytes.length < APPLE_HEADER_BYTES) return 0;
    this.#appleKeyBytes = (bytes[2] << 8) | bytes[3];
    const length = APPLE_HEADER_BYTES + 2 * this.#appleKeyBytes;
    if (bytes.length < length) return 0;
    this.#client = 'apple-answer';
    this.#server = 'wait';
    return length;
  }

  #awaitResult(): void {
    this.#client = 'wait';
    this.#server = 'result';
  }

  #result(bytes: Uint8Array): number {
    if (bytes.length < 4) return 0;
    if (u32At(bytes, 0) === 0) {
      this.#outcome('success');
      this.#server = 'wait';
      this.#client = 'sharing';
      return 4;
    }
    this.#outcome('failure');
    if (this.#minor >= 8) return this.#reason(bytes, 4);
    this.#context.finish();
    return bytes.length;
  }

  #screen(bytes: Uint8Array): number {
    if (bytes.length < SERVER_INIT_BYTES) return 0;
    const reader = new ByteReader(bytes);
    const size = `${reader.u16()}x${reader.u16()}`;
    reader.skip(16);
    const length = reader.u32();
    if (length > MAX_NAME_BYTES) return this.#giveUp('bad-length');
    if (!reader.has(length)) return 0;
    this.#tell.property('screen', size);
    this.#tell.property('hostname', reader.utf8(length));
    this.#server = 'done';
    this.#context.finish();
    return bytes.length;
  }

  #outcome(outcome: 'attempt' | 'success' | 'failure'): void {
    if (!this.#hasLogin) return;
    this.#hasLogin = false;
    this.#tell.login({ user: this.#user, outcome, method: this.#method, isCleartext: this.#isCleartext });
  }

  #giveUp(reason: string): number {
    this.#context.tell({ type: 'broken', protocol: 'vnc', reason });
    this.#context.finish();
    return 0;
  }
}
