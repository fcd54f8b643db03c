/** Small forms of files that start something: scripts, lists of names, keys. Pure. */
import type { StartItem } from '../start-item.ts';
import { cutLine, joinedLines, linesOf, statements } from './lines.ts';

/** Every line that says something. */
export function parseScript(text: string, owner: string | undefined): readonly StartItem[] {
  return [...statements(text)].map((line) => ({ content: cutLine(line), user: owner }));
}

/** Lines that may go on after a backslash: PAM, udev. */
export function parseJoined(text: string, owner: string | undefined): readonly StartItem[] {
  return [...joinedLines(text)]
    .filter((line) => !line.startsWith('#'))
    .map((line) => ({ content: cutLine(line), user: owner }));
}

/** ld.so.preload: names of libraries between spaces, colons and line ends (ld.so(8)). */
export function parsePreload(text: string): readonly StartItem[] {
  return [...statements(text)]
    .flatMap((line) => line.split(/[\s:]/))
    .filter((name) => name !== '')
    .map((name) => ({ content: cutLine(name), user: undefined }));
}

/** apt.conf(5) has comments of C and its own, of which some are no comments: "#include" and "#clear". */
export function parseAptConfiguration(text: string): readonly StartItem[] {
  return [...linesOf(text)]
    .filter((line) => line !== '' && !isAptComment(line))
    .map((line) => ({ content: cutLine(line), user: 'root' }));
}

function isAptComment(line: string): boolean {
  if (line.startsWith('#')) return !line.startsWith('#include') && !line.startsWith('#clear');
  // Behind the end of a comment the line goes on.
  return line.startsWith('//') || ((line.startsWith('/*') || line.startsWith('*')) && !line.includes('*/'));
}

/** JavaScript, which polkit's rules are: only whole lines that are surely comments are left out. */
export function parseCode(text: string, owner: string | undefined): readonly StartItem[] {
  return [...linesOf(text)]
    .filter((line) => line !== '' && !line.startsWith('//'))
    .map((line) => ({ content: cutLine(line), user: owner }));
}

/** Elements that permit or lead elsewhere, of policies in XML; descriptions in fifty languages are left out. */
const ELEMENTS: readonly string[] = [
  ...['<allow', '<deny', '<policy', '<include', '<annotate', '<action', '<servicedir', '<servicehelper', '<type'],
  ...['<auth', '<user', '<apparmor', '<selinux', '<associate'],
];

export function parseMarkup(text: string, owner: string | undefined): readonly StartItem[] {
  return [...linesOf(text)]
    .filter((line) => ELEMENTS.some((element) => line.includes(element)))
    .map((line) => ({ content: cutLine(line), user: owner }));
}

const KEY_TYPE = /(?:^|\s)((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]{1,64}) ([A-Za-z0-9+/]{16,16384}={0,3})/;
/** Of a key's text, which is long and tells nothing to people; its end differs from key to key. */
const SHOWN_KEY_END = 24;

/** sshd(8), AUTHORIZED_KEYS: options, type, a part of the key that tells it from others, and its comment. */
export function parseAuthorizedKeys(text: string, owner: string | undefined): readonly StartItem[] {
  return [...statements(text)].map((line) => {
    const found = KEY_TYPE.exec(line);
    if (found === null) return { content: cutLine(line), user: owner };
    const [, type = '', key = ''] = found;
    const before = line.slice(0, found.index).trim();
    const after = line.slice(found.index + found[0].length).trim();
    const parts = [before, type, `…${key.slice(-SHOWN_KEY_END)}`, after].filter((part) => part !== '');
    return { content: cutLine(parts.join(' ')), user: owner };
  });
}
