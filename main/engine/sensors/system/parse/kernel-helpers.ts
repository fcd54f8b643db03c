/** Programs that the kernel itself starts: sysctl.d(5), core(5), binfmt_misc (kernel admin guide). Pure. */
import type { StartItem } from '../start-item.ts';
import { cutLine, linesOf, statements } from './lines.ts';

/** Parameters that name a program, or decide what one is called with. */
const PROGRAM_PARAMETERS: ReadonlySet<string> = new Set([
  'kernel.core_pattern',
  'kernel.modprobe',
  'kernel.hotplug',
  'kernel.poweroff_cmd',
  'kernel.usermodehelper.bset',
  'kernel.usermodehelper.inheritable',
]);

/** Parameters of sysctl.d(5) that name programs; "-" before one and "/" in place of dots mean the same. */
export function parseSysctl(text: string, owner: string | undefined): readonly StartItem[] {
  const items: StartItem[] = [];
  for (const line of statements(text, '#;')) {
    const equals = line.indexOf('=');
    if (equals === -1) continue;
    const name = line
      .slice(line.startsWith('-') ? 1 : 0, equals)
      .trim()
      .replaceAll('/', '.');
    const value = line.slice(equals + 1).trim();
    // A pattern without "|" is the name of a file.
    const isFile = name === 'kernel.core_pattern' && !value.startsWith('|');
    if (PROGRAM_PARAMETERS.has(name) && !isFile) items.push({ content: cutLine(`${name}=${value}`), user: owner });
  }
  return items;
}

/** A file of /proc/sys/kernel whose value is a program: "|/usr/lib/systemd/systemd-coredump %P", "/sbin/modprobe". */
export function parseKernelValue(text: string, owner: string | undefined): readonly StartItem[] {
  const [line = ''] = linesOf(text);
  return line.startsWith('|') || line.startsWith('/') ? [{ content: cutLine(line), user: owner }] : [];
}

const FORMAT_KEYS = ['interpreter ', 'flags: ', 'magic ', 'extension '];

/** A file of binfmt_misc: which program runs files of which form. One that is switched off runs nothing. */
export function parseBinaryFormat(text: string, owner: string | undefined): readonly StartItem[] {
  const lines = [...linesOf(text)];
  if (lines[0] !== 'enabled') return [];
  return lines
    .filter((line) => FORMAT_KEYS.some((key) => line.startsWith(key)))
    .map((line) => ({ content: cutLine(line), user: owner }));
}
