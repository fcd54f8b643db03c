/** Talks to a running engine over its Unix sockets: what the command line and the desktop app share. */
export { type ConnectOptions, connectToEngine, SocketClient } from './client.ts';
export { EngineConnection } from './connection.ts';
export { ClientError, clientError } from './failure.ts';
export { type FindOptions, findEngine, SYSTEM_RUNTIME_DIRECTORY } from './find.ts';
