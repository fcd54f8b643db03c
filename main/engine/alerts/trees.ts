/**
 * Trees of processes: what somebody did from one shell, one script or one server is one story, whichever of its
 * programs a detector spoke about.
 */
import type { ProcessRecord } from '../../../contract/domain.ts';

/**
 * Programs from which everything on a computer starts: that two processes have one of these above them says nothing.
 * Kept by name, as they are told in lineages; what is above one of them is not looked at.
 */
const COMMON_ANCESTORS: ReadonlySet<string> = new Set([
  // The system itself, and what begins sessions and jobs.
  ...['systemd', 'init', 'openrc-init', 'runit', 's6-svscan', 'dumb-init', 'tini', 'docker-init', 'catatonit'],
  ...['sshd', 'sshd-session', 'dropbear', 'login', 'agetty', 'getty', 'gdm3', 'gdm-session-worker', 'sddm', 'lightdm'],
  ...['cron', 'crond', 'anacron', 'atd', 'dbus-daemon', 'dbus-broker', 'dbus-broker-launch', 'xinetd', 'inetd'],
  // Containers.
  ...['containerd-shim', 'containerd-shim-runc-v2', 'containerd', 'dockerd', 'conmon', 'runc', 'crun', 'podman'],
  ...['kubelet', 'lxc-start', 'systemd-nspawn'],
  // Desktops and their terminals: each tab is a story of its own.
  ...['gnome-shell', 'gnome-session-binary', 'plasmashell', 'kwin_wayland', 'kwin_x11', 'ksmserver', 'xfce4-session'],
  ...['cinnamon', 'mate-session', 'sway', 'i3', 'Hyprland', 'Xorg', 'Xwayland', 'xinit', 'kinit', 'kdeinit5'],
  ...['gnome-terminal-server', 'konsole', 'xterm', 'xfce4-terminal', 'mate-terminal', 'tilix', 'alacritty', 'kitty'],
  ...['foot', 'wezterm-gui', 'ptyxis', 'ptyxis-agent', 'terminator', 'tmux', 'tmux: server', 'screen'],
]);

/** Where only root puts programs: anybody can call his own one "sshd". */
const TRUSTED_FOLDERS = ['/usr/', '/bin/', '/sbin/', '/lib/', '/snap/', '/nix/store/', '/gnu/store/', '/opt/'];

/** Whether this program stands above so much that it joins nothing. */
export function startsEverything({ pid, image }: Pick<ProcessRecord, 'pid' | 'image'>): boolean {
  if (pid <= 1) return true;
  const isTrusted = TRUSTED_FOLDERS.some((folder) => image.startsWith(folder));
  return isTrusted && COMMON_ANCESTORS.has(image.slice(image.lastIndexOf('/') + 1));
}

/**
 * Names of what a process belongs to: itself and those above it, up to where everything starts from. Two lists with a
 * name in common are of one tree. Processes whose start is not known go by their number.
 *
 * @param processes who acted, then whose child that is
 */
export function treeOf(processes: readonly ProcessRecord[]): readonly string[] {
  const tree: string[] = [];
  for (const process of processes) {
    if (startsEverything(process)) break;
    const { pid, startedMs } = process;
    tree.push(`process ${pid}${startedMs === undefined ? '' : ` ${Math.round(startedMs)}`}`);
  }
  return tree;
}

/** Both in one list without repetitions, the first one's first, at most `most`. */
export function mergeNamed<T>(
  first: readonly T[],
  second: readonly T[],
  nameOf: (each: T) => unknown,
  most: number,
): T[] {
  const byName = new Map<unknown, T>();
  for (const each of first) byName.set(nameOf(each), each);
  for (const each of second) if (!byName.has(nameOf(each))) byName.set(nameOf(each), each);
  return [...byName.values()].slice(0, most);
}
