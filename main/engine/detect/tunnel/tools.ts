import type { HttpRequestFact } from '../../../../contract/facts.ts';

export interface ToolMark {
  /** As people know it: "chisel". */
  readonly name: string;
  /** A script on a web server, rather than a program that calls out. */
  readonly isWebShell: boolean;
  readonly matches: (request: HttpRequestFact) => boolean;
}

/** Words that scripts for tunnels are told in a header. */
const SHELL_ORDERS = new Set(['CONNECT', 'DISCONNECT', 'READ', 'FORWARD']);

/** Marks that programs for tunnels put into their requests, as their documentation and their makers' code say. */
const TOOL_MARKS: readonly ToolMark[] = [
  {
    name: 'chisel',
    isWebShell: false,
    matches: (request) => headerOf(request, 'sec-websocket-protocol').startsWith('chisel-v'),
  },
  {
    name: 'wstunnel',
    isWebShell: false,
    matches: (request) =>
      headerOf(request, 'sec-websocket-protocol').includes('authorization.bearer.') ||
      request.uri.startsWith('/wstunnel'),
  },
  {
    name: 'reGeorg',
    isWebShell: true,
    matches: (request) =>
      SHELL_ORDERS.has(headerOf(request, 'x-cmd')) ||
      (request.uri.includes('?cmd=connect&target=') && request.uri.includes('&port=')),
  },
  {
    name: 'httptunnel',
    isWebShell: false,
    matches: (request) => request.uri.includes('/index.html?crap='),
  },
];

function headerOf(request: HttpRequestFact, name: string): string {
  for (const [key, value] of request.headers) if (key === name) return value;
  return '';
}

/** The program that a request gives away. */
export function toolOf(request: HttpRequestFact): ToolMark | undefined {
  return TOOL_MARKS.find((mark) => mark.matches(request));
}

/** Services that make a port of a computer inside reachable from outside. */
const TUNNEL_SERVICES = new Set(
  (
    'ngrok.com ngrok.io ngrok-agent.com argotunnel.com localtunnel.me loca.lt serveo.net localhost.run pagekite.net ' +
    'pagekite.me playit.gg bore.pub packetriot.com tunnelmole.com zrok.io localxpose.io loophole.cloud telebit.io ' +
    'pinggy.io devtunnels.ms portmap.io'
  ).split(' '),
);

/** The domain of the list that a host name is of or below; empty for others. */
export function tunnelServiceOf(serverName: string): string {
  const labels = serverName.toLowerCase().split('.').slice(-2);
  const domain = labels.join('.');
  return TUNNEL_SERVICES.has(domain) ? domain : '';
}
