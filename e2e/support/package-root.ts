/**
 * A root to throw away, in which packages are installed, used and removed for real: an overlay over this machine's
 * own files, in namespaces of its own, with a systemd of its own where cgroups allow it. Nothing of it reaches the
 * machine. Needs root.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Run, runProgram } from '../holdfast.ts';
import { childrenOf } from './processes.ts';

const SCRIPT = fileURLToPath(new URL('./package-root.sh', import.meta.url));

/** Laying an overlay and a few mounts takes well under a second. */
const START_TIMEOUT_MS = 60_000;
/** Namespaces that every such root has; systemd gets one of cgroups too. */
const NAMESPACES = ['--mount', '--pid', '--net', '--uts', '--ipc'];
const SYSTEMD = '/lib/systemd/systemd';

/** Why no such root can be made here; undefined when it can. */
export function whyNoPackageRoot(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync('/var/lib/dpkg/status')) return 'needs a system that dpkg keeps';
  if (!/\boverlay\b/.test(readFileSync('/proc/filesystems', 'utf8'))) return 'needs overlay file systems';
  const tried = spawnSync('unshare', [...NAMESPACES, '--fork', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], {
    encoding: 'utf8',
  });
  return tried.status === 0 ? undefined : `namespaces with mounts cannot be made: ${tried.stderr.trim()}`;
}

export class PackageRoot {
  /** What is here is /mnt inside. */
  readonly shared: string;
  readonly hasSystemd: boolean;
  readonly #base = mkdtempSync(join(tmpdir(), 'holdfast-root-'));
  readonly #cgroup: string | undefined;
  #unshare: ChildProcess | undefined;
  #pid = 0;

  constructor() {
    this.shared = join(this.#base, 'shared');
    mkdirSync(join(this.#base, 'mount'));
    mkdirSync(this.shared);
    this.#cgroup = existsSync(SYSTEMD) ? newCgroup() : undefined;
    this.hasSystemd = this.#cgroup !== undefined;
  }

  async start(): Promise<void> {
    const kind = this.hasSystemd ? 'systemd' : 'plain';
    const own = [...NAMESPACES, ...(this.hasSystemd ? ['--cgroup'] : [])];
    const script = ['sh', SCRIPT, join(this.#base, 'mount'), this.shared, kind];
    // A cgroup namespace begins where the process that makes it is. Whatever ends the tests ends the root.
    const enter =
      'if [ -n "$0" ]; then echo 0 >"$0/cgroup.procs"; fi; exec setpriv --pdeathsig KILL unshare --kill-child "$@"';
    const child = spawn('sh', ['-c', enter, this.#cgroup ?? '', ...own, '--fork', ...script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#unshare = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`no root could be made (${code}): ${said}`)));
    const timer = setTimeout(() => reject(new Error(`no root was made in time: ${said}`)), START_TIMEOUT_MS);
    await promise.finally(() => clearTimeout(timer));
    // It has one child, whose name changes as it goes from script to chroot to systemd.
    const [first] = childrenOf(child.pid ?? 0);
    if (first === undefined) throw new Error('the first process of the root is not there');
    this.#pid = first;
    if (this.hasSystemd) await this.#booted();
  }

  /** The words that run a command inside. */
  inside(...command: readonly string[]): readonly string[] {
    const own = ['--mount', '--pid', '--net', '--uts', '--ipc', ...(this.hasSystemd ? ['--cgroup'] : [])];
    return [
      'nsenter',
      '--target',
      String(this.#pid),
      ...own,
      '--',
      'chroot',
      join(this.#base, 'mount/root'),
      ...command,
    ];
  }

  run(...command: readonly string[]): Promise<Run> {
    return runProgram(this.inside(...command));
  }

  /** What it wrote. @throws Error with its words when it fails */
  async output(...command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...command);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Everything that was written since the start, and what was removed of this machine's: a sorted list of paths. */
  async changes(): Promise<readonly string[]> {
    const upper = join(this.#base, 'mount/upper');
    const find = ['nsenter', '--target', String(this.#pid), '--mount', '--', 'find', upper, '-mindepth', '1'];
    const { stdout } = await runProgram([...find, '-printf', '%y %P\n']);
    return stdout
      .split('\n')
      .filter((line) => {
        const [kind, place] = [line.slice(0, 1), line.slice(2)];
        // A folder that this machine has too is there because something in it was written.
        return place !== '' && !(kind === 'd' && lstatSync(`/${place}`, { throwIfNoEntry: false })?.isDirectory());
      })
      .sort();
  }

  async stop(): Promise<void> {
    const child = this.#unshare;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      // The end of its first process ends all of a PID namespace; unshare waits for it, and takes it along.
      if (this.#pid > 0) process.kill(this.#pid, 'SIGKILL');
      else child.kill('SIGKILL');
      await gone;
    }
    if (this.#cgroup !== undefined) removeCgroup(this.#cgroup);
    rmSync(this.#base, { recursive: true, force: true });
  }

  async #booted(): Promise<void> {
    for (const until = Date.now() + START_TIMEOUT_MS; Date.now() < until; ) {
      const { stdout } = await this.run('systemctl', 'is-system-running');
      if (/^(running|degraded)/.test(stdout)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('systemd did not come up');
  }
}

/** A cgroup of version 2 for a systemd of our own; undefined where none can be made. */
function newCgroup(): string | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  const top = /^\S+ (\S+) cgroup2 (?:\S*,)?rw\b/m.exec(mounts)?.[1];
  if (top === undefined) return undefined;
  const folder = join(top, `holdfast-test-${process.pid}`);
  try {
    mkdirSync(folder);
    // Refused where processes of ours may not be moved, as in many containers.
    const words = ['-c', 'echo 0 >"$0/cgroup.procs"', folder];
    execFileSync('sh', words, { stdio: 'pipe' });
    return folder;
  } catch {
    if (existsSync(folder)) removeCgroup(folder);
    return undefined;
  }
}

/** The kernel gives a cgroup up shortly after the last process in it has ended. */
function removeCgroup(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(folder, entry.name));
  }
  for (let tries = 50; ; tries--) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if (tries === 0) throw error;
      execFileSync('sleep', ['0.1']);
    }
  }
}
