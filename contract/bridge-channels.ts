/**
 * What goes between the preload and the desktop app's main process: two channels, and the frames on the second.
 * Types and names only, so that the preload loads nothing.
 */
import type { BridgeMessage } from './bridge.ts';

/** Request and answer: `invoke(call, input, id)` gives a BridgeAnswer; `id` as the bridge has it, or undefined. */
export const REQUEST_CHANNEL = 'holdfast:request';

/** Streams: PageFrame from the page, AppFrame to it. */
export const STREAM_CHANNEL = 'holdfast:stream';

export type PageFrame =
  /** Once, first: a page begins, and what the one before it had open ends. */
  | { readonly begin: true }
  /** `open` is a number of the page's choice, from 1 on, that it never uses again. */
  | { readonly open: number; readonly call: string; readonly input: unknown }
  | { readonly close: number }
  /** Gives up the request with this number. */
  | { readonly cancel: number }
  /** So many items of the stream have been taken: as many more may come. */
  | { readonly took: number; readonly count: number };

export interface AppFrame {
  readonly id: number;
  readonly message: BridgeMessage;
}

/** Items of one stream on their way to the page; what comes faster than it takes them is left out, and counted. */
export const MAX_ITEMS_UNDERWAY = 256;

/** The page says that it took items whenever it took so many: well before the window is full, and not each time. */
export const ITEMS_PER_RECEIPT = 32;
