/** The console over HTTP before a double of the engine, and a client that sends what no well-behaved one would. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API, type ApiHandlers } from '../../contract/api.ts';
import { ROLES, type Role } from '../../contract/api-roles.ts';
import { Dispatcher } from '../../main/engine/api/dispatcher.ts';
import { apiSettings } from '../../main/engine/api/index.ts';
import { TestEngine } from '../../main/engine/api/testing.ts';
import { createHttpServer, type HttpServer, type HttpSettings, httpSettings } from '../../main/engine/http/index.ts';
import { type Clock, systemClock } from '../../main/engine/runtime/clock.ts';
import { createQuietLogger } from '../../main/engine/runtime/log.ts';
import { defaultsOf } from '../../main/engine/runtime/settings.ts';

export interface TestConsoleOptions {
  readonly settings?: Partial<HttpSettings>;
  readonly sessionSettings?: Partial<ReturnType<typeof sessionDefaults>>;
  readonly handlers?: Partial<ApiHandlers>;
  readonly clock?: Clock;
  /** Gives the folder the files of a renderer. */
  readonly fillRenderer?: (folder: string) => void;
}

const sessionDefaults = () => defaultsOf(apiSettings);

/** Tokens of the double, by role. */
export const TEST_TOKENS: Readonly<Record<Role, string>> = {
  view: 'hft_view-token-of-a-test',
  operate: 'hft_operate-token-of-a-test',
  admin: 'hft_admin-token-of-a-test',
};

export class TestConsole {
  readonly engine = new TestEngine();
  readonly folder: string;
  readonly rendererDirectory: string;
  /** Tokens that are good; take one out to revoke it. */
  readonly tokens = new Map<string, Role>(ROLES.map((role) => [TEST_TOKENS[role], role]));
  /** Mistakes that handlers made. */
  readonly mistakes: unknown[] = [];
  #server: HttpServer | undefined;

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'holdfast-http-'));
    this.rendererDirectory = join(this.folder, 'renderer');
  }

  static async start(options: TestConsoleOptions = {}): Promise<TestConsole> {
    const made = new TestConsole();
    options.fillRenderer?.(made.rendererDirectory);
    const backend = new Dispatcher({
      handlers: { ...made.engine.handlers, ...options.handlers },
      checkAnswers: false,
      onMistake: (_name, error) => made.mistakes.push(error),
    });
    made.#server = await createHttpServer({
      backend,
      verifyToken: (secret) => {
        const role = made.tokens.get(secret);
        return role === undefined ? undefined : { id: role, name: `${role} script`, role };
      },
      settings: { ...defaultsOf(httpSettings), port: 0, ...options.settings },
      sessionSettings: { ...sessionDefaults(), ...options.sessionSettings },
      logger: createQuietLogger(),
      clock: options.clock ?? systemClock,
      version: '1.2.3',
      isEngineProcess: true,
      rendererDirectory: made.rendererDirectory,
      docsDirectory: fileURLToPath(new URL('../../node_modules/@fastify/swagger-ui/static/', import.meta.url)),
      temporaryDirectory: made.folder,
    });
    try {
      await made.#server.start();
    } catch (error) {
      made.#remove();
      throw error;
    }
    return made;
  }

  get server(): HttpServer {
    if (this.#server === undefined) throw new Error('the console was not started');
    return this.#server;
  }

  get url(): string {
    return this.server.url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  ask(path: string, options: AskOptions = {}): Promise<Answer> {
    return ask(`${this.url}${path}`, options);
  }

  /** Follows a fresh link as a browser does, and gives the value for `Cookie`. */
  async signIn(role: Role = 'admin'): Promise<string> {
    const { headers } = await ask(this.server.link(role).url);
    return headers['set-cookie']?.[0].split(';')[0] ?? '';
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#remove();
  }

  #remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly token?: string;
  readonly cookie?: string;
  /** The certificate to trust. */
  readonly ca?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: () => Record<string, unknown>;
}

/** One request with exactly these headers; addresses are sent as they are written. */
export async function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  const response = await begin(url, options);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) };
}

/** The same, up to the headers of the answer. */
export function begin(url: string, { method = 'GET', headers, body, token, cookie, ca }: AskOptions = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const [, scheme, host, port, path] = /^(https?):\/\/(.*):(\d+)(\/.*)?$/.exec(url) ?? [];
  const options = {
    host: host.replace(/^\[|\]$/g, ''),
    port,
    path: path ?? '/',
    method,
    ca,
    agent: false,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(cookie === undefined ? {} : { cookie }),
      ...headers,
    },
  } as const;
  const request = scheme === 'https' ? secureRequest(options, resolve) : plainRequest(options, resolve);
  request.on('error', reject);
  request.end(body);
  return promise;
}

/** Every call of the table that this role may not make. */
export function callsAbove(role: Role): readonly string[] {
  return Object.entries(API)
    .filter(([, entry]) => ROLES.indexOf(entry.role) > ROLES.indexOf(role))
    .map(([name]) => name);
}
