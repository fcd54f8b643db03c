/** VeNCrypt, the kind of security of VNC that most servers encrypt with: how TLS is agreed on, or a login in the clear. */
import { ByteReader, u32At } from './bytes.ts';

/** Kinds of VeNCrypt (the community's RFB protocol, "VeNCrypt"). */
const KINDS: Readonly<Record<number, string>> = {
  256: 'plain',
  257: 'tls-none',
  258: 'tls-vnc',
  259: 'tls-plain',
  260: 'x509-none',
  261: 'x509-vnc',
  262: 'x509-plain',
  263: 'tls-sasl',
  264: 'x509-sasl',
};
const PLAIN = 256;
const VERSION_BYTES = 2;
const KIND_BYTES = 4;
const ACCEPTED = 0;
/** Servers offer nine kinds at the most. */
const MAX_KINDS = 32;
const MAX_LOGIN_BYTES = 1_024;

export interface VencryptListener {
  /** "x509-vnc", or the number of one that nobody knows. */
  chosen(kind: string): void;
  /** TLS follows. */
  encrypts(): void;
  /** Somebody logs in with a password that everybody can read. */
  logsIn(user: string): void;
  refuses(): void;
}

type ServerStep = 'version' | 'answer' | 'kinds' | 'accepted' | 'wait';
type ClientStep = 'version' | 'choice' | 'login' | 'wait';

/** Reads both sides in turn; each gives how many bytes it has taken, 0 while it waits for more or for the other. */
export class Vencrypt {
  readonly #listener: VencryptListener;
  #server: ServerStep = 'version';
  #client: ClientStep = 'wait';

  constructor(listener: VencryptListener) {
    this.#listener = listener;
  }

  readServer(bytes: Uint8Array): number {
    switch (this.#server) {
      case 'version':
        if (bytes.length < VERSION_BYTES) return 0;
        return this.#next('wait', 'version', VERSION_BYTES);
      case 'answer':
        if (bytes[0] !== ACCEPTED) this.#listener.refuses();
        return this.#next('kinds', 'wait', 1);
      case 'kinds':
        return this.#kinds(bytes);
      case 'accepted':
        this.#next('wait', 'wait', 1);
        if (bytes[0] === 1) this.#listener.encrypts();
        else this.#listener.refuses();
        return 1;
      default:
        return 0;
    }
  }

  readClient(bytes: Uint8Array): number {
    switch (this.#client) {
      case 'version':
        if (bytes.length < VERSION_BYTES) return 0;
        return this.#next('answer', 'wait', VERSION_BYTES);
      case 'choice':
        return this.#choice(bytes);
      case 'login':
        return this.#login(bytes);
      default:
        return 0;
    }
  }

  #next(server: ServerStep, client: ClientStep, taken: number): number {
    this.#server = server;
    this.#client = client;
    return taken;
  }

  #kinds(bytes: Uint8Array): number {
    const length = 1 + KIND_BYTES * bytes[0];
    if (bytes[0] === 0 || bytes[0] > MAX_KINDS) {
      this.#listener.refuses();
      return this.#next('wait', 'wait', 1);
    }
    return bytes.length < length ? 0 : this.#next('wait', 'choice', length);
  }

  #choice(bytes: Uint8Array): number {
    if (bytes.length < KIND_BYTES) return 0;
    const kind = u32At(bytes, 0);
    this.#listener.chosen(KINDS[kind] ?? String(kind));
    if (kind === PLAIN) return this.#next('wait', 'login', KIND_BYTES);
    return this.#next('accepted', 'wait', KIND_BYTES);
  }

  /** Two lengths, then user and password. */
  #login(bytes: Uint8Array): number {
    const reader = new ByteReader(bytes);
    const [userBytes, passwordBytes] = [reader.u32(), reader.u32()];
    if (reader.overrun) return 0;
    if (userBytes + passwordBytes > MAX_LOGIN_BYTES) {
      this.#listener.refuses();
      return this.#next('wait', 'wait', bytes.length);
    }
    const user = reader.utf8(userBytes);
    reader.skip(passwordBytes);
    if (reader.overrun) return 0;
    this.#next('wait', 'wait', 0);
    this.#listener.logsIn(user);
    return reader.position;
  }
}
