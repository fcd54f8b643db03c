/** The captures that the benchmarks read: given, found from last time, or made. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { BenchmarkError } from './benchmark-error.ts';
import { generateFlood, generateMixed } from './generate.ts';
import { type PcapRecord, readPcap } from './pcap-file.ts';
import { stretchCapture } from './stretch.ts';

const run = promisify(execFile);

/** Programs that merge a collection of real captures into large ones; they lie beside the project or nowhere. */
const TOOLS = resolve(import.meta.dirname, '../../shared/tools');

/** Outside of the project, and not in /tmp, which may be memory. */
export const DEFAULT_CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast-bench');

/** The sizes that the project's claims name. */
const MIXED_PACKETS = 2_100_000;
const MIXED_COPIES = 15;
const FLOOD_PACKETS = 2_000_000;
const BASE_PACKETS = 140_000;
/** Bytes on disk per packet of mixed traffic, with room to spare. */
const BYTES_PER_PACKET = 700;

export interface CapturesOptions {
  readonly cache: string;
  /** Captures of the person's own instead. */
  readonly mixed?: string;
  readonly flood?: string;
  readonly say: (line: string) => void;
}

export class Captures {
  readonly #options: CapturesOptions;
  #base: readonly PcapRecord[] | undefined;

  /** @throws BenchmarkError when a given capture is not there */
  constructor(options: CapturesOptions) {
    this.#options = options;
    for (const path of [options.mixed, options.flood]) {
      if (path !== undefined && !existsSync(path)) throw new BenchmarkError(`${path} is not there`);
    }
  }

  /** Ordinary traffic with attacks in it: 2.1 million packets. */
  async mixed(): Promise<string> {
    return this.#options.mixed ?? this.#mixedOf('mixed', MIXED_COPIES, MIXED_PACKETS);
  }

  /** A flood of 2 million SYNs, each a flow of its own. */
  async flood(): Promise<string> {
    return (
      this.#options.flood ??
      this.#made('flood', FLOOD_PACKETS, async (path) => {
        const script = join(TOOLS, 'make-syn-flood.py');
        if (!existsSync(script)) generateFlood(path, FLOOD_PACKETS);
        else
          await this.#runTool('python3', [script, path, String(FLOOD_PACKETS)], () =>
            generateFlood(path, FLOOD_PACKETS),
          );
      })
    );
  }

  /** The same kind of traffic for as long as it takes to make so many packets. */
  async stretched(packets: number): Promise<string> {
    return this.#made(`stretched-${packets}`, packets, async (path) => {
      this.#base ??= readPcap(await this.#mixedOf('base', 1, BASE_PACKETS));
      stretchCapture(this.#base, path, packets);
    });
  }

  /** A capture without packets: what is left is the start and the end of a program. */
  async empty(): Promise<string> {
    return this.#made('empty', 0, async (path) => generateMixed(path, 0));
  }

  async #mixedOf(name: string, copies: number, packets: number): Promise<string> {
    return this.#made(name, packets, async (path) => {
      const script = join(TOOLS, 'make-big-capture.sh');
      if (!existsSync(script)) generateMixed(path, packets);
      else await this.#runTool('bash', [script, path, String(copies)], () => generateMixed(path, packets));
    });
  }

  async #runTool(program: string, args: readonly string[], otherwise: () => void): Promise<void> {
    try {
      await run(program, args);
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      this.#options.say(`${reason}; generated traffic is used instead.`);
      otherwise();
    }
  }

  async #made(name: string, packets: number, make: (path: string) => Promise<void>): Promise<string> {
    const { cache, say } = this.#options;
    mkdirSync(cache, { recursive: true });
    const path = join(cache, `${name}.pcap`);
    if (existsSync(path)) return path;
    this.#needSpace(packets * BYTES_PER_PACKET);
    say(`making ${path}`);
    const unfinished = `${path}.new`;
    try {
      await make(unfinished);
      renameSync(unfinished, path);
    } finally {
      rmSync(unfinished, { force: true });
    }
    say(`made ${path}: ${(statSync(path).size / 1e6).toFixed(0)} MB`);
    return path;
  }

  #needSpace(bytes: number): void {
    const { bavail, bsize } = statfsSync(this.#options.cache);
    if (bavail * bsize >= bytes) return;
    throw new BenchmarkError(
      `${this.#options.cache} has ${((bavail * bsize) / 1e9).toFixed(1)} GB free and ${(bytes / 1e9).toFixed(1)} GB ` +
        'are needed; give another folder with --cache, or fewer packets with --packets',
    );
  }
}
