/**
 * The way to the engine: the installed service where there is one, else a child of this app. Looks for it, notices
 * when it goes, and says in words why it is not there.
 */
import { ROLES, type Role } from '../../contract/api-roles.ts';
import type { BridgeAnswer, BridgeMessage } from '../../contract/bridge.ts';
import type { Failure } from '../../contract/domain.ts';
import type { EngineLink as LinkState } from '../../contract/shell-schemas.ts';
import { ClientError, type EngineConnection, findEngine } from '../client/index.ts';
import type { EngineCalls } from './bridge-session.ts';
import type { EngineChild } from './engine-child.ts';
import { Changing, type Watched } from './watched.ts';

/** How often an engine is looked for that was just started, and later. */
const FIRST_LOOKS_MS = 150;
const LATER_LOOKS_MS = 1_000;
const FIRST_LOOKS = 40;
/** A service is started again by the system within this time; a child would only be in its way. */
const SERVICE_GRACE_MS = 15_000;
/** How often a service is looked for while the app runs its own engine, so that it moves over. */
const SERVICE_LOOKS_MS = 5_000;
/** A hunt over months of flows takes longer than any other call; the engine has its own, shorter limits. */
const CALL_TIMEOUT_MS = 60_000;

export interface EngineLinkOptions {
  /** Folders of sockets. No service where only one place is looked at (`--data-dir`). */
  readonly serviceDirectory: string | undefined;
  readonly ownDirectory: string;
  readonly userId: number;
  readonly child: EngineChild;
  /** Whether the system has the service, running or not. */
  isServiceInstalled(): boolean;
  /** Undefined when the service can be installed from here, else why not. */
  whyNotEnable(): string | undefined;
  nowMs(): number;
  readonly find?: typeof findEngine;
}

/** The connections of one engine: a busy page must not keep the tray from being answered. */
export interface EngineConnections {
  readonly page: EngineConnection;
  readonly desktop: EngineConnection;
}

type Kind = 'service' | 'child';

export class EngineLink implements EngineCalls {
  readonly #options: EngineLinkOptions;
  readonly #find: typeof findEngine;
  readonly #state: Changing<LinkState>;
  readonly #connections = new Changing<EngineConnections | undefined>(undefined);
  #wake: (() => void) | undefined;
  #isStopped = false;
  #running: Promise<void> | undefined;
  /** A person wants an engine although the service does not come: the app's own will do. */
  #doesWithoutService = false;
  /** To be started when nothing answers; what has been started is kept running by its supervisor. */
  #isChildWanted = true;
  #serviceLostMs: number | undefined;

  constructor(options: EngineLinkOptions) {
    this.#options = options;
    this.#find = options.find ?? findEngine;
    this.#state = new Changing<LinkState>(this.#stateOf('connecting', null, null));
  }

  get state(): Watched<LinkState> {
    return this.#state;
  }

  get connections(): Watched<EngineConnections | undefined> {
    return this.#connections;
  }

  /** Whether protection ends when this app does. */
  get ownsEngine(): boolean {
    return this.#options.child.isRunning;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Looks again at once. A child that has failed is started again; so is one instead of a service that is silent. */
  retry(): void {
    this.#isChildWanted = true;
    if (this.#state.value.state === 'failed') this.#doesWithoutService = true;
    this.#wake?.();
  }

  /** Waits for the service again, after it was installed. */
  expectService(): void {
    this.#doesWithoutService = false;
    this.#serviceLostMs = undefined;
    const { state, kind, failure } = this.#state.value;
    this.#say(state, kind, failure);
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    this.#drop();
    await this.#running;
    await this.#options.child.stop();
  }

  async request(call: string, input: unknown, signal?: AbortSignal): Promise<BridgeAnswer> {
    const connection = this.#connections.value?.page;
    if (connection === undefined) return { error: this.#notThere() };
    try {
      return { result: await connection.request(call, input, CALL_TIMEOUT_MS, signal) };
    } catch (error) {
      return { error: failureIn(error) };
    }
  }

  open(call: string, input: unknown, tell: (message: BridgeMessage) => void): () => void {
    const connection = this.#connections.value?.page;
    if (connection !== undefined) return connection.open(call, input, tell);
    queueMicrotask(() => tell({ type: 'end', error: this.#notThere() }));
    return () => {};
  }

  async #run(): Promise<void> {
    let looks = 0;
    while (!this.#isStopped) {
      const found = await this.#look();
      if (this.#isStopped) {
        if (!(found instanceof ClientError)) closeAll(found.connections);
        return;
      }
      if (!(found instanceof ClientError)) {
        looks = 0;
        this.#serviceLostMs = undefined;
        await this.#holdUntilLost(found.connections, found.kind);
        if (found.kind === 'service') this.#serviceLostMs = this.#options.nowMs();
        continue;
      }
      await this.#without(found);
      await this.#pause(looks++ < FIRST_LOOKS ? FIRST_LOOKS_MS : LATER_LOOKS_MS);
    }
  }

  /** The service before any other. */
  async #look(): Promise<{ readonly connections: EngineConnections; readonly kind: Kind } | ClientError> {
    const { serviceDirectory, ownDirectory } = this.#options;
    for (const [directory, kind] of [
      [serviceDirectory, 'service'],
      [ownDirectory, 'child'],
    ] as const) {
      if (directory === undefined || (kind === 'child' && directory === serviceDirectory)) continue;
      try {
        return { connections: await this.#connect(directory), kind };
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        if (IS_THERE.has(error.failure.code)) return error;
      }
    }
    return new ClientError(NOT_RUNNING);
  }

  async #connect(directory: string): Promise<EngineConnections> {
    const { userId } = this.#options;
    const page = await this.#find({ directories: [directory], userId });
    try {
      return { page, desktop: await this.#find({ directories: [directory], userId }) };
    } catch (error) {
      page.close();
      throw error;
    }
  }

  async #holdUntilLost(connections: EngineConnections, kind: Kind): Promise<void> {
    // The service sees everything that the app's own engine does, and more.
    if (kind === 'service') {
      await this.#options.child.stop();
      this.#isChildWanted = true;
      this.#doesWithoutService = false;
    }
    let isLost = false;
    const lose = (): void => {
      isLost = true;
      this.#wake?.();
    };
    void connections.page.ended.then(lose);
    void connections.desktop.ended.then(lose);
    this.#connections.set(connections);
    this.#say('connected', kind, null);
    while (!isLost && !this.#isStopped) {
      await this.#pause(SERVICE_LOOKS_MS);
      if (kind === 'child' && !isLost && (await this.#serviceAnswers())) break;
    }
    closeAll(connections);
    this.#connections.set(undefined);
    if (!this.#isStopped) this.#say('lost', kind, LOST);
  }

  async #serviceAnswers(): Promise<boolean> {
    const { serviceDirectory, ownDirectory, userId } = this.#options;
    if (serviceDirectory === undefined || serviceDirectory === ownDirectory) return false;
    try {
      (await this.#find({ directories: [serviceDirectory], userId })).close();
      return true;
    } catch {
      return false;
    }
  }

  /** Nothing answers: start what can be started, and say how it stands. */
  async #without({ failure }: ClientError): Promise<void> {
    const { child, nowMs } = this.#options;
    const isLost = this.#state.value.state === 'lost';
    if (IS_THERE.has(failure.code)) {
      this.#say('failed', null, failure);
    } else if (this.#waitsForService()) {
      this.#serviceLostMs ??= nowMs();
      if (nowMs() - this.#serviceLostMs > SERVICE_GRACE_MS) this.#say('failed', 'service', SERVICE_SILENT);
      else this.#say(isLost ? 'lost' : 'connecting', 'service', isLost ? LOST : null);
    } else {
      if (this.#isChildWanted && child.failure?.code !== 'engine-missing') {
        this.#isChildWanted = false;
        await child.start();
      }
      const ended = child.failure;
      if (ended !== null) this.#say('failed', 'child', ended);
      else this.#say(isLost ? 'lost' : 'connecting', 'child', isLost ? LOST : null);
    }
  }

  #waitsForService(): boolean {
    return (
      this.#options.serviceDirectory !== undefined && !this.#doesWithoutService && this.#options.isServiceInstalled()
    );
  }

  #drop(): void {
    const connections = this.#connections.value;
    if (connections !== undefined) closeAll(connections);
    this.#connections.set(undefined);
  }

  /** Ends early by `retry` and `stop`. */
  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    return promise.finally(() => clearTimeout(timer));
  }

  #say(state: LinkState['state'], kind: Kind | null, failure: Failure | null): void {
    const next = this.#stateOf(state, kind, failure);
    const now = this.#state.value;
    const isSame = now.state === state && now.kind === kind && now.failure?.message === failure?.message;
    if (isSame && now.canEnable === next.canEnable && now.whyNotEnable === next.whyNotEnable) return;
    this.#state.set(isSame ? { ...next, sinceMs: now.sinceMs } : next);
  }

  #stateOf(state: LinkState['state'], kind: Kind | null, failure: Failure | null): LinkState {
    const isService = kind === 'service' && state === 'connected';
    const why = isService ? '' : this.#options.whyNotEnable();
    return {
      state,
      kind,
      role: state === 'connected' ? this.#role() : null,
      sinceMs: this.#options.nowMs(),
      failure,
      canEnable: why === undefined,
      whyNotEnable: why ?? '',
    };
  }

  #role(): Role | null {
    const said = this.#connections.value?.page.role;
    return ROLES.find((role) => role === said) ?? null;
  }

  #notThere(): Failure {
    return this.#state.value.state === 'lost' ? LOST : { ...NOT_RUNNING, ...whyIn(this.#state.value.failure) };
  }
}

function whyIn(failure: Failure | null): Partial<Failure> {
  return failure === null ? {} : { message: failure.message, hint: failure.hint };
}

function closeAll({ page, desktop }: EngineConnections): void {
  page.close();
  desktop.close();
}

function failureIn(error: unknown): Failure {
  if (error instanceof ClientError) return error.failure;
  throw error;
}

/** An engine is there and cannot be used: another one beside it would help nobody. */
const IS_THERE: ReadonlySet<string> = new Set(['engine-not-reachable', 'engine-too-slow']);

const LOST: Failure = {
  code: 'engine-lost',
  message: 'The engine is gone; the app looks for it.',
  hint: 'It is usually back within seconds. Nothing is watched until then.',
};

const NOT_RUNNING: Failure = {
  code: 'engine-not-running',
  message: 'The engine is not running yet.',
  hint: 'It is being started. Nothing is watched until then.',
};

const SERVICE_SILENT: Failure = {
  code: 'engine-not-running',
  message: 'The Holdfast service is installed, but it does not answer.',
  hint:
    'Enable full protection again to start it, or start an engine of this user’s, which sees less. ' +
    '"systemctl status holdfast" says more.',
};
