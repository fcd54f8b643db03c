import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MountTree, parseMountinfo } from '../../../runtime/mountinfo.ts';
import { PARSERS } from '../places.ts';
import { parseGroups, parseShadow, parseUsers } from './accounts.ts';
import { parseAnacrontab, parseSystemCrontab, parseUserCrontab } from './crontab.ts';
import { MAX_LINE, MAX_LINES } from './lines.ts';
import { parseModulePaths, parseModules } from './modules.ts';
import { parseAptConfiguration, parseAuthorizedKeys, parseJoined, parsePreload } from './startup.ts';
import { parseSudoers } from './sudoers.ts';
import { parseDesktop, parseUnit } from './unit.ts';
import { parseUtmp } from './utmp.ts';

describe('accounts', () => {
  it('reads users as the library does: the first line of a name, no lines of name services', () => {
    const text =
      'root:x:0:0:root:/root:/bin/bash\n+::::::\nbad\nada:x:1000:1000:Ada,,,:/home/ada:/bin/zsh\nroot:x:9:9::/:\n';
    expect(parseUsers(text)).toEqual([
      { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
      { name: 'ada', uid: 1000, gid: 1000, home: '/home/ada', shell: '/bin/zsh' },
    ]);
  });

  it('reads groups with their members once each', () => {
    expect(parseGroups('sudo:x:27:ada,bob,ada\nempty:x:5:\n')).toEqual([
      { name: 'sudo', gid: 27, members: ['ada', 'bob'] },
      { name: 'empty', gid: 5, members: [] },
    ]);
  });

  it('keeps no password hash, only whether it is another one', () => {
    const [open, locked, first, second] = parseShadow('a::1:\nb:!:1:\nc:$6$salt$hash:1:\nd:$6$salt$other:1:\n');
    expect([open?.password, locked?.password]).toEqual(['none', 'locked']);
    expect(first?.password).toMatch(/^[0-9a-f]{32}$/);
    expect(first?.password).not.toBe(second?.password);
  });
});

describe('crontab', () => {
  it('tells the user of a line of the system from its command', () => {
    const text = '# m h\nSHELL=/bin/sh\n17 * * * * root run-parts /etc/cron.hourly\n@reboot  ada\t/home/ada/x  -y\n';
    expect(parseSystemCrontab(text)).toEqual([
      { content: 'SHELL=/bin/sh', user: undefined },
      { content: '17 * * * * root run-parts /etc/cron.hourly', user: 'root' },
      { content: '@reboot  ada\t/home/ada/x  -y', user: 'ada' },
    ]);
  });

  it('takes the owner of a table for the user of its lines', () => {
    expect(parseUserCrontab('* * * * * curl x | sh\n', 'ada')).toEqual([
      { content: '* * * * * curl x | sh', user: 'ada' },
    ]);
    expect(parseAnacrontab('1 5 daily run\n')).toEqual([{ content: '1 5 daily run', user: 'root' }]);
  });
});

describe('sudoers', () => {
  it('joins lines and names whom a rule gives rights', () => {
    const text =
      'Defaults env_reset\n# no\n#1000 ALL=(ALL) ALL\n%sudo ALL=(ALL:ALL) \\\n  NOPASSWD: ALL\n@includedir /etc/x\n';
    expect(parseSudoers(text)).toEqual([
      { content: 'Defaults env_reset', user: undefined },
      { content: '#1000 ALL=(ALL) ALL', user: '#1000' },
      { content: '%sudo ALL=(ALL:ALL)  NOPASSWD: ALL', user: '%sudo' },
      { content: '@includedir /etc/x', user: undefined },
    ]);
  });
});

describe('units and desktop files', () => {
  it('reads what a unit runs and as whom', () => {
    const text = '[Unit]\nDescription=x\n[Service]\nUser=www\nExecStart=/bin/a \\\n  --b\n; ExecStart=/no\n';
    expect(parseUnit(text, 'root')).toEqual([{ content: 'ExecStart=/bin/a  --b', user: 'www' }]);
    expect(parseUnit('[Timer]\nOnCalendar=daily\n', 'root')).toEqual([{ content: 'OnCalendar=daily', user: 'root' }]);
  });

  it('reads only the main group of a desktop file', () => {
    const text = '[Desktop Entry]\nExec=a\nName=A\n[Desktop Action x]\nExec=b\n';
    expect(parseDesktop(text, 'ada')).toEqual([{ content: 'Exec=a', user: 'ada' }]);
  });
});

describe('small forms', () => {
  it('takes libraries of ld.so.preload apart', () => {
    expect(parsePreload('/a.so /b.so:/c.so\n# /d.so\n').map(({ content }) => content)).toEqual([
      '/a.so',
      '/b.so',
      '/c.so',
    ]);
  });

  it('shows of a key what tells it from others, with its options and its comment', () => {
    const key = `AAAAC3NzaC1lZDI1NTE5AAAA${'B'.repeat(40)}xyzxyzxyz`;
    const [item] = parseAuthorizedKeys(`command="/bin/x",no-pty ssh-ed25519 ${key} ada@laptop\n`, 'ada');
    expect(item?.content).toBe('command="/bin/x",no-pty ssh-ed25519 …BBBBBBBBBBBBBBBxyzxyzxyz ada@laptop');
  });

  it('leaves comments of apt out', () => {
    expect(parseAptConfiguration('// no\nDPkg::Post-Invoke {"x";};\n')).toEqual([
      { content: 'DPkg::Post-Invoke {"x";};', user: 'root' },
    ]);
    expect(parseJoined('auth required \\\n pam_unix.so\n# x\n', 'root')).toHaveLength(1);
  });
});

describe('mountinfo', () => {
  const TEXT =
    '27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n' +
    '40 27 0:40 / /home/a\\040b rw,nosuid - nfs4 server:/x rw\nnonsense\n41 27 0:41 / /x rw\n';

  it('reads sources, places and file systems with spaces in them', () => {
    expect(parseMountinfo(TEXT)).toEqual([
      {
        id: 27,
        parentId: 1,
        device: '8:1',
        root: '/',
        source: '/dev/sda1',
        path: '/',
        fileSystem: 'ext4',
        options: 'rw,relatime',
      },
      {
        id: 40,
        parentId: 27,
        device: '0:40',
        root: '/',
        source: 'server:/x',
        path: '/home/a b',
        fileSystem: 'nfs4',
        options: 'rw,nosuid',
      },
    ]);
  });

  it('says which paths others serve', () => {
    const mounts = new MountTree(parseMountinfo(TEXT));
    expect(mounts.isForeign('/home/a b/c')).toBe(true);
    expect(mounts.isForeign('/home/a bc')).toBe(false);
  });
});

describe('kernel modules', () => {
  it('reads names, sizes and taint', () => {
    const text =
      'nf_tables 311296 621 nft_compat, Live 0x0000000000000000\nevil 16384 0 - Live 0x0000000000000000 (OE)\n?\n';
    expect(parseModules(text)).toEqual([
      { name: 'nf_tables', sizeBytes: 311_296, taint: '' },
      { name: 'evil', sizeBytes: 16_384, taint: 'OE' },
    ]);
  });

  it('finds files by the names that the kernel uses', () => {
    const paths = parseModulePaths('kernel/net/nf-tables.ko.zst: kernel/a.ko\nkernel/x/b.ko:\n');
    expect([...paths]).toEqual([
      ['nf_tables', 'kernel/net/nf-tables.ko.zst'],
      ['b', 'kernel/x/b.ko'],
    ]);
  });
});

describe('utmp', () => {
  it('reads whole records of users', () => {
    const record = Buffer.alloc(384);
    record.writeInt16LE(7, 0);
    record.writeInt32LE(99, 4);
    record.write('pts/0', 8);
    record.write('ada', 44);
    record.write('10.0.0.9', 76);
    record.writeUInt32LE(1_700_000_000, 340);
    const started = { user: 'ada', terminal: 'pts/0', host: '10.0.0.9', pid: 99, startedMs: 1_700_000_000_000 };
    expect(parseUtmp(Buffer.concat([Buffer.alloc(384), record, Buffer.alloc(100)]))).toEqual([started]);
  });
});

/** Several times what a busy machine takes; work that grows with the square of the length would take minutes. */
const QUICK_MS = 4_000;

const TEXT_PARSERS: Readonly<Record<string, (text: string) => Iterable<unknown>>> = {
  users: parseUsers,
  groups: parseGroups,
  shadow: parseShadow,
  mountinfo: parseMountinfo,
  modules: parseModules,
  ...Object.fromEntries(
    Object.entries(PARSERS).map(([form, parse]) => [form, (text: string) => parse(text, 'ada')] as const),
  ),
};

describe('any text', () => {
  const pieces = fc.constantFrom(
    '\\',
    '\n',
    ' ',
    ':',
    '=',
    '#',
    '[Service]',
    'Exec',
    'ssh-rsa AAAA',
    '[alias "',
    'postrotate',
    'Match exec ',
    '"',
    '/*',
    '<allow',
    '-',
    '\0',
    '(OE)',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 2_000 }),
    fc.array(fc.oneof(pieces, fc.string({ maxLength: 20 })), { maxLength: 300 }).map((parts) => parts.join('')),
  );

  it.each(Object.entries(TEXT_PARSERS))('of %s never throws and stays bounded', (_name, parse) => {
    fc.assert(
      fc.property(text, (content) => {
        for (const item of parse(content)) {
          if (typeof item === 'object' && item !== null && 'content' in item)
            expect(String(item.content).length).toBeLessThanOrEqual(MAX_LINE);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each(Object.entries(TEXT_PARSERS))('of %s that is long and made to be slow takes no time', (_name, parse) => {
    for (const bad of [
      '\\\n'.repeat(100_000),
      'a=\\\n'.repeat(60_000),
      `ssh-rsa ${'A'.repeat(250_000)}`,
      ' '.repeat(250_000),
      ':'.repeat(250_000),
    ]) {
      const begun = performance.now();
      expect([...parse(bad)].length).toBeLessThanOrEqual(MAX_LINES * 200);
      expect(performance.now() - begun).toBeLessThan(QUICK_MS);
    }
  });
});
