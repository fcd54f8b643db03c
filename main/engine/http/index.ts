/**
 * The console in a browser, and REST: the contract over HTTP. Light to import: the web server is loaded when it is
 * made, which takes a tenth of a second.
 */
import type { ConsoleLink, HttpServer, HttpServerOptions } from './server.ts';

export type { TokenBearer, TokenVerifier } from './access.ts';
export { type HttpSettings, httpSettings } from './settings.ts';
export type { ConsoleLink, HttpServer, HttpServerOptions };

/** Not yet listening. See server.ts. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  return new (await import('./server.ts')).HttpServer(options);
}
