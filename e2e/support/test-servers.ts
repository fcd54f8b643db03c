/**
 * Two small real servers for attacks and for everyday traffic, as a program of its own, because a server belongs
 * to the network namespace of its process. `test-servers.ts FTP-PORT HTTP-PORT` writes one line of JSON for
 * being ready, and one for each login that it refused.
 *
 * FTP (RFC 959): any user may try any password, and none is right. HTTP: `/` is a small page, `/large` 20 MB.
 */
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';

export type ServerNews = { readonly news: 'ready' } | { readonly news: 'refused'; readonly timeMs: number };

const LARGE_BYTES = 20_000_000;
const LARGE = Buffer.alloc(LARGE_BYTES, 'holdfast ');

function say(news: ServerNews): void {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}

/** Replies by command; RFC 959 section 5.4. */
const REPLIES: Readonly<Record<string, string>> = {
  USER: '331 Password please.',
  PASS: '530 Login incorrect.',
  SYST: '215 UNIX Type: L8',
  FEAT: '211 none',
  QUIT: '221 Goodbye.',
};

function serveFtp(socket: Socket): void {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.write('220 Test server ready.\r\n');
  socket.on('data', (chunk: string) => {
    const lines = (text + chunk).split(/\r?\n/);
    text = lines.pop() ?? '';
    for (const line of lines) {
      const verb = line.split(' ', 1)[0].toUpperCase();
      socket.write(`${REPLIES[verb] ?? '502 Not implemented.'}\r\n`);
      if (verb === 'PASS') say({ news: 'refused', timeMs: Date.now() });
      if (verb === 'QUIT') socket.end();
    }
  });
}

const [ftpPort, httpPort] = process.argv.slice(2).map(Number);
const ftp = createServer(serveFtp);
const http = createHttpServer((request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(request.url === '/large' ? LARGE : 'Hello.\n');
});
ftp.listen(ftpPort, () => http.listen(httpPort, () => say({ news: 'ready' })));
// Whoever started it has gone.
process.stdin.resume().on('end', () => process.exit());
