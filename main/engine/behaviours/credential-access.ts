import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, HostProcess, HostProcessWithParents, ProcessAccessEvent } from '../../../contract/events.ts';
import { afterHome } from './autostart-paths.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { BROWSERS, DEBUGGERS, isSecretHolder } from './debuggers.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isInstalling, isOfTheSystem, programName } from './programs.ts';

const settings = {
  backupPrograms: {
    type: 'list',
    default: [
      'restic',
      'borg',
      'duplicity',
      'rsync',
      'tar',
      'rclone',
      'bacula-fd',
      'timeshift',
      'deja-dup',
      'kopia',
      'updatedb',
      'clamscan',
      'clamd',
      'freshclam',
      'aide',
      'tripwire',
    ],
    reason: 'Programs of the system that read every file; they read passwords without meaning these.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

interface Store {
  readonly what: string;
  readonly techniques: readonly string[];
  readonly severity: Severity;
  /** Files by their whole path, or in a home directory by what stands behind it (`~`). */
  holds(path: string, home: string | undefined): boolean;
  readonly readers: ReadonlySet<string>;
}

/** They ask who somebody is. */
const LOGIN_PROGRAMS = [
  'sshd',
  'sshd-session',
  'sshd-auth',
  'login',
  'su',
  'sudo',
  'sudoedit',
  'passwd',
  'chage',
  'chpasswd',
  'useradd',
  'usermod',
  'userdel',
  'groupadd',
  'groupmod',
  'gpasswd',
  'newgrp',
  'adduser',
  'unix_chkpwd',
  'systemd',
  'systemd-executor',
  'systemd-userdbd',
  'systemd-userwork',
  'systemd-sysusers',
  'cron',
  'crond',
  'atd',
  'gdm-session-worker',
  'gdm',
  'lightdm',
  'sddm',
  'sddm-helper',
  'polkitd',
  'polkit-agent-helper',
  'accounts-daemon',
  'nscd',
  'sssd',
  'nslcd',
  'pkexec',
  'doas',
  'vipw',
  'pwck',
  'grpck',
  'pwconv',
  'chsh',
  'chfn',
  'expiry',
  'cockpit-session',
  'xscreensaver',
  'kcheckpass',
  'i3lock',
  'swaylock',
  'vsftpd',
  'dovecot',
  'saslauthd',
  'cloud-init',
  'gnome-keyring-daemon',
  'runuser',
  'getent',
];
const KEY_PROGRAMS = [
  'ssh',
  'ssh-add',
  'ssh-agent',
  'ssh-keygen',
  'ssh-keysign',
  'ssh-copy-id',
  'scp',
  'sftp',
  'sshfs',
  'gnome-keyring-daemon',
  'gcr-ssh-agent',
  'seahorse',
  'git',
  'code',
  'ansible',
  'ansible-playbook',
  'remmina',
  'filezilla',
  'keepassxc',
  'sshd',
  'mosh',
  'autossh',
  'gpg-agent',
];

const BROWSER_FILES = [
  'logins.json',
  'key4.db',
  'key3.db',
  'signons.sqlite',
  'Login Data',
  'Login Data For Account',
  'cookies.sqlite',
  'Cookies',
  'Local State',
];
const BROWSER_FOLDERS = [
  '.mozilla/',
  '.config/google-chrome',
  '.config/chromium/',
  '.config/BraveSoftware/',
  '.config/microsoft-edge',
  '.config/opera/',
  '.config/vivaldi',
  '.thunderbird/',
  'snap/firefox/',
  '.var/app/',
  'snap/chromium/',
  '.librewolf/',
];

const STORES: readonly Store[] = [
  {
    what: 'the passwords of all users',
    techniques: ['T1003.008'],
    severity: 'high',
    holds: (path) =>
      path === '/etc/shadow' ||
      path === '/etc/shadow-' ||
      path === '/etc/gshadow' ||
      path === '/etc/gshadow-' ||
      path === '/etc/security/opasswd',
    readers: new Set(LOGIN_PROGRAMS),
  },
  {
    what: 'a private key for SSH',
    techniques: ['T1552.004'],
    severity: 'medium',
    holds: (path, home) =>
      (home?.startsWith('.ssh/') === true && home.startsWith('.ssh/id_') && !path.endsWith('.pub')) ||
      (path.startsWith('/etc/ssh/ssh_host_') && path.endsWith('_key')),
    readers: new Set(KEY_PROGRAMS),
  },
  {
    what: 'the passwords kept by a browser',
    techniques: ['T1555.003'],
    severity: 'high',
    holds: (path, home) =>
      home !== undefined &&
      BROWSER_FOLDERS.some((folder) => home.startsWith(folder)) &&
      BROWSER_FILES.includes(path.slice(path.lastIndexOf('/') + 1)),
    readers: new Set(BROWSERS),
  },
  {
    what: 'keys to a cloud',
    techniques: ['T1552.001'],
    severity: 'medium',
    holds: (_, home) =>
      home === '.aws/credentials' ||
      home === '.config/gcloud/credentials.db' ||
      home === '.config/gcloud/application_default_credentials.json' ||
      home === '.azure/accessTokens.json' ||
      home === '.kube/config' ||
      home === '.docker/config.json' ||
      home === '.git-credentials' ||
      home === '.netrc' ||
      home === '.pgpass',
    readers: new Set([
      'aws',
      'aws_completer',
      'gcloud',
      'gsutil',
      'az',
      'kubectl',
      'helm',
      'k9s',
      'docker',
      'docker-compose',
      'git',
      'git-credential-store',
      'git-remote-https',
      'curl',
      'psql',
      'pg_dump',
      'terraform',
      'python',
      'node',
      'java',
      'podman',
      'buildah',
      'skaffold',
      'code',
      'code-insiders',
      'buildkitd',
    ]),
  },
  {
    what: 'the keyring',
    techniques: ['T1555'],
    severity: 'high',
    holds: (path, home) =>
      home?.startsWith('.local/share/keyrings/') === true ||
      home?.startsWith('.local/share/kwalletd/') === true ||
      path.endsWith('.kdbx'),
    readers: new Set([
      'gnome-keyring-daemon',
      'gnome-keyring-d',
      'kwalletd',
      'seahorse',
      'keepassxc',
      'keepass',
      'ksecretd',
      'gkr-pam',
      'oo7-daemon',
    ]),
  },
];

/** What a file holds that is read by few programs; undefined for nearly every one. */
function storeOf(path: string): Store | undefined {
  const home = afterHome(path);
  if (home === undefined && !path.startsWith('/etc/') && !path.endsWith('.kdbx')) return undefined;
  return STORES.find((each) => each.holds(path, home));
}

/** Whether a file holds passwords or keys: whoever opens it is news. Quick, as every new name is asked for. */
export function holdsCredentials(path: string): boolean {
  return storeOf(path) !== undefined;
}

/** Where such files are looked for: whole paths, and folders below each home with how deep they may lie in them. */
export const CREDENTIAL_PLACES = {
  files: ['/etc/shadow', '/etc/shadow-', '/etc/gshadow', '/etc/gshadow-', '/etc/security/opasswd'],
  folders: ['/etc/ssh'],
  homeFolders: [
    { folder: '', depth: 0 },
    ...['.ssh', '.aws', '.azure', '.kube', '.docker', '.config/gcloud'].map((folder) => ({ folder, depth: 0 })),
    ...['.local/share/keyrings', '.local/share/kwalletd', 'Documents'].map((folder) => ({ folder, depth: 0 })),
    // A profile lies one to three folders deep: .mozilla/firefox/PROFILE, .config/google-chrome/Default.
    ...['.mozilla', '.thunderbird', '.librewolf', 'snap/firefox', 'snap/chromium'].map((folder) => ({
      folder,
      depth: 4,
    })),
    ...['google-chrome', 'chromium', 'BraveSoftware', 'microsoft-edge', 'opera', 'vivaldi'].map((name) => ({
      folder: `.config/${name}`,
      depth: 3,
    })),
  ],
} as const;

/** Passwords and keys are read by a program whose they are not. */
class CredentialWatcher implements Behaviour {
  readonly #context: Context;
  readonly #backups: ReadonlySet<string>;

  constructor(context: Context) {
    this.#context = context;
    this.#backups = new Set(context.settings.backupPrograms);
  }

  event(event: HostEvent): void {
    if (event.type === 'process-access') this.#access(event);
    else if (event.type === 'file-opened' && event.process !== undefined)
      this.#read(event.process, event.path, event.timeMs);
  }

  #read(process: HostProcessWithParents, path: string, timeMs: number): void {
    const store = storeOf(path);
    if (store === undefined) return;
    const name = programName(process.image);
    if (isOfTheSystem(process) && (store.readers.has(name) || this.#backups.has(name))) return;
    if (isInstalling([process, ...this.#context.processes.ancestors(process)])) return;
    this.#context.report(
      hostFinding(
        {
          detector: 'credential-access',
          kind: 'credential-access',
          cause: `credential-access/${processKey(process)}`,
          firstSeenMs: timeMs,
          lastSeenMs: timeMs,
          // Who it was that was gone too soon cannot be said: it may have been one that has the right.
          severity: process.image === '' ? 'low' : store.severity,
          confidence: process.image === '' ? 0.4 : isOfTheSystem(process) ? 0.65 : 0.8,
          techniques: store.techniques,
          title: `${shownProgram(process)} read ${store.what}`,
          explanation: `${shownPath(path)} holds ${store.what}. Only the programs that it belongs to have a reason to read it, and this is none of them. Intruders copy such files to find out passwords elsewhere.`,
          evidence: [{ name: 'file', value: shownPath(path), meaning: `It holds ${store.what}.` }],
          process,
          files: [path],
        },
        this.#context.processes,
      ),
    );
  }

  #access({ process, target, access, timeMs }: ProcessAccessEvent): void {
    // What changes the other program is process-injection.ts's.
    if (access !== 'read-memory' || process.pid === target.pid || isChild(target, process, this.#context)) return;
    if (isOfTheSystem(process) && (DEBUGGERS.has(programName(process.image)) || process.image === target.image)) return;
    const isHolder = isSecretHolder(target);
    this.#context.report(
      hostFinding(
        {
          detector: 'credential-access',
          kind: 'credential-access',
          cause: `credential-access/${processKey(process)}/${processKey(target)}`,
          firstSeenMs: timeMs,
          lastSeenMs: timeMs,
          severity: isHolder ? 'high' : 'medium',
          confidence: isHolder ? 0.85 : 0.65,
          techniques: ['T1003.007'],
          title: `${shownProgram(process)} read the memory of ${shownProgram(target)}`,
          explanation:
            'In the memory of a program stand the passwords and keys that it works with. Debuggers read it to find faults; this program is none that is known, and did not start the other one.',
          evidence: [{ name: 'target', value: shownPath(target.image), meaning: 'The program that was looked into.' }],
          process,
        },
        this.#context.processes,
      ),
    );
  }
}

/** Whoever starts a program may look into it: test runners, supervisors, sandboxes. */
function isChild(target: HostProcess, process: HostProcess, context: Context): boolean {
  return context.processes.ancestors(target).some(({ pid }) => pid === process.pid);
}

export const credentialAccessBehaviour = defineBehaviour({
  id: 'credential-access',
  kinds: ['credential-access'],
  summary: 'Passwords, keys or another program’s memory are touched by a program whose they are not.',
  techniques: [...new Set(STORES.flatMap(({ techniques }) => techniques)), 'T1003.007'],
  settings,
  events: ['file-opened', 'process-access'],
  memoryBound: 'none',
  create: (context) => new CredentialWatcher(context),
});
