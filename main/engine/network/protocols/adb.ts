import { PROTOCOL } from '../../../../contract/traffic.ts';
import { identifyServer, serverParser } from './adb-server.ts';
import { latin1, startsWith, u32leAt } from './bytes.ts';
import { eitherSide } from './first-message.ts';
import { FRAME_BROKEN, type Framing, framedParser, type MessageReader } from './message-frames.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';

/** Command, two arguments, length and sum of the payload, and the command's bits turned round (AOSP adb, protocol.txt). */
const HEADER_BYTES = 24;
const PAYLOAD_LENGTH_AT = 12;
const MAGIC_AT = 20;
/** Banners, services and keys stand in the first bytes of a payload. */
const READ_BYTES = 2_048;
/** Largest payload that devices agree to. */
const MAX_PAYLOAD_BYTES = 1_024 * 1_024;
/** Of the server that programs on the same computer speak to in another way: it has few bytes to tell it, so only here. */
const SERVER_PORT = 5037;
/** Little-endian. */
const COMMAND = {
  sync: 0x434e5953,
  connect: 0x4e584e43,
  authenticate: 0x48545541,
  startTls: 0x534c5453,
  open: 0x4e45504f,
  okay: 0x59414b4f,
  close: 0x45534c43,
  write: 0x45545257,
} as const;
const COMMANDS: ReadonlySet<number> = new Set(Object.values(COMMAND));
/** First argument of AUTH. */
const PUBLIC_KEY = 3;
/** What a banner says of a device, and how we call it. */
const DEVICE_PROPERTIES: Readonly<Record<string, string>> = {
  'ro.product.name': 'product',
  'ro.product.model': 'model',
  'ro.product.device': 'device',
};

const framing: Framing = {
  headerBytes: HEADER_BYTES,
  readBytes: READ_BYTES,
  frameBytes(bytes, at) {
    const length = u32leAt(bytes, at + PAYLOAD_LENGTH_AT);
    return isHeader(bytes, at) && length <= MAX_PAYLOAD_BYTES ? HEADER_BYTES + length : FRAME_BROKEN;
  },
};

/**
 * The debug bridge of Android: the device, whose key logs in (property "authentication" is "none" where nobody asks
 * for one), and the services that are opened: commands of a shell, files, forwarded ports.
 */
export const adb: ProtocolDefinition = {
  id: 'adb',
  transports: [PROTOCOL.tcp],
  ports: [5555, SERVER_PORT],
  identify: (opening) => {
    const isServer = opening.responderPort === SERVER_PORT && opening.hasBeginning;
    return isServer ? identifyServer(opening.initiator) : eitherSide(opening, identifySide);
  },
  parser: (context) =>
    context.responderPort === SERVER_PORT
      ? serverParser(context)
      : framedParser(context, 'adb', framing, new Conversation(context)),
};

/** Six letters' worth of constants, twice: nothing else looks so. */
function identifySide(bytes: Uint8Array): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  const first = bytes[0];
  // C, A, S, O and W, which the commands begin with.
  if (first !== 0x43 && first !== 0x41 && first !== 0x53 && first !== 0x4f && first !== 0x57) return VERDICT.no;
  if (bytes.length < 4) return VERDICT.maybe;
  if (!COMMANDS.has(u32leAt(bytes, 0))) return VERDICT.no;
  if (bytes.length < HEADER_BYTES) return VERDICT.maybe;
  return isHeader(bytes, 0) ? VERDICT.yes : VERDICT.no;
}

function isHeader(bytes: Uint8Array, at: number): boolean {
  const command = u32leAt(bytes, at);
  return COMMANDS.has(command) && ~u32leAt(bytes, at + MAGIC_AT) >>> 0 === command;
}

class Conversation implements MessageReader {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  #isAuthenticated = false;
  /** Who the key says that it belongs to. */
  #owner = '';
  readonly #hasStartedTls: [boolean, boolean] = [false, false];

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'adb');
  }

  message(bytes: Uint8Array, fromInitiator: boolean): boolean | undefined {
    const payload = bytes.subarray(HEADER_BYTES);
    switch (u32leAt(bytes, 0)) {
      case COMMAND.connect:
        this.#connect(payload);
        return undefined;
      case COMMAND.authenticate:
        this.#isAuthenticated = true;
        if (u32leAt(bytes, 4) === PUBLIC_KEY) this.#owner = ownerOf(textOf(payload));
        return undefined;
      case COMMAND.open:
        this.#tell.command('open', textOf(payload));
        return undefined;
      case COMMAND.startTls:
        return this.#startTls(fromInitiator);
      default:
        return undefined;
    }
  }

  beginsMessage(bytes: Uint8Array): boolean {
    return isHeader(bytes, 0);
  }

  end(): void {
    if (this.#owner !== '') this.#login('attempt');
  }

  /** The device sends its banner when it has let the host in. */
  #connect(banner: Uint8Array): void {
    if (startsWith(banner, 'host:')) return;
    const text = textOf(banner);
    const [kind, serial = '', details = ''] = splitBanner(text);
    this.#tell.property('kind', kind);
    this.#tell.property('serial', serial);
    for (const detail of details.split(';')) {
      const [key, value = ''] = splitOnce(detail, '=');
      const name = Object.hasOwn(DEVICE_PROPERTIES, key) ? DEVICE_PROPERTIES[key] : undefined;
      if (name !== undefined) this.#tell.property(name, value);
    }
    if (this.#hasStartedTls[0] || this.#hasStartedTls[1]) return;
    this.#tell.property('authentication', this.#isAuthenticated ? 'key' : 'none');
    if (this.#isAuthenticated) this.#login('success');
  }

  #login(outcome: 'attempt' | 'success'): void {
    const [user, host] = splitOnce(this.#owner, '@');
    this.#tell.login({ user, host, outcome, method: 'public-key' });
    this.#owner = '';
  }

  /** Both say it before the TLS of the host, which is its client. */
  #startTls(fromInitiator: boolean): boolean | undefined {
    this.#hasStartedTls[fromInitiator ? 0 : 1] = true;
    if (!this.#hasStartedTls[0] || !this.#hasStartedTls[1]) return undefined;
    this.#context.become('tls');
    return false;
  }
}

/** "device:SERIAL:ro.product.name=…;features=…" */
function splitBanner(text: string): readonly [kind: string, serial?: string, details?: string] {
  const [kind, rest] = splitOnce(text, ':');
  const [serial, details] = splitOnce(rest ?? '', ':');
  return [kind, serial, details];
}

/** "AAAA…= user@host" */
function ownerOf(key: string): string {
  const at = key.lastIndexOf(' ');
  return at < 0 ? '' : key.slice(at + 1);
}

function splitOnce(text: string, separator: string): [first: string, rest: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Up to the zero that ends it. */
function textOf(payload: Uint8Array): string {
  const zero = payload.indexOf(0);
  return latin1(payload, 0, zero < 0 ? payload.length : zero, READ_BYTES);
}
