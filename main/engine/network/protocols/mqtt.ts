import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ByteReader, startsWith } from './bytes.ts';
import { FRAME_BROKEN, FRAME_INCOMPLETE, type Framing, framedParser, type MessageReader } from './message-frames.ts';
import { type Opening, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';

const HEADER_BYTES = 2;
/** Topics and names stand first; payloads are not looked at. */
const READ_BYTES = 4_096;
const TYPE = {
  connect: 1,
  accepted: 2,
  publish: 3,
  subscribe: 8,
  unsubscribe: 10,
  pingRequest: 12,
  disconnect: 14,
} as const;
/** Lower half of the first byte by type (OASIS 2.1.3); that of a publication says how it is delivered. */
const FLAGS: readonly number[] = [-1, 0, 0, -1, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0];
const PORT = 1883;
const FLAG = { user: 0x80, password: 0x40, will: 0x04 } as const;
const VERSION_5 = 5;
const MAX_TOPICS = 16;
/** A longer one is not waited for, to tell whether this is MQTT. */
const MAX_TOPIC_BYTES = 1_024;
/** Refusals that speak of the login: version 3 (4, 5), version 5 (0x86 bad name or password, 0x87 not authorised). */
const LOGIN_REFUSALS: ReadonlySet<number> = new Set([4, 5, 0x86, 0x87]);

const framing: Framing = {
  headerBytes: HEADER_BYTES,
  readBytes: READ_BYTES,
  frameBytes(bytes, at) {
    if (bytes[at] < 0x10) return FRAME_BROKEN;
    let length = 0;
    for (let i = 0; i < 4; i++) {
      if (at + 1 + i >= bytes.length) return FRAME_INCOMPLETE;
      const byte = bytes[at + 1 + i];
      length += (byte & 0x7f) * 128 ** i;
      if (byte < 0x80) return length + 2 + i;
    }
    return FRAME_BROKEN;
  },
};

/**
 * MQTT 3.1, 3.1.1 and 5 (OASIS): client, user and how the connection was answered, and topics that are published to
 * (command "publish") and subscribed to.
 */
export const mqtt: ProtocolDefinition = {
  id: 'mqtt',
  transports: [PROTOCOL.tcp],
  ports: [PORT],
  identify({ initiator, responder, initiatorPort, responderPort, hasBeginning }: Opening) {
    const isAmid = !hasBeginning && (initiatorPort === PORT || responderPort === PORT);
    if (!isAmid) return isConnect(initiator);
    const verdicts = [initiator, responder].map(isAnyMessage);
    if (verdicts.includes(VERDICT.yes)) return VERDICT.yes;
    return verdicts.includes(VERDICT.maybe) ? VERDICT.maybe : VERDICT.no;
  },
  parser: (context) => framedParser(context, 'mqtt', framing, new Conversation(context)),
};

function isConnect(bytes: Uint8Array): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  if (bytes[0] !== TYPE.connect << 4) return VERDICT.no;
  const length = framing.frameBytes(bytes, 0, true);
  if (length === FRAME_BROKEN) return VERDICT.no;
  if (length === FRAME_INCOMPLETE) return VERDICT.maybe;
  const nameAt = lengthBytes(bytes) + 1;
  if (bytes.length < nameAt + 9) return length < nameAt + 9 ? VERDICT.no : VERDICT.maybe;
  return startsWith(bytes, '\0\x04MQTT', nameAt) || startsWith(bytes, '\0\x06MQIsdp', nameAt)
    ? VERDICT.yes
    : VERDICT.no;
}

/** On the port of MQTT, in the middle of a conversation: whether a message begins here whose parts fit. */
function isAnyMessage(bytes: Uint8Array): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  const type = bytes[0] >> 4;
  const flags = bytes[0] & 0x0f;
  const isFlagged = type === TYPE.publish ? (flags & 0x06) !== 0x06 : flags === FLAGS[type];
  if (!isFlagged) return VERDICT.no;
  if (type === TYPE.connect) return isConnect(bytes);
  const length = framing.frameBytes(bytes, 0, true);
  if (length === FRAME_BROKEN) return VERDICT.no;
  if (length === FRAME_INCOMPLETE) return VERDICT.maybe;
  if (type === TYPE.publish) return isPublication(bytes, length);
  if (bytes.length < length) return length <= READ_BYTES ? VERDICT.maybe : VERDICT.no;
  const content = length - 1 - lengthBytes(bytes);
  // Pings and the end of version 3 have nothing in them, all others at least a number or a code.
  if (type === TYPE.pingRequest || type === TYPE.pingRequest + 1) return content === 0 ? VERDICT.yes : VERDICT.no;
  return content >= 2 || type === TYPE.disconnect ? VERDICT.yes : VERDICT.no;
}

/** A topic comes first, of characters that can be seen and no wildcards. */
function isPublication(bytes: Uint8Array, length: number): Verdict {
  const reader = new ByteReader(bytes, 1 + lengthBytes(bytes), length);
  const topicBytes = reader.u16();
  const topic = reader.take(topicBytes);
  if (reader.overrun) return length > bytes.length && topicBytes <= MAX_TOPIC_BYTES ? VERDICT.maybe : VERDICT.no;
  const isTopic =
    topicBytes > 0 && topic.every((byte) => byte >= 0x20 && byte !== 0x23 && byte !== 0x2b && byte !== 0x7f);
  return isTopic ? VERDICT.yes : VERDICT.no;
}

/** Bytes that say the length. */
function lengthBytes(bytes: Uint8Array): number {
  let count = 1;
  while (count < 4 && bytes[count] >= 0x80) count++;
  return count;
}

class Conversation implements MessageReader {
  readonly #tell: Teller;
  #version = 4;
  #login: { readonly user: string; readonly host: string; readonly hasPassword: boolean } | undefined;

  constructor(context: ParserContext) {
    this.#tell = new Teller(context, 'mqtt');
    // Whoever is met in the middle may be the server.
    this.#tell.isClientInitiator = context.responderPort === PORT || context.initiatorPort !== PORT;
  }

  message(bytes: Uint8Array, fromInitiator: boolean): undefined {
    const reader = new ByteReader(bytes, 1 + lengthBytes(bytes));
    switch (bytes[0] >> 4) {
      case TYPE.connect:
        this.#tell.isClientInitiator = fromInitiator;
        this.#connect(reader);
        break;
      case TYPE.accepted:
        if (fromInitiator !== this.#tell.isClientInitiator) this.#answer(reader);
        break;
      case TYPE.publish: {
        const topic = text(reader);
        if (!reader.overrun) this.#tell.command('publish', topic);
        break;
      }
      case TYPE.subscribe:
      case TYPE.unsubscribe:
        this.#topics(reader, bytes[0] >> 4 === TYPE.subscribe);
        break;
    }
  }

  beginsMessage(bytes: Uint8Array): boolean {
    return framing.frameBytes(bytes, 0, true) === bytes.length;
  }

  end(): void {
    this.#outcome('attempt');
  }

  #connect(reader: ByteReader): void {
    text(reader);
    this.#version = reader.u8();
    const flags = reader.u8();
    reader.skip(2);
    this.#skipProperties(reader);
    const host = text(reader);
    if ((flags & FLAG.will) !== 0) {
      this.#skipProperties(reader);
      this.#tell.property('will-topic', text(reader));
      reader.skip(reader.u16());
    }
    const user = (flags & FLAG.user) !== 0 ? text(reader) : '';
    if (reader.overrun) return;
    this.#tell.property('version', this.#version === VERSION_5 ? '5.0' : this.#version === 3 ? '3.1' : '3.1.1');
    this.#tell.property('client-id', host);
    this.#login = { user, host, hasPassword: (flags & FLAG.password) !== 0 };
  }

  #answer(reader: ByteReader): void {
    reader.skip(1);
    const code = reader.u8();
    if (reader.overrun) return;
    if (code !== 0) this.#tell.property('refused', String(code));
    if (code === 0) this.#outcome('success');
    else if (LOGIN_REFUSALS.has(code)) this.#outcome('failure');
  }

  #topics(reader: ByteReader, isSubscription: boolean): void {
    reader.skip(2);
    this.#skipProperties(reader);
    for (let i = 0; i < MAX_TOPICS && reader.left > 2; i++) {
      const topic = text(reader);
      if (isSubscription) reader.skip(1);
      if (reader.overrun) return;
      this.#tell.command(isSubscription ? 'subscribe' : 'unsubscribe', topic);
    }
  }

  #skipProperties(reader: ByteReader): void {
    if (this.#version === VERSION_5) reader.skip(reader.varint());
  }

  /** Who gives neither name nor password does not log in. */
  #outcome(outcome: 'attempt' | 'success' | 'failure'): void {
    const login = this.#login;
    this.#login = undefined;
    if (login === undefined || (login.user === '' && !login.hasPassword && outcome !== 'failure')) return;
    const { user, host, hasPassword } = login;
    this.#tell.login({ user, host, outcome, method: hasPassword ? 'password' : 'name', isCleartext: hasPassword });
  }
}

function text(reader: ByteReader): string {
  return reader.utf8(reader.u16());
}
