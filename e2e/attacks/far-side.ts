/** The other computer: takes shells and shares, and gives what is fetched. Run by itself it listens until it is ended. */
import { createServer as createWebServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** As NamespacePair gives it. */
export const VICTIM = '10.66.1.1';
export const SHELL_PORT = 4_455;
export const DOWNLOAD_PORT = 8_000;
/** One of those that pools use. */
export const POOL_PORT = 3_333;

/** What is typed into a shell that calls. */
const TYPED = 'id\nuname -a\n';
const SHELL_LIVES_MS = 1_500;
const SCRIPT = '#!/bin/sh\necho fetched\n';

function takeShell(socket: Socket): void {
  socket.on('error', () => {});
  socket.resume();
  socket.write(TYPED);
  setTimeout(() => socket.destroy(), SHELL_LIVES_MS).unref();
}

function takeShares(socket: Socket): void {
  socket.on('error', () => {});
  createInterface({ input: socket }).on('line', (line) => {
    const { id } = JSON.parse(line) as { readonly id: number };
    socket.write(`${JSON.stringify({ id, result: true, error: null })}\n`);
  });
}

if (import.meta.main) {
  const servers = [
    createServer(takeShell).listen(SHELL_PORT),
    createServer(takeShares).listen(POOL_PORT),
    createWebServer((_, response) => response.end(SCRIPT)).listen(DOWNLOAD_PORT),
  ];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  console.log('ready');
  // Ends with whoever started it.
  process.stdin.on('end', () => process.exit(0)).resume();
}
