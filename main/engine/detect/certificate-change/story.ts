import { type Evidence, type Finding, MAX_LISTED_HOSTS } from '../../../../contract/domain.ts';
import { countOf, listOf } from '../finding-text.ts';
import type { Change } from './known-certificates.ts';

/** Certificates of one issuer that came in place of others. */
export interface Interception {
  readonly cause: string;
  readonly firstUs: number;
  lastUs: number;
  readonly first: Change;
  readonly servers: Set<string>;
  readonly clients: Set<string>;
  /** Addresses that these servers were not seen at before. */
  readonly addresses: Set<string>;
  isDemotion: boolean;
  /** Servers when it was told at last; 0 before. */
  reportedServers: number;
}

function issuerText({ isSelfSigned, issuer }: Change['now']): string {
  return isSelfSigned ? `itself (${issuer})` : issuer;
}

function day(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString().slice(0, 10) : 'an unknown day';
}

export function describeChange(interception: Interception): Finding {
  const { first, isDemotion } = interception;
  const servers = [...interception.servers];
  const clients = [...interception.clients];
  // Who stands on the way of a connection to the right address cannot be told from the connection.
  const attackers = [...interception.addresses];
  const isWide = servers.length >= 2;
  const evidence: Evidence[] = [
    {
      name: 'issuer of the certificate',
      value: issuerText(first.now),
      usual: issuerText(first.before),
      meaning: 'The issuer vouches for the server. A browser accepts only issuers that it knows.',
    },
    {
      name: 'certificate before was valid until',
      value: day(first.before.notAfterMs),
      meaning: 'A certificate is replaced when it runs out, and then mostly by one of the same issuer.',
    },
    {
      name: 'servers concerned',
      value: servers.length,
      unit: 'servers',
      usual: '0',
      usualRange: { low: 0, high: 0 },
      meaning: 'Several servers that change to one issuer at once are opened by one device on the way.',
    },
  ];
  return {
    detector: 'certificate-change',
    kind: 'man-in-the-middle',
    cause: interception.cause,
    firstSeenMs: interception.firstUs / 1000,
    lastSeenMs: interception.lastUs / 1000,
    severity: isDemotion ? 'medium' : 'low',
    confidence: isDemotion ? (isWide ? 0.8 : 0.65) : 0.35,
    techniques: ['T1557'],
    attackers: attackers.slice(0, MAX_LISTED_HOSTS),
    victims: clients.slice(0, MAX_LISTED_HOSTS),
    attackerCount: attackers.length,
    victimCount: clients.length,
    title: `${listOf(servers)} ${servers.length === 1 ? 'shows' : 'show'} another certificate to ${listOf(clients)} than before`,
    explanation: [
      `${listOf(clients)} reached ${countOf(servers.length, 'server')} (${listOf(servers)}) whose certificate is issued by ${issuerText(first.now)}; before it was ${issuerText(first.before)}, and that certificate is still valid.`,
      isDemotion
        ? 'A public server does not change to an issuer that no browser knows: somebody on the way opens the encryption.'
        : 'A device that was set up anew does this.',
      isDemotion
        ? 'A company’s own inspection, protection software and the login page of a guest network do it too.'
        : 'If it was not, somebody may answer in its place.',
    ].join(' '),
    evidence,
  };
}

export interface ServerSoftware {
  readonly product: string;
  readonly software: string;
}

export function describeSoftware(
  server: string,
  client: string,
  before: ServerSoftware,
  now: ServerSoftware,
  timeUs: number,
): Finding {
  return {
    detector: 'certificate-change',
    kind: 'man-in-the-middle',
    cause: `certificate-change/ssh/${server}`,
    firstSeenMs: timeUs / 1000,
    lastSeenMs: timeUs / 1000,
    severity: 'low',
    confidence: 0.3,
    techniques: ['T1557'],
    attackers: [],
    victims: [client],
    attackerCount: 0,
    victimCount: 1,
    title: `The SSH server ${server} is another program than before`,
    explanation: [
      `${server} ran ${before.software} and now answers as ${now.software}, with another offer of encryption.`,
      'A system that was set up anew does this. If nobody did, compare the key of the server before a password is typed in.',
    ].join(' '),
    evidence: [
      {
        name: 'program of the server',
        value: now.software,
        usual: before.software,
        meaning: 'Updates change the version, hardly ever the program.',
      },
    ],
  };
}
