import {
  API,
  type ApiEntry,
  type ApiHandlers,
  type CallContext,
  type CallKind,
  type CallName,
} from '../../../contract/api.ts';
import { mayCall } from '../../../contract/api-roles.ts';
import type { Failure } from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { FailureError } from '../runtime/failure.ts';
import { redacted } from '../runtime/secrets.ts';
import { inputProblems } from './input-problems.ts';

export interface DispatcherOptions {
  readonly handlers: ApiHandlers;
  /** Also parse what handlers give, which finds mistakes of ours; on outside of production. */
  readonly checkAnswers: boolean;
  /** Told of mistakes of ours: a handler that throws no failure, an answer of another shape. */
  readonly onMistake: (name: string, error: unknown) => void;
  /** The rows, for tests; the contract's where it is left out. */
  readonly table?: Readonly<Record<string, ApiEntry>>;
}

type AnyRequest = (input: unknown, context: CallContext) => unknown;
type AnyStream = (input: unknown, emit: (item: unknown) => void, context: CallContext) => () => void;

const INTERNAL: Failure = {
  code: 'internal',
  message: 'The engine made a mistake while it answered.',
  hint: 'Its log says more. Please report this.',
};
/** Problems of an input that are told; one is enough to see what is wrong. */
const TOLD_PROBLEMS = 3;

/** From a name and an input that nobody has checked to the handler and back. The same for every transport. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #table: Readonly<Record<string, ApiEntry>>;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#table = options.table ?? API;
  }

  /** Undefined for a name that is not in the table. */
  kindOf(name: string): CallKind | undefined {
    return Object.hasOwn(this.#table, name) ? this.#table[name].kind : undefined;
  }

  /** Answers a query or a command. @throws FailureError, and nothing else */
  async request(name: string, input: unknown, context: CallContext): Promise<unknown> {
    const call = this.#admit(name, input, context, false);
    try {
      const answer = await (this.#options.handlers[call.name] as AnyRequest)(call.input, context);
      return this.#shown(call.entry, answer, context);
    } catch (error) {
      throw this.#failure(name, error);
    }
  }

  /** Opens a stream and gives the function that ends it. @throws FailureError, and nothing else */
  open(name: string, input: unknown, emit: (item: unknown) => void, context: CallContext): () => void {
    const call = this.#admit(name, input, context, true);
    const checkedEmit = (item: unknown): void => {
      try {
        emit(this.#shown(call.entry, item, context));
      } catch (error) {
        this.#options.onMistake(name, error);
      }
    };
    try {
      return (this.#options.handlers[call.name] as AnyStream)(call.input, checkedEmit, context);
    } catch (error) {
      throw this.#failure(name, error);
    }
  }

  #admit(
    name: string,
    input: unknown,
    { role }: CallContext,
    asStream: boolean,
  ): { readonly name: CallName; readonly entry: ApiEntry; readonly input: unknown } {
    const kind = this.kindOf(name);
    if (kind === undefined || (kind === 'stream') !== asStream) {
      const message = `There is no call "${plainText(name, 64)}".`;
      const hint = 'Client and engine may be of different versions: update the older one.';
      throw new FailureError({ code: 'no-such-call', message, hint });
    }
    const entry = this.#table[name];
    if (!mayCall(role, entry.role)) {
      const message = `"${name}" needs the role ${entry.role}; this connection has ${role}.`;
      const hint = 'Use the control socket, as the user that runs Holdfast or as root.';
      throw new FailureError({ code: 'not-allowed', message, hint });
    }
    const parsed = entry.input.safeParse(input);
    if (!parsed.success) {
      const problems = inputProblems(parsed.error, TOLD_PROBLEMS);
      const message = plainText(`The input of "${name}" is wrong: ${problems.join('; ')}.`);
      throw new FailureError({ code: 'bad-input', message, hint: 'Correct the named value.' });
    }
    return { name: name as CallName, entry, input: parsed.data };
  }

  /** Who may only look is shown no passwords: command lines and log lines hold those of everybody. */
  #shown(entry: ApiEntry, answer: unknown, { role }: CallContext): unknown {
    const checked = this.#checked(entry, answer);
    return role === 'view' ? redacted(checked) : checked;
  }

  #checked(entry: ApiEntry, answer: unknown): unknown {
    return this.#options.checkAnswers ? entry.output.parse(answer) : answer;
  }

  #failure(name: string, error: unknown): FailureError {
    if (error instanceof FailureError) return error;
    this.#options.onMistake(name, error);
    return new FailureError(INTERNAL, error);
  }
}
