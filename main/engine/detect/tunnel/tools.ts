import type { HttpRequestFact } from '../../../../contract/facts.ts';

export interface ToolMark {
  /** As people know it: "chisel". */
  readonly name: string;
  /** A script on a web server, rather than a program that calls out. */
  readonly isWebShell: boolean;
  readonly matches: (marks: RequestMarks) => boolean;
}

/** Where a request may give a program away; empty where a header is not there. */
interface RequestMarks {
  readonly uri: string;
  webSocketProtocol: string;
  order: string;
}

/** The header that scripts for tunnels are told their orders in. */
const ORDER_HEADER = 'x-cmd';
const SHELL_ORDERS = new Set(['CONNECT', 'DISCONNECT', 'READ', 'FORWARD']);
const WEB_SOCKET_HEADER = 'sec-websocket-protocol';

/** Marks that programs for tunnels put into their requests, as their documentation and their makers' code say. */
const TOOL_MARKS: readonly ToolMark[] = [
  {
    name: 'chisel',
    isWebShell: false,
    matches: ({ webSocketProtocol }) => webSocketProtocol.startsWith('chisel-v'),
  },
  {
    name: 'wstunnel',
    isWebShell: false,
    matches: ({ webSocketProtocol, uri }) =>
      webSocketProtocol.includes('authorization.bearer.') || uri.startsWith('/wstunnel'),
  },
  {
    name: 'reGeorg',
    isWebShell: true,
    matches: ({ order, uri }) =>
      SHELL_ORDERS.has(order) || (uri.includes('?cmd=connect&target=') && uri.includes('&port=')),
  },
  {
    name: 'httptunnel',
    isWebShell: false,
    matches: ({ uri }) => uri.includes('/index.html?crap='),
  },
];

/** The program that a request gives away. */
export function toolOf(request: HttpRequestFact): ToolMark | undefined {
  const marks = marksOf(request);
  return TOOL_MARKS.find((mark) => mark.matches(marks));
}

/** All at one look through the headers, of which every request has a dozen. The first of a name counts. */
function marksOf({ uri, headers }: HttpRequestFact): RequestMarks {
  const marks: RequestMarks = { uri, webSocketProtocol: '', order: '' };
  for (let i = headers.length - 1; i >= 0; i--) {
    const header = headers[i];
    if (header[0] === WEB_SOCKET_HEADER) marks.webSocketProtocol = header[1];
    else if (header[0] === ORDER_HEADER) marks.order = header[1];
  }
  return marks;
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
