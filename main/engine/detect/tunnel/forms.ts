import type { Severity } from '../../../../contract/domain.ts';

export interface TunnelForm {
  readonly severity: Severity;
  readonly confidence: number;
  readonly techniques: readonly string[];
  /** The called end is the robbed one: it serves as the way in. Else the calling end is, and tells who is outside. */
  readonly isServed: boolean;
  /** Behind "victim": what it did; {other} is the other end and {what} the detail. */
  readonly title: string;
  readonly meaning: string;
}

/** The ways in which a conversation is carried inside of another. */
export const TUNNEL_FORMS = {
  'proxy-nested': {
    severity: 'medium',
    confidence: 0.85,
    techniques: ['T1572', 'T1090'],
    isServed: false,
    title: 'talked {what} through a web proxy by way of {other}',
    meaning:
      'A web proxy was asked to pass a connection on (CONNECT), and what went through is not the web. It gets past a firewall that lets only the web out.',
  },
  'proxy-port': {
    severity: 'low',
    confidence: 0.6,
    techniques: ['T1572', 'T1090'],
    isServed: false,
    title: 'asked a web proxy for {what} by way of {other}',
    meaning: 'A web proxy was asked for a port that neither the web nor mail uses.',
  },
  'proxy-served': {
    severity: 'medium',
    confidence: 0.8,
    techniques: ['T1090'],
    isServed: true,
    title: 'passed connections on for {other}, {what}',
    meaning:
      'A computer inside works as a proxy for somebody outside, who reaches others through it. Broken-into computers are used like that.',
  },
  'proxy-reversed': {
    severity: 'high',
    confidence: 0.95,
    techniques: ['T1090', 'T1572'],
    isServed: false,
    title: 'called {other} and let it reach the network through itself, {what}',
    meaning:
      'The computer made the connection, but the other end then asked it to connect to further ones (SOCKS the wrong way round). That is how an attacker outside moves about inside.',
  },
  'tunnel-tool': {
    severity: 'medium',
    confidence: 0.9,
    techniques: ['T1572', 'T1090'],
    isServed: false,
    title: 'ran a tunnel to {other} with {what}',
    meaning: 'The program says by its own marks that it carries other connections inside of web traffic.',
  },
  'web-shell-tunnel': {
    severity: 'high',
    confidence: 0.9,
    techniques: ['T1090', 'T1572'],
    isServed: true,
    title: 'serves {other} as a way into the network with {what}',
    meaning:
      'A script on the web server passes connections on: whoever put it there reaches what is behind the server.',
  },
  'tunnel-service': {
    severity: 'low',
    confidence: 0.7,
    techniques: ['T1572', 'T1090'],
    isServed: false,
    title: 'used {what}, by way of {other}',
    meaning:
      'The service makes a port of this computer reachable from everywhere. Developers use it on purpose; nobody else should.',
  },
  'dns-port': {
    severity: 'medium',
    confidence: 0.85,
    techniques: ['T1572', 'T1071.004'],
    isServed: false,
    title: 'talked {what} with {other} on the port of DNS',
    meaning: 'The port of look-ups is open nearly everywhere, and something else goes through it.',
  },
  'dns-port-vpn': {
    severity: 'low',
    confidence: 0.8,
    techniques: ['T1572'],
    isServed: false,
    title: 'ran a VPN ({what}) to {other} on the port of DNS',
    meaning: 'The port of look-ups is open nearly everywhere, so VPNs are put there to get through.',
  },
  'web-port-ssh': {
    severity: 'medium',
    confidence: 0.7,
    techniques: ['T1572'],
    isServed: false,
    title: 'moved much both ways by SSH with {other} on {what}',
    meaning:
      'SSH on a port of the web that moves much in both directions carries other connections through a firewall.',
  },
} as const satisfies Readonly<Record<string, TunnelForm>>;
export type TunnelFormId = keyof typeof TUNNEL_FORMS;
