/**
 * The protect-list: what no action ever touches, whatever a finding says of it. A wrong alert may stop a program of
 * somebody's; it may not stop the computer, the way to it, or Holdfast itself.
 */
import type { LivingProcess, ProcessTable } from '../runtime/process-table.ts';

/** Why a process is protected, one sentence; undefined where it is not. */
export type ProtectedReason = (process: LivingProcess) => string | undefined;

/** Where only root puts programs; with the rest of what `isOfTheSystem` of a process says. */
const SYSTEM_FOLDERS = ['/usr/', '/bin/', '/sbin/', '/lib/', '/lib64/', '/nix/store/', '/gnu/store/', '/snap/'];
const NOT_OF_THE_SYSTEM = ['/usr/local/', '/usr/tmp/'];

interface NamedRow {
  readonly why: string;
  readonly names: readonly string[];
}

/** Programs of the system by the names of their executables. */
const PROTECTED_PROGRAMS: readonly NamedRow[] = [
  {
    why: 'The system, or a session of somebody, depends on it.',
    names: [
      ...['systemd', 'init', 'openrc-init', 'runit', 's6-svscan', '(sd-pam)', 'systemd-logind', 'systemd-udevd'],
      ...['systemd-journald', 'systemd-resolved', 'systemd-networkd', 'systemd-timesyncd', 'systemd-oomd', 'elogind'],
      ...[
        'dbus-daemon',
        'dbus-broker',
        'dbus-broker-launch',
        'polkitd',
        'login',
        'agetty',
        'getty',
        'udisksd',
        'upowerd',
      ],
      ...['accounts-daemon', 'rsyslogd', 'auditd', 'chronyd', 'ntpd', 'wpa_supplicant', 'iwd', 'dhclient', 'dhcpcd'],
      ...['NetworkManager', 'connmand', 'ModemManager', 'bluetoothd', 'pipewire', 'wireplumber', 'pulseaudio'],
    ],
  },
  {
    why: 'It is the way in for whoever looks after this computer.',
    names: ['sshd', 'sshd-session', 'sshd-auth', 'dropbear', 'xrdp', 'xrdp-sesman'],
  },
  {
    why: 'The desktop depends on it.',
    names: [
      ...[
        'gdm',
        'gdm3',
        'gdm-session-worker',
        'gdm-wayland-session',
        'gdm-x-session',
        'sddm',
        'sddm-helper',
        'lightdm',
      ],
      ...['Xorg', 'X', 'Xwayland', 'xinit', 'gnome-shell', 'gnome-session-binary', 'gnome-session-b', 'mutter'],
      ...['plasmashell', 'kwin_wayland', 'kwin_x11', 'ksmserver', 'kded5', 'kded6', 'startplasma-x11'],
      ...['startplasma-wayland', 'xfce4-session', 'xfwm4', 'cinnamon', 'cinnamon-session', 'mate-session', 'marco'],
      ...['lxqt-session', 'lxsession', 'sway', 'i3', 'Hyprland', 'weston', 'labwc', 'river'],
      ...['xdg-desktop-portal', 'gnome-keyring-daemon', 'kwalletd5', 'kwalletd6', 'ibus-daemon', 'fcitx5'],
    ],
  },
  {
    why: 'It holds the terminals and shells of somebody.',
    names: [
      ...[
        'gnome-terminal-server',
        'konsole',
        'xterm',
        'xfce4-terminal',
        'mate-terminal',
        'tilix',
        'alacritty',
        'kitty',
      ],
      ...['foot', 'wezterm-gui', 'ptyxis', 'ptyxis-agent', 'tmux', 'screen'],
    ],
  },
  {
    why: 'It installs or updates packages: stopped half-way it would leave the system broken.',
    names: [
      ...['dpkg', 'dpkg-deb', 'apt', 'apt-get', 'aptitude', 'unattended-upgrade', 'packagekitd', 'rpm', 'dnf', 'dnf5'],
      ...['yum', 'zypper', 'pacman', 'apk', 'snapd', 'flatpak-system-helper', 'fwupd', 'fwupdmgr', 'rpm-ostree'],
    ],
  },
];

const WHY_BY_NAME: ReadonlyMap<string, string> = new Map(
  PROTECTED_PROGRAMS.flatMap(({ why, names }) => names.map((name) => [name, why] as const)),
);

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'csh', 'tcsh', 'fish', 'busybox', 'rbash']);
/** Longer chains of parents are no chains that people make. */
const MAX_DEPTH = 64;

/** The name of the executable. */
export function programName({ image }: Pick<LivingProcess, 'image'>): string {
  return image.slice(image.lastIndexOf('/') + 1);
}

/** Whether its executable is one that the system put there, and no other under its name. */
export function isSystemProgram(process: LivingProcess): boolean {
  const { image } = process;
  if (!SYSTEM_FOLDERS.some((folder) => image.startsWith(folder))) return false;
  return !NOT_OF_THE_SYSTEM.some((folder) => image.startsWith(folder)) && process.isOfTheSystem;
}

/**
 * A shell that somebody types into: it leads the session of a terminal and was given nothing to run. Leading a session
 * alone protects nobody: every service does, and every program can (setsid(2)).
 */
export function isLoginShell(process: LivingProcess): boolean {
  if (
    process.session !== process.pid ||
    !process.hasTerminal ||
    !SHELLS.has(programName(process)) ||
    !isSystemProgram(process)
  )
    return false;
  return process.words.slice(1).every((word) => word.startsWith('-') && word !== '-c');
}

/** The protect-list for what runs now. @param engine process of Holdfast itself, whose helpers run below it */
export function protectList(table: ProcessTable, engine: number): ProtectedReason {
  const aboveEngine = new Set(lineOf(table, engine));
  return (process) => {
    if (process.pid <= 1) return 'All other processes depend on it.';
    if (process.isKernelThread) return 'It is a part of the kernel.';
    if (process.pid === engine || lineOf(table, process.pid).includes(engine)) return 'It is Holdfast itself.';
    if (aboveEngine.has(process.pid)) return 'Holdfast runs below it.';
    if (isLoginShell(process)) return 'It is the shell that somebody types into.';
    const why = WHY_BY_NAME.get(programName(process));
    return why !== undefined && isSystemProgram(process) ? why : undefined;
  };
}

/** Numbers of those above a process, the nearest first. */
function lineOf(table: ProcessTable, pid: number): readonly number[] {
  const line: number[] = [];
  for (let at = table.find(pid)?.parentPid ?? 0; at > 0 && line.length < MAX_DEPTH; ) {
    line.push(at);
    at = table.find(at)?.parentPid ?? 0;
  }
  return line;
}
