/**
 * Two network namespaces joined by a veth pair, for tests that need real packets. Needs root; touches nothing
 * else of the machine's network.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DEFAULT_HELPER_PATH } from '../helper.ts';

const run = promisify(execFile);

const HELPER_FOLDER = fileURLToPath(new URL('../../../../native-helpers/sense', import.meta.url));
const BLAST = join(HELPER_FOLDER, 'build/blast');
/** Stands in for a VPN; see native-helpers/sense/test/tunnel.c. */
export const TUNNEL = join(HELPER_FOLDER, 'build/tunnel');

export interface BlastOptions {
  readonly count: number;
  /** Packets per second; 0 for as fast as it goes. */
  readonly rate: number;
  readonly flows?: number;
  readonly bytes?: number;
  /** 802.1Q tag; 0 for none. */
  readonly vlan?: number;
}

export interface BlastResult {
  readonly sent: number;
  readonly refused: number;
  readonly seconds: number;
}

let made = 0;

/** Why tests with namespaces cannot run here; undefined when they can. Builds the helper and the generator. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    execFileSync('make', ['-s', '-C', HELPER_FOLDER, 'all', 'tools'], { stdio: 'pipe' });
  } catch {
    if (!existsSync(DEFAULT_HELPER_PATH) || !existsSync(BLAST)) return 'needs make and a C compiler';
  }
  const name = `hf-probe-${process.pid}`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' });
  } catch {
    return 'needs iproute2 and the right to make network namespaces';
  }
  return undefined;
}

export class NamespacePair {
  /** Names of the namespaces; each has one end of the pair. */
  readonly near: string;
  readonly far: string;
  /** Names of the ends. */
  readonly nearInterface = 'near0';
  readonly farInterface = 'far0';

  constructor() {
    const id = `${process.pid}-${made++}`;
    this.near = `hf-near-${id}`;
    this.far = `hf-far-${id}`;
    try {
      for (const name of [this.near, this.far]) this.ip('netns', 'add', name);
      this.join();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Makes the veth pair: 10.66.1.1/24 near, 10.66.1.2/24 far, and no packets that nobody asked for. */
  join(): void {
    const ends = [
      { namespace: this.near, name: this.nearInterface, address: '10.66.1.1/24' },
      { namespace: this.far, name: this.farInterface, address: '10.66.1.2/24' },
    ];
    const [near, far] = ends;
    const peer = ['type', 'veth', 'peer', 'name', far.name, 'netns', far.namespace];
    this.ip('link', 'add', near.name, 'netns', near.namespace, ...peer);
    for (const { namespace, name, address } of ends) {
      // No IPv6 address, so no neighbour discovery and no router solicitations.
      this.ip('-n', namespace, 'link', 'set', name, 'addrgenmode', 'none');
      this.ip('-n', namespace, 'addr', 'add', address, 'dev', name);
      this.ip('-n', namespace, 'link', 'set', name, 'up');
      this.ip('-n', namespace, 'link', 'set', 'lo', 'up');
    }
  }

  /** Takes the pair away and leaves the namespaces. */
  part(): void {
    this.ip('-n', this.near, 'link', 'del', this.nearInterface);
  }

  ip(...args: string[]): string {
    return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** The words that put a command into a namespace. */
  inside(namespace: string): string[] {
    return ['ip', 'netns', 'exec', namespace];
  }

  async execute(namespace: string, ...command: string[]): Promise<string> {
    const [file, ...args] = [...this.inside(namespace), ...command];
    return (await run(file, args)).stdout;
  }

  /** Sends numbered packets from the far side; see native-helpers/sense/test/blast.c. */
  async blast({ count, rate, flows = 1000, bytes = 60, vlan = 0 }: BlastOptions): Promise<BlastResult> {
    const numbers = [count, rate, flows, bytes, vlan].map(String);
    return JSON.parse(await this.execute(this.far, BLAST, this.farInterface, ...numbers)) as BlastResult;
  }

  /** Packets that the near end's device has taken in, lost ones not counted. */
  receivedByDevice(): number {
    const [device] = JSON.parse(this.ip('-n', this.near, '-s', '-j', 'link', 'show', this.nearInterface));
    return device.stats64.rx.packets;
  }

  remove(): void {
    for (const name of [this.near, this.far]) {
      try {
        this.ip('netns', 'del', name);
      } catch {
        // Was never made.
      }
    }
  }
}
