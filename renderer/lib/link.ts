/** How this window reaches the engine, as one store that everything follows. */
import { create } from 'zustand';
import { mayCall, type Role } from '../../contract/api-roles.ts';
import type { BridgeMessage } from '../../contract/bridge.ts';
import type { Failure } from '../../contract/domain.ts';
import type { EngineLink } from '../../contract/shell-schemas.ts';
import { bridge, desktop, web } from './bridge.ts';

export interface Link {
  readonly state: EngineLink['state'];
  /** Since when it is so, in milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly failure: Failure | null;
  /** `console`: this is a browser. null: not known yet. */
  readonly kind: 'service' | 'child' | 'console' | null;
  /** What this window may do; null where the other side does not say (then the engine decides at each call). */
  readonly role: Role | null;
  readonly version: string | null;
  /** Whether "Enable full protection" can be offered, and why not. */
  readonly canEnable: boolean;
  readonly whyNotEnable: string;
}

const FIRST: Link = {
  state: 'connecting',
  sinceMs: Date.now(),
  failure: null,
  kind: null,
  role: null,
  version: null,
  canEnable: false,
  whyNotEnable: '',
};

export const useLinkStore = create<Link>(() => FIRST);

export function useLink(): Link {
  return useLinkStore();
}

/** Whether this window's role is enough; true where the role is not known, as the engine refuses what may not be. */
export function useMay(needed: Role): boolean {
  return useLinkStore(({ role }) => role === null || mayCall(role, needed));
}

/** Begins to follow the bridge; once, at the start of the window. */
export function followLink(): void {
  if (web !== undefined) {
    web.watchLink(({ state, sinceMs, failure, role, version }) => {
      useLinkStore.setState({ state, sinceMs, failure, role, version, kind: 'console' });
    });
    return;
  }
  followShell();
}

/** The shell lives as long as the window; should it end the stream all the same, that is a lost link. */
function followShell(): void {
  bridge.open('shell.engine.watch', {}, (message: BridgeMessage) => {
    if (message.type === 'item') {
      const { state, sinceMs, failure, kind, role, canEnable, whyNotEnable } = message.item as EngineLink;
      useLinkStore.setState({ state, sinceMs, failure, kind, role, canEnable, whyNotEnable, version: bridge.version });
      return;
    }
    useLinkStore.setState({ state: 'lost', sinceMs: Date.now(), failure: message.error ?? null });
    setTimeout(followShell, SHELL_RETRY_MS);
  });
}

const SHELL_RETRY_MS = 2_000;

/** Looks for the engine again now; in the desktop app this also starts it. */
export function retryLink(): void {
  if (desktop === undefined) web?.reconnect();
  else void bridge.request('shell.engine.start', {});
}
