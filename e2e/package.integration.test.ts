/**
 * The headless package for real: built, installed into a root to throw away, used, upgraded, removed and purged. Where
 * cgroups allow it that root has a systemd of its own, which runs the unit with all of its restrictions.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { quietCapture, scanCapture } from './captures.ts';
import { HOLDFAST, runHoldfast, runProgram } from './holdfast.ts';
import { PackageRoot, whyNoPackageRoot } from './support/package-root.ts';

const PACKAGER = fileURLToPath(new URL('../scripts/lib/package/main.ts', import.meta.url));
const UNIT = fileURLToPath(new URL('../assets/linux/holdfast.service', import.meta.url));
/** Later than any real one. */
const LATER = '99.0.0';

/** Two packages are built and five times dpkg runs, on a machine that does other things too. */
const SETUP_MS = 120_000;
const STEP_MS = 60_000;
/** systemd waits two seconds before it starts an engine that failed. */
const SOON = { timeout: 45_000, interval: 100 };

const CONFIG = '# kept\nlog:\n  level: debug\n';
/** What dpkg and the tools that it calls remember, whatever is installed. */
const OF_DPKG = /^\S (var\/lib\/dpkg|var\/log|var\/cache\/(man|ldconfig|debconf))(\/|$)/;

const why = whyNoPackageRoot();
if (why !== undefined) process.stdout.write(`The tests of the package are skipped: ${why}.\n`);

describe.skipIf(why !== undefined)('the headless package', () => {
  let root: PackageRoot;
  let packages: { readonly now: string; readonly later: string };
  let before: readonly string[];

  beforeAll(async () => {
    root = new PackageRoot();
    packages = { now: build([]), later: build(['--no-build', '--version', LATER]) };
    writeFileSync(join(root.shared, 'scan.pcap'), scanCapture());
    writeFileSync(join(root.shared, 'quiet.pcap'), quietCapture());
    await root.start();
    before = await root.changes();
    if (!root.hasSystemd) process.stdout.write('No cgroup can be made here: the service is not started by systemd.\n');
  }, SETUP_MS);

  afterAll(() => root?.stop(), STEP_MS);

  /** The package's path inside the root. @param shell words before the packager's */
  function build(options: readonly string[], shell = ''): string {
    const known = new Set(readdirSync(root.shared));
    const args = [PACKAGER, '--out', root.shared, '--compression', 'none', ...options];
    const words = ['-c', `${shell} exec "$@"`, 'sh', process.execPath, ...args];
    const { status, stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the package could not be built: ${stdout}${stderr}`);
    const file = readdirSync(root.shared).find((name) => name.endsWith('.deb') && !known.has(name));
    return `/mnt/${file}`;
  }

  /** Without waiting for the disk, and without the tools of others that look at what is new. */
  const dpkg = (...args: readonly string[]) => root.output('dpkg', '--force-unsafe-io', '--no-triggers', ...args);
  const mainPid = async () => (await root.output('systemctl', 'show', '--value', '-p', 'MainPID', 'holdfast')).trim();
  const tables = async () => (await root.output('nft', 'list', 'tables')).trim().split('\n');
  const status = async (command = 'holdfast') =>
    JSON.parse((await root.run(command, 'status', '--json')).stdout || '{}');
  const watching = (command?: string) =>
    vi.waitFor(async () => expect((await status(command)).interfaces?.[0]).toMatchObject({ state: 'up' }), SOON);

  it('is the same, byte for byte, whoever builds it', { timeout: STEP_MS }, () => {
    const file = join(root.shared, basename(packages.later));
    const hash = () => createHash('sha256').update(readFileSync(file)).digest('hex');
    const first = hash();
    rmSync(file);
    build(['--no-build', '--version', LATER], 'umask 077; TZ=Asia/Tokyo LC_ALL=de_DE.UTF-8');
    expect(hash()).toBe(first);
  });

  it('installs', { timeout: STEP_MS }, async () => {
    await dpkg('--install', packages.now);
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
    expect(await root.output('holdfast', '--version')).toBe(`holdfast ${version}\n`);
    expect(await root.output('dpkg', '--verify', 'holdfast-headless')).toBe('');
  });

  it('says of a capture what the checkout says', { timeout: STEP_MS }, async () => {
    for (const name of ['scan.pcap', 'quiet.pcap']) {
      const installed = await root.output('holdfast', 'analyze', '--json', `/mnt/${name}`);
      const here = await runHoldfast(['analyze', '--json', join(root.shared, name)]);
      const titles = (json: string): readonly string[] =>
        (JSON.parse(json).alerts as readonly { readonly title: string }[]).map(({ title }) => title);
      expect(titles(installed)).toEqual(titles(here.stdout));
      expect(titles(installed)).toHaveLength(name === 'scan.pcap' ? 1 : 0);
    }
  });

  it('looks at files with rules in YARA', { timeout: STEP_MS }, async () => {
    // In two parts, so that nothing takes this file itself for the one that every scanner knows.
    const harmless = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD', '-ANTIVIRUS-TEST-FILE!$H+H*'].join('');
    writeFileSync(join(root.shared, 'eicar.txt'), harmless);
    const { code, stdout } = await root.run('holdfast', 'scan', '--json', '/mnt/eicar.txt');
    expect(code).toBe(1);
    expect(stdout).toContain('eicar_test_file');
  });

  it('brings what it needs, and nothing of this checkout', { timeout: STEP_MS }, async () => {
    const hidden = join(HOLDFAST, '../..');
    const hide = `if [ -d '${hidden}' ]; then mount -t tmpfs tmpfs '${hidden}'; fi`;
    const script = `cd / && ${hide} && holdfast flows --csv /mnt/quiet.pcap`;
    expect((await root.output('unshare', '--mount', 'sh', '-c', script)).split('\n')).toHaveLength(3);
  });

  it('explains itself to the shell and to man', { timeout: STEP_MS }, async () => {
    const completion = '/usr/share/bash-completion/completions/holdfast';
    const script = `source ${completion}; COMP_WORDS=(holdfast serv); COMP_CWORD=1; _holdfast; echo "\${COMPREPLY[@]}"`;
    expect(await root.output('bash', '-c', script)).toContain('service');
    expect(await root.output('zcat', '/usr/share/man/man1/holdfast.1.gz')).toContain('.SS "service restore\\-network"');
  });

  it('has a unit that systemd finds nothing wrong with, and little exposed', { timeout: STEP_MS }, async () => {
    const { code, stderr } = await root.run('systemd-analyze', 'verify', '--man=no', 'holdfast.service');
    expect({ code, stderr: stderr.split('\n').filter((line) => line.includes('holdfast')) }).toEqual({
      code: 0,
      stderr: [],
    });
    const unit = '/usr/lib/systemd/system/holdfast.service';
    const rating = await root.output('systemd-analyze', 'security', '--offline=yes', '--no-pager', unit);
    const exposure = Number(/Overall exposure level for holdfast\.service: ([\d.]+)/.exec(rating)?.[1]);
    process.stdout.write(`The service's exposure, by systemd-analyze security: ${exposure} of 10.\n`);
    // Seeing what programs do takes rights that watching the network alone did not (2.5).
    expect(exposure).toBeLessThan(4);
  });

  it('watches, started by the installation', { timeout: STEP_MS }, async (context) => {
    if (!root.hasSystemd) return context.skip('no systemd');
    await watching();
    expect(await root.output('holdfast', 'service', 'status')).toContain('It starts with the system.');
    await root.output('sh', '-c', 'ping -c 3 -i 0.2 -W 1 10.66.9.2 || true');
    await vi.waitFor(async () => expect((await status()).interfaces[0].received).toBeGreaterThan(0), SOON);
  });

  it('serves its console', { timeout: STEP_MS }, async () => {
    let link: string | undefined;
    const served = runProgram(root.inside('holdfast', 'serve', '--port', '0'), {
      onStart: ({ stdout }) => {
        stdout?.on('data', (text: string) => {
          link ??= /http:\S+/.exec(text)?.[0];
        });
      },
    });
    try {
      await vi.waitUntil(() => link !== undefined, SOON);
      const node = ['/usr/lib/holdfast/node', '--input-type=module', '--eval', VISIT];
      const seen = JSON.parse(await root.output(...node, link ?? ''));
      expect(seen).toEqual({ stranger: 401, entered: 303, page: 200, script: 200, documentation: 200 });
    } finally {
      // Its processes are those of the root alone.
      await root.run('pkill', '-TERM', '-f', 'holdfast.js serve');
      await served;
    }
  });

  it('has no more rights than its unit says, and its helper none', { timeout: STEP_MS }, async (context) => {
    if (!root.hasSystemd) return context.skip('no systemd');
    const of = async (pid: string) => {
      const lines = (await root.output('cat', `/proc/${pid}/status`)).split('\n');
      return new Map(lines.map((line) => [line.split(':')[0], line.replace(/^[^:]*:\s*/, '')]));
    };
    const pid = await mainPid();
    const engine = await of(pid);
    expect(engine.get('CapBnd')).toBe(capabilityMask(readFileSync(UNIT, 'utf8')));
    expect(engine.get('NoNewPrivs')).toBe('1');
    expect(engine.get('Seccomp')).toBe('2');
    const helpers = (await root.output('pgrep', '-P', pid, '-x', 'sense')).trim().split('\n');
    const kept = new Map<string, string | undefined>();
    for (const each of helpers) {
      const helper = await of(each);
      expect(helper.get('Uid')).toBe('65534\t65534\t65534\t65534');
      expect(helper.get('CapBnd')).toBe('0000000000000000');
      kept.set((await root.output('cat', `/proc/${each}/cmdline`)).split('\0')[1]!, helper.get('CapPrm'));
    }
    // All of them run under what the unit allows.
    expect([...kept.keys()].sort()).toEqual(['access', 'capture', 'files', 'processes', 'signal', 'sockets']);
    for (const [mode, rights] of kept) {
      const allowed = ['', ...(KEPT_RIGHTS[mode] ?? [])].map(maskOf);
      expect(allowed, `what "sense ${mode}" keeps`).toContain(rights);
    }
    const mounts = await root.output('cat', `/proc/${pid}/mountinfo`);
    expect(mounts).toMatch(/ \/ \/ ro,/);
    expect(mounts).toMatch(/ \/var\/lib\/holdfast rw,/);
  });

  it('takes back what was changed in the network when the engine is killed', { timeout: STEP_MS }, async (context) => {
    await root.output('sh', '-c', 'nft add table inet holdfast; nft add table ip holdfast; nft add table inet other');
    if (!root.hasSystemd) return context.skip('no systemd');
    const killed = await mainPid();
    await root.output('systemctl', 'kill', '--signal=KILL', '--kill-who=main', 'holdfast');
    await vi.waitFor(async () => expect(await tables()).toEqual(['table inet other']), SOON);
    await vi.waitFor(async () => expect(await mainPid()).not.toMatch(new RegExp(`^(0|${killed})$`)), SOON);
    await watching();
  });

  it('is a service or none, as often as it is asked', { timeout: STEP_MS }, async (context) => {
    if (!root.hasSystemd) return context.skip('no systemd');
    expect(await root.output('holdfast', 'service', 'install')).toContain('already installed');
    expect(await root.output('holdfast', 'service', 'uninstall')).toContain('no longer a service');
    expect((await root.run('holdfast', 'service', 'status')).code).toBe(3);
    expect(await root.output('holdfast', 'service', 'uninstall')).toContain('not installed as a service');
    expect(await root.output('holdfast', '--simulate', 'service', 'install')).toContain('Nothing was done');
    expect((await root.run('holdfast', 'service', 'status')).code).toBe(3);
    expect(await root.output('holdfast', 'service', 'install')).toContain('Holdfast is installed as a service.');
    await watching();
  });

  it('keeps settings and data over an upgrade, and runs the new version', { timeout: STEP_MS }, async () => {
    writeFileSync(join(root.shared, 'config.yaml'), CONFIG);
    await root.output('cp', '/mnt/config.yaml', '/etc/holdfast/config.yaml');
    if (!root.hasSystemd) await root.output('install', '-D', '/dev/null', '/var/lib/holdfast/holdfast.db');
    const database = await root.output('stat', '--format=%i', '/var/lib/holdfast/holdfast.db');
    await dpkg('--install', packages.later);
    expect(await root.output('holdfast', '--version')).toBe(`holdfast ${LATER}\n`);
    expect(await root.output('cat', '/etc/holdfast/config.yaml')).toBe(CONFIG);
    expect(await root.output('stat', '--format=%i', '/var/lib/holdfast/holdfast.db')).toBe(database);
    expect(await root.output('find', '/usr/lib/holdfast', '-name', '*.dpkg-*')).toBe('');
    if (root.hasSystemd) {
      await vi.waitFor(async () => expect((await status()).version).toBe(LATER), SOON);
      expect(await root.output('holdfast', 'config', 'show')).toMatch(/level.*debug/);
    }
  });

  it('leaves settings and data when it is removed, and nothing when it is purged', { timeout: STEP_MS }, async () => {
    await root.output('nft', 'add', 'table', 'inet', 'holdfast');
    await dpkg('--remove', 'holdfast-headless');
    expect(await tables()).toEqual(['table inet other']);
    expect((await root.run('pgrep', '-f', '/usr/lib/holdfast/')).stdout).toBe('');
    expect((await root.run('ls', '/usr/lib/holdfast', '/var/cache/holdfast', '/run/holdfast')).stdout).toBe('');
    expect(await root.output('cat', '/etc/holdfast/config.yaml')).toBe(CONFIG);
    await root.output('test', '-e', '/var/lib/holdfast/holdfast.db');

    await dpkg('--purge', 'holdfast-headless');
    const left = (await root.changes()).filter((line) => !OF_DPKG.test(line));
    expect(left).toEqual(before.filter((line) => !OF_DPKG.test(line)));
  });

  it('is a service from a checkout too, where root alone can write it', { timeout: STEP_MS }, async (context) => {
    if (!root.hasSystemd) return context.skip('no systemd');
    const tried = await root.run(HOLDFAST, '--simulate', 'service', 'install');
    // A clone in a home or in a temporary folder, or of another user: refused, as it must be.
    if (tried.code !== 0) return context.skip(tried.stderr.trim());
    await root.output(HOLDFAST, 'service', 'install');
    await watching(HOLDFAST);
    expect(await root.output(HOLDFAST, 'service', 'uninstall')).toContain('no longer a service');
    expect(await root.output('find', '/etc/systemd/system', '-name', '*holdfast*')).toBe('');
  });
});

/** What a browser does with the link that was printed. */
const VISIT = `
const link = process.argv[1];
const headers = { accept: 'text/html,*/*' };
const get = (place, cookie) =>
  fetch(new URL(place, link), { headers: cookie ? { ...headers, cookie } : headers, redirect: 'manual' });
const stranger = await get('/api/v1/status');
const entered = await get(link);
const cookie = entered.headers.get('set-cookie').split(';')[0];
const page = await get('/', cookie);
const script = await get(/src="([^"]+[.]js)"/.exec(await page.text())[1], cookie);
const documentation = await get('/api/docs', cookie);
const answers = { stranger, entered, page, script, documentation };
console.log(JSON.stringify(Object.fromEntries(Object.entries(answers).map(([name, { status }]) => [name, status]))));
`;

/** The numbers of the capabilities that the unit names (linux/capability.h). */
const CAPABILITIES: Readonly<Record<string, number>> = {
  CAP_CHOWN: 0,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_DAC_READ_SEARCH: 2,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_LEASE: 28,
  CAP_AUDIT_CONTROL: 30,
  CAP_AUDIT_READ: 37,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
};

/** What helpers may keep: to say which file an event is about; to read /proc where eBPF cannot be had. */
const KEPT_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  files: ['CAP_DAC_READ_SEARCH CAP_SYS_PTRACE CAP_SYS_ADMIN'],
  processes: ['CAP_DAC_READ_SEARCH CAP_SYS_PTRACE'],
  signal: ['CAP_KILL'],
};

/** The unit's bounding set as /proc writes it. */
function capabilityMask(unit: string): string {
  return maskOf(/^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1] ?? '');
}

function maskOf(capabilities: string): string {
  const names = capabilities.split(' ').filter((name) => name !== '');
  const mask = names.reduce((sum, name) => sum + 2 ** (CAPABILITIES[name] ?? Number.NaN), 0);
  return mask.toString(16).padStart(16, '0');
}
