/** The console and the REST interface as one part of the engine, or of a program that is its client. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { CallOutput } from '../../../contract/api.ts';
import type { Role } from '../../../contract/api-roles.ts';
import type { Failure } from '../../../contract/domain.ts';
import type { Clock } from '../runtime/clock.ts';
import { codeOf, FailureError, messageOf } from '../runtime/failure.ts';
import type { HealthPart } from '../runtime/health.ts';
import type { Module } from '../runtime/lifecycle.ts';
import type { Logger } from '../runtime/log.ts';
import type { Backend } from '../runtime/session/backend.ts';
import type { SessionSettings } from '../runtime/session/session.ts';
import { cookieNameOf, type TokenVerifier } from './access.ts';
import { buildApp } from './app.ts';
import { removeLeftUploads } from './captures.ts';
import { isLoopbackAddress, ownHosts, type Place } from './guard.ts';
import { Metrics } from './metrics.ts';
import type { AppOptions, HttpCounters } from './routing.ts';
import { LINK_MINUTES, SessionBook } from './sessions.ts';
import type { HttpSettings } from './settings.ts';

export interface HttpServerOptions {
  readonly backend: Backend;
  readonly verifyToken?: TokenVerifier;
  readonly settings: HttpSettings;
  /** Bounds of one stream or window. */
  readonly sessionSettings: SessionSettings;
  readonly health?: HealthPart;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly version: string;
  /** Whether this process is the engine itself. */
  readonly isEngineProcess: boolean;
  /** The built renderer; it may be missing. */
  readonly rendererDirectory: string;
  /** The files of swagger-ui; they may be missing. */
  readonly docsDirectory: string;
  /** Where captures of unknown length are kept while they come in; of the engine alone where this is the engine. */
  readonly temporaryDirectory: string;
  /** The rows, for tests; the contract's where it is left out. */
  readonly table?: AppOptions['table'];
}

/** A way in for one browser. */
export interface ConsoleLink {
  readonly url: string;
  readonly minutes: number;
}

const HOUR_MS = 3_600_000;
const ANY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];
const LOOPBACK = '127.0.0.1';

export class HttpServer implements Module {
  readonly name = 'http';
  readonly counters: HttpCounters = {
    requests: 0,
    strangers: 0,
    unauthenticated: 0,
    calls: 0,
    hostile: 0,
    slowReaders: 0,
    droppedItems: 0,
  };
  readonly #options: HttpServerOptions;
  readonly #sessions: SessionBook;
  #app: FastifyInstance | undefined;
  #place: Place = { scheme: 'http', hosts: new Set(), port: 0 };
  #port = 0;
  readonly #ending = new AbortController();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { settings, clock } = options;
    const idleMs = settings.sessionHours * HOUR_MS;
    this.#sessions = new SessionBook({ clock, idleMs, maxSessions: settings.maxSessions });
  }

  /** Browsers that are signed in. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** How a browser asks for it, such as "http://127.0.0.1:7470". */
  get url(): string {
    const { address, hostNames } = this.#options.settings;
    // No browser can ask for "every address".
    const shown = ANY_ADDRESS.includes(address) ? (hostNames[0] ?? LOOPBACK) : address;
    // A name with a port of its own; more colons are an address.
    if (shown.split(':').length === 2) return `${this.#place.scheme}://${shown}`;
    return `${this.#place.scheme}://${shown.includes(':') ? `[${shown}]` : shown}:${this.#port}`;
  }

  /** A fresh link, which lets one browser in with this role. */
  link(role: Role): ConsoleLink {
    return { url: `${this.url}/enter?token=${this.#sessions.issueLink(role)}`, minutes: LINK_MINUTES };
  }

  /** @throws FailureError `tls-required`, `bad-certificate`, `port-in-use`, `cannot-listen` */
  async start(): Promise<void> {
    const { settings, clock, health } = this.#options;
    const tls = certificate(settings);
    if (tls === undefined && !isLoopbackAddress(settings.address))
      throw new FailureError(tlsRequired(settings.address));
    if (this.#options.isEngineProcess) await removeLeftUploads(this.#options.temporaryDirectory);
    const metrics = new Metrics({ version: this.#options.version, isEngineProcess: this.#options.isEngineProcess });
    const app = await buildApp({
      ...this.#options,
      tls,
      sessions: this.#sessions,
      counters: this.counters,
      place: () => this.#place,
      cookieName: () => cookieNameOf(this.#port, tls !== undefined),
      clock,
      metrics,
    });
    this.#app = app;
    try {
      await app.listen({ host: settings.address, port: settings.port });
    } catch (error) {
      await this.stop();
      throw new FailureError(listenFailure(settings, error), error);
    }
    this.#port = (app.server.address() as AddressInfo).port;
    const scheme = tls === undefined ? 'http' : 'https';
    this.#place = {
      scheme,
      hosts: ownHosts(scheme, settings.address, this.#port, settings.hostNames),
      port: this.#port,
    };
    this.#countAlerts(metrics);
    health?.ok(`Listening at ${this.url}.`);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.#sessions.clear();
    await this.#app?.close();
    this.#options.health?.off('Not listening.');
  }

  /** For the metrics: begins again when the engine has gone and come back. */
  #countAlerts(metrics: Metrics): void {
    const { backend, clock } = this.#options;
    const { signal } = this.#ending;
    const context = { role: 'view', actor: 'console', signal } as const;
    const take = (item: unknown): void => {
      const { change, alert } = item as CallOutput<'alerts.watch'>;
      if (change === 'opened') metrics.alertOpened(alert);
    };
    let close: () => void = () => {};
    const open = (): void => {
      if (signal.aborted) return;
      try {
        close = backend.open('alerts.watch', {}, take, context, again);
      } catch {
        // The engine is not there, or does not watch yet: its state says so, and this is only a count.
        again();
      }
    };
    const again = (): void => void clock.after(REOPEN_MS, open);
    signal.addEventListener('abort', () => close(), { once: true });
    open();
  }
}

/** How soon a stream that ended is asked for again. */
const REOPEN_MS = 2_000;

/** Undefined where none is set. @throws FailureError `bad-certificate` */
function certificate({ tlsCertificate, tlsKey }: HttpSettings): AppOptions['tls'] {
  if (tlsCertificate === '' && tlsKey === '') return undefined;
  const hint = 'Set both http.tlsCertificate and http.tlsKey to PEM files that belong together.';
  const wrong = (message: string, cause?: unknown): FailureError =>
    new FailureError({ code: 'bad-certificate', message, hint }, cause);
  if (tlsCertificate === '' || tlsKey === '') throw wrong('A certificate needs its key, and a key its certificate.');
  let path = tlsCertificate;
  try {
    const cert = readFileSync(path);
    path = tlsKey;
    const key = readFileSync(path);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    throw wrong(`The certificate cannot be used (${path}): ${messageOf(error)}.`, error);
  }
}

function tlsRequired(address: string): Failure {
  return {
    code: 'tls-required',
    message: `Other computers could read everything that is sent to ${address}, sessions and tokens too.`,
    hint: 'Give a certificate (--tls-cert and --tls-key, or http.tlsCertificate and http.tlsKey), or use 127.0.0.1.',
  };
}

function listenFailure({ address, port }: HttpSettings, error: unknown): Failure {
  const where = `${address} port ${port}`;
  if (codeOf(error) === 'EADDRINUSE') {
    const hint =
      'If it is Holdfast, "holdfast serve --link" prints a link to it; else choose another port with --port or http.port.';
    return { code: 'port-in-use', message: `${where} is in use by another program.`, hint };
  }
  const why = LISTEN_REASONS[codeOf(error)] ?? messageOf(error);
  const hint = 'Check http.address and http.port (--address and --port).';
  return { code: 'cannot-listen', message: `Cannot listen at ${where}: ${why}.`, hint };
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'only root may use ports below 1024',
  EADDRNOTAVAIL: 'this computer does not have the address',
  EINVAL: 'this is no address of this computer',
};
