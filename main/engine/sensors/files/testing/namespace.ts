/** A mount namespace of a test's own: what is mounted in it nobody else sees, and it goes with its holder. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_HELPER_PATH } from '../../helper.ts';

const runFile = promisify(execFile);

/** Why files cannot be watched here; undefined when they can. */
export function whyNoNamespace(): string | undefined {
  if (process.getuid?.() !== 0) return 'they need root';
  if (!existsSync(DEFAULT_HELPER_PATH)) return 'native-helpers/sense is not built';
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no mount namespace can be made (${error instanceof Error ? error.message.trim() : error})`;
  }
}

export class MountNamespace {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-files-test-'));
  /** A file system in memory, seen in here only. */
  readonly mountPoint = join(this.folder, 'mount');
  /** Stands in for the helper: the same, within the namespace. */
  readonly helperPath = join(this.folder, 'sense');
  readonly #holder: ChildProcess;

  /** @param image a file to be made an ext4 file system of, instead of one in memory; it must have its size */
  constructor(image?: string) {
    const mount = image === undefined ? 'mount -t tmpfs -o size=256m tmpfs' : `mount -o loop '${image}'`;
    if (image !== undefined) execFileSync('mkfs.ext4', ['-q', '-F', image], { stdio: 'pipe' });
    // It ends when this process does: its input is closed then.
    const script = `mkdir "$1" && ${mount} "$1" && exec cat`;
    this.#holder = spawn(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', this.mountPoint],
      {
        stdio: ['pipe', 'ignore', 'inherit'],
      },
    );
    this.#waitForMount();
    writeFileSync(this.helperPath, `#!/bin/sh\nexec nsenter --mount=${this.#path} ${DEFAULT_HELPER_PATH} "$@"\n`);
    chmodSync(this.helperPath, 0o755);
  }

  get #path(): string {
    return `/proc/${this.#holder.pid}/ns/mnt`;
  }

  #waitForMount(): void {
    const deadline = performance.now() + 10_000;
    const isReady = (): boolean => {
      try {
        const isOwn = readlinkSync(this.#path) !== readlinkSync('/proc/self/ns/mnt');
        return isOwn && readFileSync(`/proc/${this.#holder.pid}/mountinfo`, 'utf8').includes(this.mountPoint);
      } catch {
        return false;
      }
    };
    while (!isReady()) {
      if (performance.now() > deadline) throw new Error('the mount namespace does not come to be');
      execFileSync('sleep', ['0.02']);
    }
  }

  /** Runs a script of the shell in it, in the mounted folder; what it says on standard output. Throws when it fails. */
  run(script: string, ...args: readonly string[]): string {
    const command = [`--mount=${this.#path}`, 'sh', '-c', `cd '${this.mountPoint}' && ${script}`, 'sh', ...args];
    return execFileSync('nsenter', command, { encoding: 'utf8', timeout: 60_000 });
  }

  /** The same without standing still meanwhile: whoever is asked for verdicts must be able to answer. */
  async start(script: string): Promise<string> {
    const command = [`--mount=${this.#path}`, 'sh', '-c', `cd '${this.mountPoint}' && ${script}`];
    const { stdout } = await runFile('nsenter', command, { encoding: 'utf8', timeout: 60_000 });
    return stdout;
  }

  /** A command as it is run in it. */
  inside(command: readonly string[]): readonly string[] {
    return ['nsenter', `--mount=${this.#path}`, ...command];
  }

  close(): void {
    this.#holder.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
