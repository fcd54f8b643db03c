/** The contract over the engine's Unix sockets. */
export { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
export { ApiServer, type ApiServerOptions } from './server.ts';
export { type ApiSettings, apiSettings } from './settings.ts';
