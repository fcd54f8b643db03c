/** A computer that is watched and one that attacks it, as two network namespaces, with real tools between them. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { NamespacePair } from '../../main/engine/sensors/testing/namespace-pair.ts';
import { type Run, runProgram } from '../holdfast.ts';
import type { ServerNews } from './test-servers.ts';

const SERVERS = fileURLToPath(new URL('./test-servers.ts', import.meta.url));

export const VICTIM = '10.66.1.1';
export const FTP_PORT = 21;
export const HTTP_PORT = 80;

/** A tool's run, with the moments around it, in milliseconds since the epoch. */
export interface ToolRun extends Run {
  readonly beganMs: number;
  readonly endedMs: number;
}

/** The first host number for other computers of the far side: 10.66.1.2 is the one that is there at first. */
const FIRST_HOST = 20;

export class LiveNetwork {
  readonly pair = new NamespacePair();
  /** When each login was refused, in milliseconds since the epoch, oldest first. */
  readonly refusedMs: number[] = [];
  #servers: ChildProcess | undefined;
  #hosts = 0;

  /** The words that run a command on the watched computer. */
  get inside(): readonly string[] {
    return this.pair.inside(this.pair.near);
  }

  /** Serves FTP and HTTP on the watched computer. */
  async serve(): Promise<void> {
    let isReady = false;
    const command = [...this.inside, process.execPath, SERVERS, String(FTP_PORT), String(HTTP_PORT)];
    void runProgram(command, {
      keepsInputOpen: true,
      onStart: (child) => {
        this.#servers = child;
        createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
          const news = JSON.parse(line) as ServerNews;
          if (news.news === 'ready') isReady = true;
          else this.refusedMs.push(news.timeMs);
        });
      },
    });
    await vi.waitUntil(() => isReady, { timeout: 45_000, interval: 10 });
  }

  /** Makes the other computer another one, with an address of its own (both kinds), which is given back. */
  nextHost(): string {
    const { far, farInterface } = this.pair;
    const number = FIRST_HOST + this.#hosts++;
    const address = `10.66.1.${number}`;
    this.pair.ip('-n', far, 'addr', 'flush', 'dev', farInterface);
    this.pair.ip('-n', far, 'link', 'set', farInterface, 'address', `02:00:00:00:00:${number.toString(16)}`);
    this.pair.ip('-n', far, 'addr', 'add', `${address}/24`, 'dev', farInterface);
    return address;
  }

  /** Gives the watched computer another address. */
  addVictim(address: string): void {
    this.pair.ip('-n', this.pair.near, 'addr', 'add', `${address}/24`, 'dev', this.pair.nearInterface);
  }

  /** Runs a tool on the other computer. */
  async run(...command: string[]): Promise<ToolRun> {
    const beganMs = Date.now();
    const run = await runProgram([...this.pair.inside(this.pair.far), ...command]);
    return { ...run, beganMs, endedMs: Date.now() };
  }

  remove(): void {
    this.#servers?.kill('SIGKILL');
    this.pair.remove();
  }
}
