/** What a control group, a terminal and a descriptor say about where a process belongs. Pure. */
import type { StreamKind } from '../../../../contract/events.ts';
import type { StreamFacts } from './records.ts';

/** What a control group stands for. */
export interface Origin {
  /** "ssh.service". */
  readonly unit?: string;
  /** Id of the container as its runtime names it: 64 hexadecimal digits, or a name. */
  readonly container?: string;
  /** Application id of a Flatpak. */
  readonly flatpak?: string;
}

const UNIT = /^[^/]{1,255}\.(?:service|scope|socket|mount|timer)$/;
/** docker-ID.scope, libpod-ID.scope, cri-containerd-ID.scope, /docker/ID, /kubepods/…/ID. */
const CONTAINER_ID = /^(?:[a-z-]{1,32}-)?([0-9a-f]{64})(?:\.scope)?$/;
const LXC = /^lxc(?:\.payload)?[.]([^/]{1,255})$/;
const NSPAWN = /^machine-([^/]{1,255})\.scope$/;
const FLATPAK = /^app-flatpak-([A-Za-z0-9_.-]{1,255})-\d{1,20}\.scope$/;

/** Reads the path of a control group in the unified hierarchy: "/system.slice/ssh.service". */
export function originOf(cgroup: string): Origin {
  let origin: Origin = {};
  for (const part of cgroup.split('/')) {
    const container = CONTAINER_ID.exec(part)?.[1] ?? LXC.exec(part)?.[1] ?? NSPAWN.exec(part)?.[1];
    const flatpak = FLATPAK.exec(part)?.[1];
    if (UNIT.test(part)) origin = { ...origin, unit: part };
    if (container !== undefined) origin = { ...origin, container };
    if (flatpak !== undefined) origin = { ...origin, flatpak };
  }
  return origin;
}

/** The kernel's "pts3" as people know it: "pts/3". */
export function terminalName(name: string): string | undefined {
  if (name === '') return undefined;
  return name.replace(/^pts(\d)/, 'pts/$1');
}

const TYPE_MASK = 0o170000;
const TYPES: ReadonlyMap<number, StreamKind> = new Map([
  [0o100000, 'file'],
  [0o010000, 'pipe'],
  [0o140000, 'socket'],
]);
const SOCKET = 0o140000;
/** AF_UNIX (sys/socket.h). */
const LOCAL_FAMILY = 1;
const CHARACTER_DEVICE = 0o020000;
const MINOR_BITS = 20;
const NULL_DEVICE = (1 << MINOR_BITS) | 3;
/** tty, console and ptmx; serial lines are of the first; pseudo-terminals. Linux's devices.txt. */
const TERMINAL_MAJORS: ReadonlySet<number> = new Set([4, 5, 136, 137, 138, 139, 140, 141, 142, 143]);

/** What a standard stream is; undefined where it is closed. */
export function streamKind({ mode, device }: StreamFacts): StreamKind | undefined {
  if (mode === 0) return undefined;
  const type = mode & TYPE_MASK;
  // Where the family is not known (0) it may be one of the network.
  if (type === SOCKET && device === LOCAL_FAMILY) return 'local-socket';
  if (type !== CHARACTER_DEVICE) return TYPES.get(type) ?? 'other';
  if (device === NULL_DEVICE) return 'null';
  return TERMINAL_MAJORS.has(device >>> MINOR_BITS) ? 'terminal' : 'other';
}
