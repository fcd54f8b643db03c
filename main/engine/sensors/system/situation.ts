/** Where and among what this computer runs: sessions, containers, cloud, security tools. Read when it is asked for. */
import type { HostFiles } from './host-files.ts';
import { parseUtmp, type UtmpSession } from './parse/utmp.ts';
import { SECURITY_TOOLS, type SecurityTool } from './security-tools.ts';

export interface ToolState extends Pick<SecurityTool, 'name' | 'kind'> {
  /** Undefined for tools that have no service. */
  readonly isRunning: boolean | undefined;
}

export interface SystemSituation {
  readonly sessions: readonly UtmpSession[];
  /** Ids of containers that have a control group. */
  readonly containers: readonly string[];
  /** "Docker", "Podman": runtimes whose socket is there. */
  readonly containerRuntimes: readonly string[];
  /** Whether this computer is a container itself: "docker", "lxc". */
  readonly ownContainer: string | undefined;
  /** "Amazon EC2": by what the firmware says; no request is made. */
  readonly cloud: string | undefined;
  readonly securityTools: readonly ToolState[];
  /** Packages that dpkg lists as installed; undefined on computers without it. */
  readonly packages: number | undefined;
}

const MAX_UTMP_BYTES = 4 * 1024 * 1024;
const MAX_STATUS_BYTES = 64 * 1024 * 1024;
const MAX_CONTAINERS = 1_000;
const MAX_GROUP_FOLDERS = 5_000;
const MAX_GROUP_DEPTH = 8;

/** @param running units that run, of the collector of running services */
export function readSituation(files: HostFiles, running: ReadonlySet<string>): SystemSituation {
  const utmp = files.readBytes('/run/utmp', MAX_UTMP_BYTES)?.content;
  return {
    sessions: utmp === undefined ? [] : parseUtmp(utmp),
    containers: readContainers(files),
    containerRuntimes: RUNTIMES.filter(({ sockets }) => sockets.some((path) => files.stat(path)?.isSocket())).map(
      ({ name }) => name,
    ),
    ownContainer: ownContainer(files),
    cloud: cloudOf(files),
    securityTools: SECURITY_TOOLS.filter((tool) => tool.files.some((path) => files.stat(path) !== undefined)).map(
      ({ name, kind, units }) => ({
        name,
        kind,
        isRunning: units.length === 0 ? undefined : units.some((unit) => running.has(unit)),
      }),
    ),
    packages: installedPackages(files),
  };
}

const RUNTIMES: readonly { readonly name: string; readonly sockets: readonly string[] }[] = [
  { name: 'Docker', sockets: ['/run/docker.sock', '/var/run/docker.sock'] },
  { name: 'Podman', sockets: ['/run/podman/podman.sock'] },
  { name: 'containerd', sockets: ['/run/containerd/containerd.sock', '/run/k3s/containerd/containerd.sock'] },
  { name: 'CRI-O', sockets: ['/run/crio/crio.sock'] },
  { name: 'LXD', sockets: ['/var/lib/lxd/unix.socket', '/var/snap/lxd/common/lxd/unix.socket'] },
  { name: 'Incus', sockets: ['/var/lib/incus/unix.socket'] },
];

/** docker-ID.scope, libpod-ID.scope, cri-containerd-ID.scope, /docker/ID; LXC and systemd-nspawn by name. */
const CONTAINER =
  /^(?:(?:[a-z-]{1,32}-)?([0-9a-f]{64})(?:\.scope)?|lxc(?:\.payload)?\.([^/]{1,255})|machine-([^/]{1,255})\.scope)$/;

function readContainers(files: HostFiles): readonly string[] {
  const found = new Set<string>();
  const folders: { readonly path: string; readonly depth: number }[] = [{ path: '/sys/fs/cgroup', depth: 0 }];
  for (let seen = 0; seen < MAX_GROUP_FOLDERS && found.size < MAX_CONTAINERS; seen++) {
    const folder = folders.pop();
    if (folder === undefined) break;
    for (const name of files.list(folder.path)) {
      // Files of control groups have a dot and no suffix of systemd's.
      if (/^(?:cgroup|cpu|cpuset|memory|io|pids|hugetlb|misc|rdma|irq|dmem)\./.test(name)) continue;
      const path = `${folder.path}/${name}`;
      if (!files.lstat(path)?.isDirectory()) continue;
      const match = CONTAINER.exec(name);
      if (match !== null) found.add(match[1] ?? match[2] ?? match[3] ?? name);
      else if (folder.depth < MAX_GROUP_DEPTH) folders.push({ path, depth: folder.depth + 1 });
    }
  }
  return [...found].sort();
}

/** systemd and podman say it; Docker leaves a file. */
function ownContainer(files: HostFiles): string | undefined {
  const told = files.word('/run/systemd/container') || files.word('/run/host/container-manager');
  if (told !== '') return told;
  if (files.stat('/run/.containerenv') !== undefined) return 'podman';
  return files.stat('/.dockerenv') === undefined ? undefined : 'docker';
}

interface CloudRow {
  readonly name: string;
  readonly signs: readonly RegExp[];
}

const CLOUDS: readonly CloudRow[] = [
  { name: 'Amazon EC2', signs: [/^Amazon EC2/] },
  { name: 'Google Compute Engine', signs: [/^Google(?: Compute Engine)?$/] },
  // Of every virtual machine on Azure, and of no other on Hyper-V.
  { name: 'Microsoft Azure', signs: [/^7783-7084-3265-9085-8269-3286-77$/] },
  { name: 'DigitalOcean', signs: [/^DigitalOcean/] },
  { name: 'Hetzner Cloud', signs: [/^Hetzner$/] },
  { name: 'Oracle Cloud', signs: [/^OracleCloud\.com/] },
  { name: 'Alibaba Cloud', signs: [/^Alibaba Cloud/] },
  { name: 'OpenStack', signs: [/^OpenStack/] },
  { name: 'Scaleway', signs: [/^Scaleway/] },
  { name: 'Vultr', signs: [/^Vultr/] },
  { name: 'Linode', signs: [/^Linode/, /^Akamai/] },
];
const DMI_WORDS = ['sys_vendor', 'product_name', 'chassis_asset_tag', 'bios_vendor', 'board_vendor', 'chassis_vendor'];

function cloudOf(files: HostFiles): string | undefined {
  const words = DMI_WORDS.map((name) => files.word(`/sys/class/dmi/id/${name}`));
  return CLOUDS.find(({ signs }) => signs.some((sign) => words.some((word) => sign.test(word))))?.name;
}

function installedPackages(files: HostFiles): number | undefined {
  const text = files.read('/var/lib/dpkg/status', { maxBytes: MAX_STATUS_BYTES })?.text;
  if (text === undefined) return undefined;
  const INSTALLED = '\nStatus: install ok installed\n';
  let count = 0;
  for (let at = text.indexOf(INSTALLED); at !== -1; at = text.indexOf(INSTALLED, at + 1)) count++;
  return count;
}
