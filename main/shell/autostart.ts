/**
 * Start at login on Linux: a desktop entry in the user's autostart folder (Desktop Application Autostart
 * Specification 0.5). Elsewhere the system has a list of its own, which Electron knows.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface LoginStart {
  readonly isWanted: boolean;
  readonly isHidden: boolean;
  /** The program and its words. */
  readonly command: readonly string[];
}

export function autostartFile(configHome: string): string {
  return join(configHome, 'autostart', 'holdfast.desktop');
}

/** @throws an error of the file system */
export function setAutostart(path: string, start: LoginStart): void {
  if (!start.isWanted) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, autostartEntry(start), { mode: 0o644 });
}

export function autostartEntry({ command, isHidden }: LoginStart): string {
  const words = isHidden ? [...command, '--hidden'] : command;
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Holdfast',
    'Comment=Shows whether this computer is protected',
    `Exec=${words.map(execWord).join(' ')}`,
    'Icon=holdfast',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/**
 * A word of `Exec` (Desktop Entry Specification 1.5, "The Exec key"): in quotation marks, with `"`, `` ` ``, `$` and
 * `\` escaped, and "%" doubled; each backslash once more, because the value is a string of its own.
 */
export function execWord(word: string): string {
  if (/[\n\r\0]/.test(word)) throw new RangeError('a word of a desktop entry is one line');
  const quoted = word
    .replace(/["`$\\]/g, '\\$&')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%');
  return `"${quoted}"`;
}
