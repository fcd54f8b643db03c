/**
 * The bridge where the renderer runs in a browser: the engine's protocol (contract/api-roles.ts), one JSON message
 * in each frame of a WebSocket. When the connection ends, everything under way fails with `engine-lost` and the
 * bridge looks for the engine again, waiting a little longer each time.
 */
import { MAX_MESSAGE_BYTES, PROTOCOL_VERSION, ROLES, type Role } from '../../contract/api-roles.ts';
import type { Bridge, BridgeAnswer, BridgeMessage } from '../../contract/bridge.ts';
import type { Failure } from '../../contract/domain.ts';
import { strings } from '../strings/index.ts';

/** What the bridge knows of its connection. */
export interface ConsoleLink {
  /** `failed`: trying again is of no use without a person. */
  readonly state: 'connecting' | 'connected' | 'lost' | 'failed';
  readonly sinceMs: number;
  readonly role: Role | null;
  readonly version: string | null;
  readonly failure: Failure | null;
}

/** The part of a WebSocket that is used; tests give another. */
export interface SocketLike {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: (() => void) | null;
}

export interface ConsoleBridgeOptions {
  readonly connect: () => SocketLike;
  /** Whether the console refuses this browser (an ended session) rather than being away. */
  readonly isRefused: () => Promise<boolean>;
  readonly now?: () => number;
  /** For waiting times; 0 to 1. */
  readonly random?: () => number;
}

export interface ConsoleBridge extends Bridge {
  readonly kind: 'console';
  /** Tells the state now and at every change. */
  watchLink(tell: (link: ConsoleLink) => void): () => void;
  /** Looks for the engine at once. */
  reconnect(): void;
  close(): void;
}

/** Short, as the engine is on this machine; long enough not to be a burden where it stays away. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;
/** A connection that says nothing for so long after it opened is not our engine. */
const GREETING_TIMEOUT_MS = 5_000;
/** How soon a link that was opened in another window is noticed. */
const SESSION_PROBE_MS = 3_000;
/** Far above what the pages ask at once. */
const MAX_CALLS = 1_000;

/** What waits for messages with one id. */
interface Call {
  readonly isStream: boolean;
  readonly tell: (message: BridgeMessage | BridgeAnswer) => void;
}

export function createConsoleBridge(options: ConsoleBridgeOptions): ConsoleBridge {
  return new WebSocketBridge(options);
}

class WebSocketBridge implements ConsoleBridge {
  readonly kind = 'console' as const;
  readonly #options: ConsoleBridgeOptions;
  readonly #calls = new Map<number, Call>();
  /** Gives up the request that the page has given this number. */
  readonly #cancels = new Map<number, () => void>();
  readonly #watchers = new Set<(link: ConsoleLink) => void>();
  #socket: SocketLike | null = null;
  #nextId = 1;
  #retries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  #link: ConsoleLink;

  constructor(options: ConsoleBridgeOptions) {
    this.#options = options;
    this.#link = { state: 'connecting', sinceMs: this.#now(), role: null, version: null, failure: null };
    this.#connect();
  }

  get version(): string {
    return this.#link.version ?? '';
  }

  request(call: string, input: unknown, id?: number): Promise<BridgeAnswer> {
    return new Promise((resolve) => {
      const tell: Call['tell'] = (answer) => {
        if (id !== undefined) this.#cancels.delete(id);
        resolve(answer as BridgeAnswer);
      };
      const sentAs = this.#begin(call, input, { isStream: false, tell });
      if (id === undefined || sentAs === null) return;
      this.#cancels.set(id, () => {
        this.#calls.delete(sentAs);
        this.#send({ id: sentAs, cancel: true });
        tell({ error: { code: 'cancelled', ...strings.link.cancelled } });
      });
    });
  }

  cancel(id: number): void {
    this.#cancels.get(id)?.();
  }

  open(call: string, input: unknown, tell: (message: BridgeMessage) => void): () => void {
    let isOpen = true;
    const id = this.#begin(call, input, {
      isStream: true,
      tell: (message) => {
        if (!isOpen) return;
        if (!('type' in message)) return;
        if (message.type === 'end') isOpen = false;
        tell(message);
      },
    });
    return () => {
      if (!isOpen) return;
      isOpen = false;
      if (id !== null && this.#calls.delete(id)) this.#send({ id, cancel: true });
    };
  }

  watchLink(tell: (link: ConsoleLink) => void): () => void {
    this.#watchers.add(tell);
    tell(this.#link);
    return () => this.#watchers.delete(tell);
  }

  reconnect(): void {
    if (this.#isClosed || this.#link.state === 'connected') return;
    this.#retries = 0;
    this.#drop();
    this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#drop();
    this.#failAll(lost());
  }

  /** Sends a call; gives its id, or null where it failed already (told later, never at once). */
  #begin(call: string, input: unknown, waiting: Call): number | null {
    const refuse = (failure: Failure): null => {
      queueMicrotask(() => waiting.tell(waiting.isStream ? { type: 'end', error: failure } : { error: failure }));
      return null;
    };
    if (this.#link.state !== 'connected') return refuse(this.#link.failure ?? notReachable());
    if (this.#calls.size >= MAX_CALLS) return refuse({ code: 'too-many-calls', ...strings.link.tooManyCalls });
    const id = this.#nextId++;
    const text = JSON.stringify({ id, call, input });
    if (text.length > MAX_MESSAGE_BYTES) return refuse({ code: 'too-large', ...strings.link.tooLarge });
    this.#calls.set(id, waiting);
    this.#socket?.send(text);
    return id;
  }

  #send(message: unknown): void {
    if (this.#link.state === 'connected') this.#socket?.send(JSON.stringify(message));
  }

  #connect(): void {
    clearTimeout(this.#timer);
    let socket: SocketLike;
    try {
      socket = this.#options.connect();
    } catch {
      this.#retryLater();
      return;
    }
    this.#socket = socket;
    const isCurrent = (): boolean => this.#socket === socket;
    socket.onopen = () => {
      this.#timer = setTimeout(() => isCurrent() && this.#lose(), GREETING_TIMEOUT_MS);
    };
    socket.onmessage = ({ data }) => {
      if (isCurrent() && typeof data === 'string') this.#receive(data);
    };
    socket.onerror = () => {};
    socket.onclose = () => {
      if (isCurrent()) this.#lose();
    };
  }

  #receive(text: string): void {
    const message = parseMessage(text);
    if (message === null) return;
    if (this.#link.state !== 'connected') {
      this.#greet(message);
      return;
    }
    if (typeof message.id !== 'number') return;
    const call = this.#calls.get(message.id);
    if (call === undefined) return;
    if ('item' in message) {
      if (!call.isStream) return;
      const dropped = typeof message.dropped === 'number' ? message.dropped : 0;
      call.tell({ type: 'item', item: message.item, dropped });
      return;
    }
    this.#calls.delete(message.id);
    const error = 'error' in message ? failureOf(message.error) : undefined;
    if (call.isStream) call.tell(error === undefined ? { type: 'end' } : { type: 'end', error });
    else call.tell(error === undefined ? { result: message.result } : { error });
  }

  #greet(message: Readonly<Record<string, unknown>>): void {
    clearTimeout(this.#timer);
    if (message.holdfast !== PROTOCOL_VERSION) {
      this.#drop();
      this.#tellLink({ state: 'failed', failure: { code: 'other-version', ...strings.link.otherVersion } });
      return;
    }
    this.#retries = 0;
    const role = ROLES.find((name) => name === message.role) ?? 'view';
    const version = typeof message.version === 'string' ? message.version : '';
    this.#tellLink({ state: 'connected', role, version, failure: null });
  }

  #lose(): void {
    clearTimeout(this.#timer);
    const wasConnected = this.#link.state === 'connected';
    this.#drop();
    this.#tellLink({ state: 'lost', failure: wasConnected ? lost() : notReachable() });
    this.#failAll(lost());
    this.#retryLater();
    if (!wasConnected) void this.#askWhetherRefused();
  }

  async #askWhetherRefused(): Promise<void> {
    const isRefused = await this.#options.isRefused().catch(() => false);
    if (!isRefused || this.#isClosed || this.#link.state === 'connected') return;
    clearTimeout(this.#timer);
    this.#drop();
    // A page that had been let in was so by an engine that has ended since.
    const words = this.#link.role === null ? strings.link.noSession : strings.link.sessionEnded;
    this.#tellLink({ state: 'failed', failure: { code: 'no-session', ...words } });
    this.#timer = setTimeout(() => void this.#comeBackSignedIn(), SESSION_PROBE_MS);
  }

  /** A session belongs to the browser, not to the window: a link that is opened beside this page counts for it too. */
  async #comeBackSignedIn(): Promise<void> {
    const isRefused = await this.#options.isRefused().catch(() => true);
    if (this.#isClosed || this.#link.state !== 'failed') return;
    if (isRefused) this.#timer = setTimeout(() => void this.#comeBackSignedIn(), SESSION_PROBE_MS);
    else this.reconnect();
  }

  #retryLater(): void {
    if (this.#isClosed) return;
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#retries);
    this.#retries += 1;
    // Spread, so that several windows do not come back in the same moment.
    const wait = longest * (0.75 + 0.25 * (this.#options.random ?? Math.random)());
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.onerror = null;
    socket.close();
  }

  #failAll(failure: Failure): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { isStream, tell } of calls) tell(isStream ? { type: 'end', error: failure } : { error: failure });
  }

  #tellLink(change: Partial<ConsoleLink>): void {
    const isOther = change.state !== undefined && change.state !== this.#link.state;
    this.#link = { ...this.#link, ...change, sinceMs: isOther ? this.#now() : this.#link.sinceMs };
    for (const tell of this.#watchers) tell(this.#link);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

const lost = (): Failure => ({ code: 'engine-lost', ...strings.link.lost });
const notReachable = (): Failure => ({ code: 'engine-not-reachable', ...strings.link.notReachable });

function parseMessage(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** An error as the other side gave it, or one that says that it gave none that can be read. */
export function failureOf(value: unknown): Failure {
  if (typeof value === 'object' && value !== null) {
    const { code, message, hint } = value as Record<string, unknown>;
    if (typeof code === 'string' && typeof message === 'string') {
      return { code, message, hint: typeof hint === 'string' ? hint : '' };
    }
  }
  return { code: 'unreadable-answer', ...strings.link.unreadable };
}
