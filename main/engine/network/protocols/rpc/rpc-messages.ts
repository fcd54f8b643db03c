import { ByteReader, u16At, u16leAt, viewOf } from '../bytes.ts';
import { ntlmMessage } from '../ntlm.ts';
import type { Teller } from '../teller.ts';
import { RPC_INTERFACES } from './interfaces.ts';

/** Common header of connection-oriented messages (C706 12.6.3.1, MS-RPCE). */
export const RPC_HEADER_BYTES = 16;
const TYPE = {
  request: 0,
  response: 2,
  fault: 3,
  bind: 11,
  bindAnswer: 12,
  bindRefusal: 13,
  alter: 14,
  authenticate: 16,
} as const;
const MAX_TYPE = 19;
const VERSION = 5;
const FIRST_FRAGMENT = 0x01;
const LITTLE_ENDIAN = 0x10;
/** Procedures that are given a path to work out, and what nobody honest gives them. */
const WORKS_OUT_PATHS: ReadonlySet<string> = new Set(['srvsvc.NetprPathCanonicalize', 'srvsvc.NetprPathCompare']);
const CLIMB = '\\..\\';
const MAX_CONTEXTS = 32;
/** Calls that wait for their answer. */
const MAX_PENDING = 64;
const AUTHENTICATION_HEADER_BYTES = 8;
const TRANSFER_SYNTAX_BYTES = 20;
/** Faults of who may not: access denied, and those of its authentication (C706 appendix E, MS-RPCE). */
const LOGIN_FAULTS: ReadonlySet<number> = new Set([0x00000005, 0x00000721, 0x1c010010]);

/** Whether a message begins at `at`: version 5.0 or 5.1, a known type, a format of numbers, a length that can be. */
export function isRpcMessage(bytes: Uint8Array, at = 0): boolean {
  if (bytes.length - at < RPC_HEADER_BYTES) return false;
  const isFormat = (bytes[at + 4] === 0x10 || bytes[at + 4] === 0x00) && bytes[at + 5] <= 3 && bytes[at + 6] === 0;
  return (
    bytes[at] === VERSION &&
    bytes[at + 1] <= 1 &&
    bytes[at + 2] <= MAX_TYPE &&
    isFormat &&
    rpcLength(bytes, at) >= RPC_HEADER_BYTES
  );
}

/** Bytes of the message that begins at `at`, header and all. */
export function rpcLength(bytes: Uint8Array, at = 0): number {
  return (bytes[at + 4] & 0xf0) === LITTLE_ENDIAN ? u16leAt(bytes, at + 8) : u16At(bytes, at + 8);
}

/** What names the calls of a conversation are told by: those of the protocol itself, or those inside another. */
export interface RpcNames {
  readonly interfaceProperty: string;
  readonly commandPrefix: string;
}

interface Login {
  readonly user: string;
  readonly domain: string;
  readonly host: string;
  readonly method: string;
}

/** Reads the messages of one association, over TCP or in a pipe of SMB: interfaces, calls and their faults, logins. */
export class RpcMessages {
  readonly #tell: Teller;
  readonly #names: RpcNames;
  /** Names of interfaces by the number that the client gave them. */
  readonly #contexts = new Map<number, string>();
  readonly #pending = new Map<number, string>();
  #login: Login | undefined;

  constructor(tell: Teller, names: RpcNames) {
    this.#tell = tell;
    this.#names = names;
  }

  /** @param bytes from the header on; may be cut short */
  message(bytes: Uint8Array): void {
    if (!isRpcMessage(bytes)) return;
    const isLittle = (bytes[4] & 0xf0) === LITTLE_ENDIAN;
    const reader = new ByteReader(bytes, RPC_HEADER_BYTES);
    const u16 = () => (isLittle ? reader.u16le() : reader.u16());
    const call = isLittle ? new ByteReader(bytes, 12).u32le() : new ByteReader(bytes, 12).u32();
    switch (bytes[2]) {
      case TYPE.bind:
      case TYPE.alter:
        this.#bind(reader, u16, isLittle);
        break;
      case TYPE.request:
        reader.skip(4);
        if ((bytes[3] & FIRST_FRAGMENT) !== 0) this.#request(call, u16(), u16(), reader);
        break;
      case TYPE.response:
        this.#answer(call, 0);
        break;
      case TYPE.fault:
        reader.skip(8);
        this.#answer(call, isLittle ? reader.u32le() : reader.u32());
        break;
      case TYPE.bindRefusal:
        this.#tell.property('refused', String(u16()));
        this.#outcome('failure');
        break;
    }
    this.#authentication(bytes, isLittle);
  }

  end(): void {
    this.#outcome('attempt');
    for (const operation of this.#pending.values()) this.#command(operation, -1);
    this.#pending.clear();
  }

  #bind(reader: ByteReader, u16: () => number, isLittle: boolean): void {
    reader.skip(8);
    const count = Math.min(reader.u8(), MAX_CONTEXTS);
    reader.skip(3);
    for (let i = 0; i < count; i++) {
      const context = u16();
      const transfers = reader.u8();
      reader.skip(1);
      const name = interfaceName(uuidText(reader.take(16), isLittle));
      reader.skip(4 + transfers * TRANSFER_SYNTAX_BYTES);
      if (name === '') return;
      if (this.#contexts.size < MAX_CONTEXTS) this.#contexts.set(context, name);
      this.#tell.property(this.#names.interfaceProperty, name);
    }
  }

  #request(call: number, context: number, operation: number, content: ByteReader): void {
    if (content.overrun) return;
    const name = operationName(this.#contexts.get(context) ?? '', operation);
    // Behind a path that climbs twice old servers overflow (CVE-2008-4250).
    if (WORKS_OUT_PATHS.has(name) && viewOf(content.rest()).includes(CLIMB, 0, 'utf16le')) {
      this.#tell.property('path-climb', name);
    }
    if (this.#pending.size < MAX_PENDING) this.#pending.set(call, name);
    else this.#command(name, -1);
  }

  #answer(call: number, status: number): void {
    const operation = this.#pending.get(call);
    this.#pending.delete(call);
    if (operation !== undefined) this.#command(operation, status);
    this.#outcome(LOGIN_FAULTS.has(status) ? 'failure' : 'success');
  }

  #command(operation: string, status: number): void {
    this.#tell.command(`${this.#names.commandPrefix}call`, operation, status);
  }

  /** What stands at the end of a message, with its length in the header. */
  #authentication(bytes: Uint8Array, isLittle: boolean): void {
    const length = isLittle ? u16leAt(bytes, 10) : u16At(bytes, 10);
    const end = rpcLength(bytes);
    const start = end - length;
    if (length === 0 || end > bytes.length || start - AUTHENTICATION_HEADER_BYTES < RPC_HEADER_BYTES) return;
    const message = ntlmMessage(bytes.subarray(start, end));
    if (message?.kind === 'challenge') this.#tell.property('server-name', message.dnsComputer || message.computer);
    if (message?.kind !== 'authenticate') return;
    const { user, domain, host, method } = message;
    this.#login = { user, domain, host, method };
  }

  #outcome(outcome: 'attempt' | 'success' | 'failure'): void {
    if (this.#login === undefined) return;
    this.#tell.login({ ...this.#login, outcome });
    this.#login = undefined;
  }
}

/** "svcctl", or the identifier of an interface that is not known; empty without one. */
export function interfaceName(uuid: string): string {
  return RPC_INTERFACES.get(uuid)?.name ?? uuid;
}

/** "svcctl.CreateServiceW", "svcctl.99"; of an interface that was not seen "12". */
export function operationName(name: string, operation: number): string {
  if (name === '') return String(operation);
  for (const known of RPC_INTERFACES.values()) {
    if (known.name === name) return `${name}.${known.operations[operation] ?? operation}`;
  }
  return `${name}.${operation}`;
}

/** An identifier as it is written; its first three parts are numbers. Empty where the bytes are cut. */
export function uuidText(bytes: Uint8Array, isLittle: boolean): string {
  if (bytes.length < 16) return '';
  const order = isLittle ? [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] : [...bytes.keys()].slice(0, 16);
  const hex = order.map((at) => bytes[at].toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
