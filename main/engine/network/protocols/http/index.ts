/** HTTP/1 (RFC 9110, 9112), and what HTTP/2 shares with it. */
export { Exchange, type ExchangeConnection } from './exchange.ts';
export { Headers } from './headers.ts';
export { http } from './http.ts';
export { redactedJson, redactedUri } from './secrets.ts';
