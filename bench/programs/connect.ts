/**
 * Conversations of a small service: `connect.ts serve ADDRESS PORT` answers, `connect.ts ask ADDRESS PORT COUNT` asks,
 * one connection after another, with messages of many sizes.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const MOST_BYTES = 4_000;

const [role, address, port, count] = process.argv.slice(2);
if (role === 'serve') {
  const server = createServer((socket) => {
    socket.on('data', (message) => socket.end(message));
    socket.on('error', () => undefined);
  });
  server.listen(Number(port), address);
  await once(server, 'listening');
  process.stdout.write('ready\n');
} else {
  for (let made = 0; made < Number(count); made++) {
    const socket = connect(Number(port), address);
    socket.end(Buffer.alloc(1 + ((made * made) % MOST_BYTES), made % 251));
    socket.resume();
    await once(socket, 'close');
  }
}
