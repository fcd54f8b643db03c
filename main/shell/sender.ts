/** Who may speak to the main process: our window's main frame, showing our page. Pure. */
import { APP_ORIGIN } from '../../contract/bridge.ts';

/** What Electron says of a message's sender. Frames of a page that is gone are null. */
export interface MessageSender {
  readonly sender: unknown;
  readonly senderFrame: { readonly url: string; readonly origin: string } | null;
}

/** Our window's contents; `undefined` where there is no window. */
export interface OwnContents {
  readonly mainFrame: unknown;
}

export function isOwnPage({ sender, senderFrame }: MessageSender, own: OwnContents | undefined): boolean {
  return (
    own !== undefined &&
    sender === own &&
    senderFrame !== null &&
    senderFrame === own.mainFrame &&
    senderFrame.origin === APP_ORIGIN &&
    senderFrame.url.startsWith(`${APP_ORIGIN}/`)
  );
}
