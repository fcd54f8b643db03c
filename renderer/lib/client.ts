/** The engine's and the shell's calls, typed by their tables. Errors are data: nothing here throws. */
import type { CallInput, CallName, CallOutput, RequestName, StreamName } from '../../contract/api.ts';
import { type BridgeAnswer, type BridgeMessage, LINK_FAILURES } from '../../contract/bridge.ts';
import type { Failure } from '../../contract/domain.ts';
import type {
  ShellCallInput,
  ShellCallName,
  ShellCallOutput,
  ShellRequestName,
  ShellStreamName,
} from '../../contract/shell-api.ts';
import { strings } from '../strings/index.ts';
import { bridge } from './bridge.ts';
import { useLinkStore } from './link.ts';

export type AnyRequestName = RequestName | ShellRequestName;
export type AnyStreamName = StreamName | ShellStreamName;
export type InputOf<N extends CallName | ShellCallName> = N extends CallName
  ? CallInput<N>
  : N extends ShellCallName
    ? ShellCallInput<N>
    : never;
export type OutputOf<N extends CallName | ShellCallName> = N extends CallName
  ? CallOutput<N>
  : N extends ShellCallName
    ? ShellCallOutput<N>
    : never;

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/**
 * Asks or commands once. Aborting the signal stops the engine's work on it, and is answered with `cancelled`. The engine has parsed its answer against the contract: here it is believed.
 */
export async function request<N extends AnyRequestName>(
  name: N,
  input: InputOf<N>,
  signal?: AbortSignal,
): Promise<Answer<OutputOf<N>>> {
  const answer = await ask(name, input, signal);
  return 'error' in answer ? { ok: false, failure: answer.error } : { ok: true, value: answer.result as OutputOf<N> };
}

let lastRequest = 0;

async function ask(name: string, input: unknown, signal: AbortSignal | undefined): Promise<BridgeAnswer> {
  if (signal === undefined) return bridge.request(name, input);
  if (signal.aborted) return { error: { code: 'cancelled', ...strings.link.cancelled } };
  lastRequest += 1;
  const id = lastRequest;
  const giveUp = (): void => bridge.cancel(id);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await bridge.request(name, input, id);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

export interface WatchTold<T> {
  /** `dropped` items before this one were left out, as this window was too slow. */
  readonly onItem: (item: T, dropped: number) => void;
  /** The stream began to run (again): what was told before may be old. */
  readonly onOpen?: () => void;
  /** It does not run; it comes back by itself where the link was the reason. */
  readonly onEnd?: (failure: Failure | null) => void;
}

/** Opens a stream and opens it again whenever the link comes back. Gives the function that ends it. */
export function watch<N extends AnyStreamName>(
  name: N,
  input: InputOf<N>,
  { onItem, onOpen, onEnd }: WatchTold<OutputOf<N>>,
): () => void {
  let close: (() => void) | null = null;
  let isEnded = false;
  /** Of no use to open again: the engine refused it. */
  let isRefused = false;
  // The shell's own streams do not depend on the engine.
  const needsEngine = !name.startsWith('shell.');

  const told = (message: BridgeMessage): void => {
    if (isEnded) return;
    if (message.type === 'item') {
      onItem(message.item as OutputOf<N>, message.dropped);
      return;
    }
    close = null;
    isRefused = message.error !== undefined && !LINK_FAILURES.has(message.error.code);
    onEnd?.(message.error ?? null);
  };
  const open = (): void => {
    if (isEnded || isRefused || close !== null) return;
    onOpen?.();
    close = bridge.open(name, input, told);
  };

  const isUsable = (): boolean => !needsEngine || useLinkStore.getState().state === 'connected';
  const unsubscribe = useLinkStore.subscribe((link, before) => {
    if (needsEngine && link.state === 'connected' && before.state !== 'connected') {
      // The engine may be another one now.
      isRefused = false;
      close?.();
      close = null;
      open();
    }
  });
  if (isUsable()) open();
  return () => {
    isEnded = true;
    unsubscribe();
    close?.();
  };
}
