/** The session: what answers requests and permissions, asked by the window's page. */
import { EventEmitter } from 'node:events';

type BeforeRequest = (
  details: Electron.OnBeforeRequestListenerDetails,
  decide: (response: Electron.CallbackResponse) => void,
) => void;
type PermissionRequest = NonNullable<Parameters<Electron.Session['setPermissionRequestHandler']>[0]>;
type PermissionCheck = NonNullable<Parameters<Electron.Session['setPermissionCheckHandler']>[0]>;
type Serve = Parameters<Electron.Protocol['handle']>[1];

export class HostSession extends EventEmitter {
  readonly schemes = new Map<string, Serve>();
  permissionRequest: PermissionRequest | undefined;
  permissionCheck: PermissionCheck | undefined;
  #beforeRequest: BeforeRequest | undefined;

  readonly protocol = {
    handle: (scheme: string, serve: Serve): void => {
      this.schemes.set(scheme, serve);
    },
  } satisfies Pick<Electron.Protocol, 'handle'>;

  readonly webRequest = {
    onBeforeRequest: (listener: BeforeRequest): void => {
      this.#beforeRequest = listener;
    },
  };

  setPermissionRequestHandler(handler: PermissionRequest | null): void {
    this.permissionRequest = handler ?? undefined;
  }

  setPermissionCheckHandler(handler: PermissionCheck | null): void {
    this.permissionCheck = handler ?? undefined;
  }

  setDevicePermissionHandler(_handler: unknown): void {}

  setSpellCheckerEnabled(_enable: boolean): void {}

  /** Whether the app lets a request go out. */
  mayLoad(details: Pick<Electron.OnBeforeRequestListenerDetails, 'url' | 'method'>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const decide = ({ cancel }: Electron.CallbackResponse): void => resolve(cancel !== true);
    if (this.#beforeRequest === undefined) return Promise.resolve(true);
    this.#beforeRequest(details as Electron.OnBeforeRequestListenerDetails, decide);
    return promise;
  }

  /** What the app says to a permission, both when it is looked up and when it is asked for. */
  async grants(contents: Electron.WebContents, permission: string, origin: string): Promise<boolean> {
    const details = { requestingUrl: `${origin}/`, isMainFrame: true };
    const isKnown = this.permissionCheck?.(contents, permission as never, origin, details as never) ?? true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    if (this.permissionRequest === undefined) resolve(true);
    else this.permissionRequest(contents, permission as never, resolve, details as never);
    return isKnown && (await promise);
  }
}

export const defaultSession = new HostSession();

// What is offered has the form that Electron documents.
defaultSession satisfies Omit<
  Pick<
    Electron.Session,
    | 'setPermissionRequestHandler'
    | 'setPermissionCheckHandler'
    | 'setDevicePermissionHandler'
    | 'setSpellCheckerEnabled'
  >,
  never
>;
