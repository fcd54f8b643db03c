/**
 * The built renderer, served as the console serves it, with an engine that says what a test tells it to say. Every
 * answer is parsed by the contract first, so that a test cannot show what no engine could say.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type WebSocket, WebSocketServer } from 'ws';
import { API, type CallName, type CallOutput, type ParsedInput } from '../../contract/api.ts';
import { PROTOCOL_VERSION, type Role } from '../../contract/api-roles.ts';
import type { Failure } from '../../contract/domain.ts';

const BUILT = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist/renderer');

/** What the renderer must work under, in the app and in the console. */
export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** For a call that is never answered. */
export const SILENCE = Symbol('silence');

/** What the engine says: an answer, a failure, or what is made of the input. Streams give their first items. */
export type Script = {
  readonly [N in CallName]?: (
    input: ParsedInput<N>,
  ) => CallOutput<N> | readonly CallOutput<N>[] | { readonly failure: Failure } | typeof SILENCE;
};

export interface ScriptedConsole {
  readonly url: string;
  /** Every call so far, in order. */
  readonly calls: readonly { readonly call: string; readonly input: unknown }[];
  /** How many connections were refused while it was away. */
  readonly refused: number;
  /** Gives one more item to everybody who follows a stream. */
  emit<N extends CallName>(name: N, item: CallOutput<N>): void;
  /** Ends all connections; with `isAway` refuses new ones until `comeBack`. */
  drop(options?: { readonly isAway?: boolean }): void;
  comeBack(): void;
  close(): Promise<void>;
}

export interface ScriptedConsoleOptions {
  readonly script: Script;
  readonly role?: Role;
}

export async function startScriptedConsole({
  script,
  role = 'admin',
}: ScriptedConsoleOptions): Promise<ScriptedConsole> {
  const calls: { call: string; input: unknown }[] = [];
  const streams = new Map<WebSocket, Map<number, CallName>>();
  let isAway = false;
  let refused = 0;

  // All of it at once, so that a build meanwhile does not take away what a page loads later.
  const files = readBuilt();
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const name = path === '/' ? 'index.html' : path.slice(1);
    const content = files.get(name);
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(200, {
        'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
        'content-security-policy': CSP,
        'x-content-type-options': 'nosniff',
      })
      .end(content);
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (isAway || request.url !== '/ws') {
      if (isAway) refused++;
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => greet(client));
  });

  const greet = (client: WebSocket): void => {
    const open = new Map<number, CallName>();
    streams.set(client, open);
    client.on('close', () => streams.delete(client));
    client.on('message', (data) => {
      const { id, call, input, cancel } = JSON.parse(String(data)) as {
        id: number;
        call?: CallName;
        input?: unknown;
        cancel?: boolean;
      };
      if (cancel === true) open.delete(id);
      else if (call !== undefined) answer(client, open, id, call, input);
    });
    client.send(JSON.stringify({ holdfast: PROTOCOL_VERSION, version: '0.1.0', role }));
  };

  const refuse = (code: string, message: string) => ({ error: { code, message, hint: '' } });

  const answerTo = (call: CallName, input: unknown): { result: unknown } | { error: Failure } | undefined => {
    const entry = API[call];
    const result = (script[call] as ((input: unknown) => unknown) | undefined)?.(input);
    if (result === SILENCE) return undefined;
    if (result === undefined) return refuse('not-scripted', `This test does not answer "${call}".`);
    return isFailure(result) ? { error: result.failure } : { result: entry.output.parse(result) };
  };

  const answer = (client: WebSocket, open: Map<number, CallName>, id: number, call: CallName, input: unknown): void => {
    const say = (message: object): void => client.send(JSON.stringify({ id, ...message }));
    calls.push({ call, input });
    const entry = Object.hasOwn(API, call) ? API[call] : undefined;
    const parsed = entry?.input.safeParse(input);
    if (entry === undefined || parsed === undefined) say(refuse('no-such-call', `There is no call "${call}".`));
    else if (!parsed.success) say(refuse('bad-input', parsed.error.message.slice(0, 500)));
    else if (entry.kind !== 'stream') {
      const said = answerTo(call, parsed.data);
      if (said !== undefined) say(said);
    } else {
      open.set(id, call);
      const first = (script[call] as ((input: unknown) => readonly unknown[]) | undefined)?.(parsed.data) ?? [];
      for (const item of first) say({ item: entry.output.parse(item), dropped: 0 });
    }
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const drop: ScriptedConsole['drop'] = (options) => {
    isAway = options?.isAway ?? false;
    for (const client of sockets.clients) client.terminate();
  };
  return {
    url: `http://127.0.0.1:${port}/`,
    calls,
    get refused() {
      return refused;
    },
    emit(name, item) {
      const parsed = API[name].output.parse(item);
      for (const [client, open] of streams) {
        for (const [id, call] of open) if (call === name) client.send(JSON.stringify({ id, item: parsed, dropped: 0 }));
      }
    },
    drop,
    comeBack() {
      isAway = false;
    },
    async close() {
      drop({ isAway: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A failure and nothing else: answers may have one, too. */
function isFailure(result: unknown): result is { readonly failure: Failure } {
  return typeof result === 'object' && result !== null && Object.keys(result).join() === 'failure';
}

/** The built files by their path below the folder. */
function readBuilt(): ReadonlyMap<string, Buffer> {
  if (!existsSync(join(BUILT, 'index.html'))) throw new Error('The renderer is not built: npm run build -- renderer');
  const entries = readdirSync(BUILT, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(BUILT, path).replaceAll('\\', '/'), readFileSync(path)];
    }),
  );
}
