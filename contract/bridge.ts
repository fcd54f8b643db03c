/**
 * What the renderer finds where it runs: the preload of the desktop app exposes a bridge as `window.holdfast`;
 * in a browser the renderer makes one itself, over a WebSocket. Both carry the calls of the engine's table (api.ts);
 * only the desktop's also carries those of the shell's (shell-api.ts). Types only.
 */
import type { Failure } from './domain.ts';

/** The answer to a request. Errors are data: nothing is thrown across the bridge. */
export type BridgeAnswer = { readonly result: unknown } | { readonly error: Failure };

/** What comes of a stream: items, then one end. */
export type BridgeMessage =
  /** `dropped` items were left out before this one, because the reader was too slow. */
  | { readonly type: 'item'; readonly item: unknown; readonly dropped: number }
  /** Without an error: the other side ended it. */
  | { readonly type: 'end'; readonly error?: Failure };

export interface Bridge {
  readonly kind: 'desktop' | 'console';
  /** Of the program that serves the renderer. */
  readonly version: string;
  /**
   * Queries and commands. Under an `id`, a number of the page's choice from 1 on that it never uses again, the request
   * can be given up.
   */
  request(call: string, input: unknown, id?: number): Promise<BridgeAnswer>;
  /** Nobody waits for the answer any more: the engine stops working on it. Its answer is the error `cancelled`. */
  cancel(id: number): void;
  /** Opens a stream; gives the function that ends it, after which nothing more is told. */
  open(call: string, input: unknown, tell: (message: BridgeMessage) => void): () => void;
}

/** Where the preload puts the bridge. */
export const BRIDGE_GLOBAL = 'holdfast';

/** The origin of the renderer in the desktop app. */
export const APP_ORIGIN = 'app://holdfast';

/**
 * Failures of the way to the engine rather than of the engine: the call may be made again when the link is back.
 * `engine-lost`: the connection ended. `engine-not-running`: there is none yet.
 */
export const LINK_FAILURES: ReadonlySet<string> = new Set([
  'engine-lost',
  'engine-not-running',
  'engine-not-reachable',
]);
