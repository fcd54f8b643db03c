/** Programs in whose memory secrets stand, and programs that may look into others. */
import type { HostProcess } from '../../../contract/events.ts';
import { programName } from './programs.ts';

export const BROWSERS = [
  'firefox',
  'firefox-esr',
  'firefox-bin',
  'chrome',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'brave',
  'brave-browser',
  'msedge',
  'microsoft-edge',
  'opera',
  'vivaldi',
  'vivaldi-bin',
  'thunderbird',
  'thunderbird-bin',
  'librewolf',
  'tor-browser',
  'plugin-container',
  'crashhelper',
];

/** They hold secrets of others in their memory. */
const SECRET_HOLDERS = new Set([
  ...BROWSERS,
  'sshd',
  'sshd-session',
  'ssh-agent',
  'gnome-keyring-daemon',
  'gdm',
  'gdm-session-worker',
  'lightdm',
  'sudo',
  'su',
  'gpg-agent',
  'sssd',
  'keepassxc',
  'login',
  'passwd',
  'vsftpd',
  'apache',
  'nginx',
  'polkitd',
]);
/** They find faults in programs. */
export const DEBUGGERS = new Set([
  'gdb',
  'lldb',
  'lldb-server',
  'strace',
  'ltrace',
  'perf',
  'rr',
  'gdbserver',
  'valgrind',
  'systemd-coredump',
  'apport',
  'code',
  'java',
  'delve',
  'dlv',
  'crashpad_handler',
  'chrome_crashpad_handler',
  'drkonqi',
  'wineserver',
  'wine64-preloader',
  'wine-preloader',
  'criu',
  'htop',
  'ps',
]);

export function isSecretHolder({ image }: HostProcess): boolean {
  return SECRET_HOLDERS.has(programName(image));
}
