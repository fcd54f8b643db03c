/** For tests: an app that is a shell script posing as an AppImage, and a server of releases on the loopback. */

import { createHash } from 'node:crypto';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

const updaterRequire = createRequire(createRequire(import.meta.url).resolve('electron-updater'));
const { HttpExecutor, configureRequestOptions, configureRequestUrl } = updaterRequire(
  'builder-util-runtime',
) as typeof import('builder-util-runtime');

/** electron-updater's way of fetching, over Node's HTTP instead of Electron's. */
export class NodeHttpExecutor extends HttpExecutor<ReturnType<typeof httpRequest>> {
  createRequest(
    options: RequestOptions,
    callback: (response: IncomingMessage) => void,
  ): ReturnType<typeof httpRequest> {
    return httpRequest(options, callback);
  }

  async download(url: URL, destination: string, options: Parameters<typeof this.downloadToBuffer>[1]): Promise<string> {
    return await options.cancellationToken.createPromise<string>((resolve, reject, onCancel) => {
      const requestOptions: RequestOptions = { headers: options.headers ?? undefined };
      configureRequestUrl(url, requestOptions);
      configureRequestOptions(requestOptions);
      const callback = (error?: Error | null) => (error ? reject(error) : resolve(destination));
      this.doDownload(requestOptions, { destination, options, onCancel, callback, responseHandler: null }, 0);
    });
  }
}

/** A program that says which version it is when it is started. */
export function fakeAppImage(version: string, marker: string): Buffer {
  // Large enough to be cut off in the middle.
  return Buffer.from(`#!/bin/sh\necho ${version} >> ${marker}\nexit 0\n${'# padding\n'.repeat(20_000)}`);
}

export function sha512(bytes: Uint8Array): string {
  return createHash('sha512').update(bytes).digest('base64');
}

export interface ReleaseServer {
  readonly url: URL;
  /** What is answered, by path; a function answers by itself. */
  readonly files: Map<string, string | Buffer | ((response: ServerResponse) => void)>;
  readonly asked: string[];
  close(): Promise<void>;
}

export async function serveReleases(): Promise<ReleaseServer> {
  const files: ReleaseServer['files'] = new Map();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    asked.push(path);
    const file = files.get(path);
    if (file === undefined) response.writeHead(404).end();
    else if (typeof file === 'function') file(response);
    else response.writeHead(200, { 'content-length': Buffer.byteLength(file) }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    files,
    asked,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
