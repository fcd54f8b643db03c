/** sshd_config(5) and ssh_config(5): the settings that let somebody in or run something. Pure. */
import type { StartItem } from '../start-item.ts';
import { cutLine, statements } from './lines.ts';

/** By the name of a setting in lower case: values with which it does neither, in lower case. */
type Settings = ReadonlyMap<string, readonly string[]>;

const SERVER: Settings = new Map([
  ['authorizedkeyscommand', ['none']],
  ['authorizedkeyscommanduser', ['none', 'nobody']],
  ['authorizedkeysfile', ['none', '.ssh/authorized_keys', '.ssh/authorized_keys .ssh/authorized_keys2']],
  ['authorizedprincipalscommand', ['none']],
  ['authorizedprincipalsfile', ['none']],
  ['forcecommand', ['none', 'internal-sftp']],
  ['hostbasedauthentication', ['no']],
  ['ignorerhosts', ['yes', 'shosts-only']],
  ['include', ['/etc/ssh/sshd_config.d/*.conf', '/usr/etc/ssh/sshd_config.d/*.conf']],
  ['permitemptypasswords', ['no']],
  ['permitrootlogin', ['no', 'prohibit-password', 'without-password', 'forced-commands-only']],
  ['permituserenvironment', ['no']],
  ['securitykeyprovider', ['internal']],
  ['setenv', []],
  ['strictmodes', ['yes']],
  [
    'subsystem',
    [
      'sftp internal-sftp',
      'sftp /usr/lib/openssh/sftp-server',
      'sftp /usr/lib/ssh/sftp-server',
      'sftp /usr/libexec/openssh/sftp-server',
      'sftp /usr/libexec/sftp-server',
    ],
  ],
  ['trustedusercakeys', ['none']],
  ['xauthlocation', ['/usr/bin/xauth']],
]);

const CLIENT: Settings = new Map([
  ['include', ['/etc/ssh/ssh_config.d/*.conf', '/usr/etc/ssh/ssh_config.d/*.conf', 'config.d/*', '~/.ssh/config.d/*']],
  ['knownhostscommand', ['none']],
  ['localcommand', ['none']],
  ['permitlocalcommand', ['no']],
  ['pkcs11provider', ['none']],
  ['proxycommand', ['none']],
  ['remotecommand', ['none']],
  ['securitykeyprovider', ['internal']],
  ['xauthlocation', ['/usr/bin/xauth']],
]);

/** Who gets in without being asked for what others are asked for, and what runs when somebody does. */
export function parseSshServer(text: string, owner: string | undefined): readonly StartItem[] {
  return itemsOf(text, owner, SERVER);
}

/** What runs with a connection to elsewhere. */
export function parseSshClient(text: string, owner: string | undefined): readonly StartItem[] {
  return itemsOf(text, owner, CLIENT);
}

function itemsOf(text: string, user: string | undefined, settings: Settings): readonly StartItem[] {
  const items: StartItem[] = [];
  for (const line of statements(text)) {
    // Between the name and what it is set to are spaces, or one "=" among them.
    const end = line.search(/[\s="]/);
    const key = (end === -1 ? line : line.slice(0, end)).toLowerCase();
    const value = end === -1 ? '' : line.slice(end).trim().replace(/^=/, '').trim();
    const harmless = key === 'match' ? matchWithoutCommand(value) : settings.get(key);
    const plain = value.slice(0, MAX_VALUE).replaceAll('"', '').split(/\s+/).join(' ').toLowerCase();
    if (harmless !== undefined && !harmless.includes(plain)) items.push({ content: cutLine(line), user });
  }
  return items;
}

/** Longer than every value that does nothing. */
const MAX_VALUE = 256;

/** "Match exec COMMAND" runs the command to find out; undefined for every other condition. */
function matchWithoutCommand(value: string): readonly string[] | undefined {
  return value.toLowerCase().includes('exec') ? [] : undefined;
}
