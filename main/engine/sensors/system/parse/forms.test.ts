import { describe, expect, it } from 'vitest';
import type { ContentForm } from '../../../runtime/autostart/index.ts';
import { PARSERS } from '../places.ts';

interface Case {
  readonly form: ContentForm;
  readonly text: string;
  /** What of it starts something; all the rest does not. */
  readonly starts: readonly string[];
}

const CASES: readonly Case[] = [
  {
    form: 'ssh-server',
    text: `Include /etc/ssh/sshd_config.d/*.conf
Port 22
#PermitRootLogin yes
PermitRootLogin prohibit-password
  permitrootlogin=yes
PermitRootLogin "yes"
PasswordAuthentication yes
AuthorizedKeysFile\t.ssh/authorized_keys   .ssh/authorized_keys2
AuthorizedKeysFile /var/tmp/keys
AuthorizedKeysCommand none
AuthorizedKeysCommand = /usr/sbin/x
Subsystem sftp /usr/lib/openssh/sftp-server
Subsystem x /usr/sbin/y
Include /tmp/x
Match User eve
ForceCommand internal-sftp
ForceCommand /usr/sbin/x`,
    starts: [
      'permitrootlogin=yes',
      'PermitRootLogin "yes"',
      'AuthorizedKeysFile /var/tmp/keys',
      'AuthorizedKeysCommand = /usr/sbin/x',
      'Subsystem x /usr/sbin/y',
      'Include /tmp/x',
      'ForceCommand /usr/sbin/x',
    ],
  },
  {
    form: 'ssh-client',
    text: `Host *
IdentityFile ~/.ssh/x
ProxyCommand none
ProxyCommand /opt/x %h
PermitLocalCommand yes
LocalCommand x
Match host x exec "y"
Match host x
SendEnv LANG`,
    starts: ['ProxyCommand /opt/x %h', 'PermitLocalCommand yes', 'LocalCommand x', 'Match host x exec "y"'],
  },
  {
    form: 'git',
    text: `[user]
\tname = Ada
[core]
\tpager = less -R
\teditor = "vim"
\tsshCommand = /opt/x
\thooksPath = hooks
\tfsmonitor = true
[Alias] s = status
\tx = "!curl x"
[filter "lfs"]
\tclean = git-lfs clean -- %f
[filter "a]b"] clean = sh -c x
[credential "https://x"]
\thelper = store
\thelper = !x
[includeIf "gitdir:~/x"]
\tpath = y
[remote "origin"]
\turl = https://x/y
; pager = /x`,
    starts: [
      'core.sshCommand = /opt/x',
      'core.hooksPath = hooks',
      'Alias.x = "!curl x"',
      'filter "a]b".clean = sh -c x',
      'credential "https://x".helper = !x',
      'includeIf "gitdir:~/x".path = y',
    ],
  },
  {
    form: 'sysctl',
    text: `# kernel.modprobe=/x
net.ipv4.ip_forward=1
kernel.core_pattern=core.%p
kernel.core_pattern = |/usr/sbin/x %p
-kernel/modprobe=/x`,
    starts: ['kernel.core_pattern=|/usr/sbin/x %p', 'kernel.modprobe=/x'],
  },
  { form: 'kernel-value', text: '|/usr/sbin/x %p\n', starts: ['|/usr/sbin/x %p'] },
  { form: 'kernel-value', text: 'core\n', starts: [] },
  {
    form: 'binary-format',
    text: 'enabled\ninterpreter /usr/sbin/x\nflags: OC\noffset 0\nmagic 7f45\n',
    starts: ['interpreter /usr/sbin/x', 'flags: OC', 'magic 7f45'],
  },
  { form: 'binary-format', text: 'disabled\ninterpreter /usr/sbin/x\n', starts: [] },
  {
    form: 'python-path',
    text: '# import x\n./x\nimport os; os.system("x")\nimportant\nimport\tx\n',
    starts: ['import os; os.system("x")', 'import\tx'],
  },
  {
    form: 'php',
    text: '; auto_prepend_file = /x\nauto_prepend_file =\nauto_append_file = /x\nextension=curl\nextension=/x.so\n',
    starts: ['auto_append_file = /x', 'extension=/x.so'],
  },
  {
    form: 'interface',
    text: 'iface eth0 inet dhcp\n  up /x\n  post-down y\nPrivateKey = secret\nPostUp = z\naddress 1.2.3.4\n',
    starts: ['up /x', 'post-down y', 'PostUp = z'],
  },
  {
    form: 'log-rotation',
    text: '/var/log/x {\n  weekly\n  postrotate\n    /x || true\n  endscript\n  rotate 4\n}\ncompresscmd /y\n',
    starts: ['/x || true', 'compresscmd /y'],
  },
  {
    form: 'window-manager',
    text: 'set $mod Mod4\nbindsym $mod+Return exec xterm\nexec --no-startup-id /x\nexec-once = y\n# exec z\n',
    starts: ['exec --no-startup-id /x', 'exec-once = y'],
  },
  {
    form: 'bus-service',
    text: '[D-BUS Service]\nName=org.x\nExec=/x\nUser=root\n[Other]\nExec=/y\n',
    starts: ['Name=org.x', 'Exec=/x', 'User=root'],
  },
  {
    form: 'manager',
    text: '[Manager]\nDefaultTimeoutStopSec=5s\nDefaultEnvironment=\nDefaultEnvironment=LD_PRELOAD=/x\n',
    starts: ['DefaultEnvironment=LD_PRELOAD=/x'],
  },
  {
    form: 'markup',
    text: '<?xml?>\n<!-- x -->\n<description xml:lang="de">x</description>\n<allow_any>yes</allow_any>\n<policy user="x">\n',
    starts: ['<allow_any>yes</allow_any>', '<policy user="x">'],
  },
  {
    form: 'code',
    text: '// x\n/**/polkit.addRule(() => "yes");\n',
    starts: ['/**/polkit.addRule(() => "yes");'],
  },
  {
    form: 'apt',
    text: '// x\n# x\n/* x\n * x\n */\n/* x */ DPkg::Post-Invoke {"/x";};\n#include "/tmp/x"\n#clear y;\n',
    starts: ['*/', '/* x */ DPkg::Post-Invoke {"/x";};', '#include "/tmp/x"', '#clear y;'],
  },
];

describe('PARSERS', () => {
  it.each(CASES)('of $form keeps what starts something and nothing else', ({ form, text, starts }) => {
    expect(PARSERS[form](text, undefined).map(({ content }) => content)).toEqual(starts);
  });

  it('names whom a service of the message bus runs as', () => {
    const text = '[D-BUS Service]\nExec=/x\nUser=ada\n';
    expect(PARSERS['bus-service'](text, 'root')).toEqual([
      { content: 'Exec=/x', user: 'ada' },
      { content: 'User=ada', user: 'ada' },
    ]);
  });
});
