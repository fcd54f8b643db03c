/** Programs of others that do a like job, from Debian's packages. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findProgram } from '../scripts/lib/programs.mjs';

export interface Peer {
  readonly name: string;
  readonly package: string;
  readonly program: string;
  /** What it does with the capture, for the reader of the numbers. */
  readonly does: string;
  /** Takes so long that one round must do. */
  readonly isSlow?: boolean;
  readonly command: (program: string, capture: string, scratch: string) => readonly string[];
}

/** Every program is told to read the whole capture and to write what it found where it costs least. */
const PEERS: readonly Peer[] = [
  {
    name: 'nfpcapd',
    package: 'nfdump',
    program: 'nfpcapd',
    does: 'flows with counts, written to its own files',
    command: (program, capture, scratch) => [program, '-r', capture, '-w', scratch],
  },
  {
    name: 'softflowd',
    package: 'softflowd',
    program: 'softflowd',
    does: 'flows with counts, 8,192 at once, sent as NetFlow to a closed port of loopback',
    // Without "-c none" it waits for somebody on its control socket before it reads.
    command: (program, capture, scratch) => [
      program,
      ...['-d', '-r', capture, '-n', '127.0.0.1:9', '-p', join(scratch, 'pid'), '-c', 'none'],
    ],
  },
  {
    name: 'argus',
    package: 'argus-server',
    program: 'argus',
    does: 'flows in both directions with counts, written to its own file',
    command: (program, capture, scratch) => [program, '-X', '-r', capture, '-w', join(scratch, 'flows')],
  },
  {
    name: 'tshark',
    package: 'tshark',
    program: 'tshark',
    does: 'conversations of TCP and UDP, after dissecting everything',
    isSlow: true,
    command: (program, capture) => [program, '-n', '-q', '-r', capture, '-z', 'conv,tcp', '-z', 'conv,udp'],
  },
];

/** The peer that the claims name. */
export const REFERENCE = 'nfpcapd';

export interface InstalledPeer extends Peer {
  readonly path: string;
  /** Of the Debian package; "unknown" where it did not come from one. */
  readonly version: string;
}

export interface Peers {
  readonly installed: readonly InstalledPeer[];
  /** One line about every peer that is missing. */
  readonly absent: readonly string[];
}

/** Which of the named peers are here; all of them by default. */
export function findPeers(names: readonly string[] = PEERS.map(({ name }) => name)): Peers {
  const installed: InstalledPeer[] = [];
  const absent: string[] = [];
  for (const peer of PEERS.filter(({ name }) => names.includes(name))) {
    const path = findProgram(peer.program);
    if (path === undefined) absent.push(`${peer.name} is not installed (package "${peer.package}"): not compared.`);
    else installed.push({ ...peer, path, version: versionOf(peer.package) });
  }
  return { installed, absent };
}

function versionOf(name: string): string {
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder.
    const format = '${Version}';
    return execFileSync('dpkg-query', ['--show', `--showformat=${format}`, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return 'unknown';
  }
}
