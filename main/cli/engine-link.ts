import { API, type CallContext, type CallKind, type CallName } from '../../contract/api.ts';
import { mayCall, ROLES, type Role } from '../../contract/api-roles.ts';
import type { Failure } from '../../contract/domain.ts';
import { ClientError, clientError, type EngineConnection, type FindOptions, findEngine } from '../client/index.ts';
import type { Backend, FailureError } from '../engine/index.ts';

export interface EngineLinkOptions extends FindOptions {
  readonly FailureError: typeof FailureError;
}

/** A hunt through months may take so long. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Many windows ask at once when an engine has gone; one look for it is enough. */
const RETRY_MS = 1_000;

/** A running engine as what a transport speaks to; finds the engine again after it was restarted. */
export class EngineLink implements Backend {
  readonly #options: EngineLinkOptions;
  #connection: EngineConnection;
  #isConnected = true;
  #finding: Promise<void> | undefined;
  #triedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  private constructor(connection: EngineConnection, options: EngineLinkOptions) {
    this.#options = options;
    this.#connection = connection;
    this.#mindEnd(connection);
  }

  /** @throws ClientError `engine-not-running`, `engine-not-reachable` */
  static async open(options: EngineLinkOptions): Promise<EngineLink> {
    return new EngineLink(await findEngine(options), options);
  }

  /** What the socket lets this user do. */
  get role(): Role {
    return ROLES.find((role) => role === this.#connection.role) ?? 'view';
  }

  kindOf(name: string): CallKind | undefined {
    return Object.hasOwn(API, name) ? API[name as CallName].kind : undefined;
  }

  async request(name: string, input: unknown, context: CallContext): Promise<unknown> {
    this.#admit(name, context);
    try {
      await this.#reconnect();
      return await this.#connection.request(name, input, ANSWER_TIMEOUT_MS);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  open(
    name: string,
    input: unknown,
    emit: (item: unknown, dropped?: number) => void,
    context: CallContext,
    onEnd: (failure?: Failure) => void = () => {},
  ): () => void {
    this.#admit(name, context);
    let close: (() => void) | undefined;
    let isOver = false;
    const begin = (): void => {
      if (isOver) return;
      close = this.#connection.open(name, input, (message) => {
        if (isOver) return;
        if (message.type === 'item') return emit(message.item, message.dropped);
        isOver = true;
        onEnd(message.error);
      });
    };
    this.#reconnect().then(begin, (error: unknown) => {
      if (!isOver) onEnd(this.#failure(error).failure);
      isOver = true;
    });
    return () => {
      isOver = true;
      close?.();
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#connection.close();
  }

  /** The engine sees the role of this program's connection, which may be above that of who asks this program. */
  #admit(name: string, { role }: CallContext): void {
    const entry = Object.hasOwn(API, name) ? API[name as CallName] : undefined;
    if (entry === undefined) throw new this.#options.FailureError(NO_SUCH_CALL);
    if (mayCall(role, entry.role)) return;
    const message = `"${name}" needs the role ${entry.role}; who asks has ${role}.`;
    const hint = 'Open a new link: what it may do is what the user that runs the console may do.';
    throw new this.#options.FailureError({ code: 'not-allowed', message, hint });
  }

  /** @throws ClientError while there is no engine */
  async #reconnect(): Promise<void> {
    if (this.#isConnected) return;
    const nowMs = performance.now();
    if (this.#finding === undefined && !this.#isClosed && nowMs - this.#triedMs >= RETRY_MS) {
      this.#triedMs = nowMs;
      this.#finding = this.#find().finally(() => {
        this.#finding = undefined;
      });
    }
    if (this.#finding === undefined) throw LOST;
    await this.#finding;
  }

  async #find(): Promise<void> {
    const connection = await findEngine(this.#options);
    this.#connection = connection;
    this.#isConnected = true;
    this.#mindEnd(connection);
  }

  #mindEnd(connection: EngineConnection): void {
    void connection.ended.then(() => {
      if (this.#connection === connection) this.#isConnected = false;
    });
  }

  #failure(error: unknown): FailureError {
    const failure = error instanceof ClientError ? error.failure : LOST.failure;
    return new this.#options.FailureError(failure, error);
  }
}

const LOST = clientError(
  'engine-lost',
  'The engine has ended, and is being looked for.',
  'It may be starting again: see "holdfast status".',
);

const NO_SUCH_CALL: Failure = {
  code: 'no-such-call',
  message: 'There is no such call.',
  hint: 'The page and the console may be of different versions: load the page again.',
};
