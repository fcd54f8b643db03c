/** The contract over the engine's Unix sockets. Light to import: the table is loaded when the sockets open. */
export { ApiServer, type ApiServerOptions } from './server.ts';
export { type ApiSettings, apiSettings } from './settings.ts';
