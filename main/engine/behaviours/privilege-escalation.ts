import type { Severity } from '../../../contract/domain.ts';
import type {
  AccountChangeEvent,
  FileAttributesEvent,
  FileCreatedEvent,
  FileWrittenEvent,
  HostEvent,
  HostProcessWithParents,
  ProcessCredentialsEvent,
} from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isInOpenFolder, isInstalling, isInterpreter, isOfTheSystem, isShell, programName } from './programs.ts';

const settings = {} as const;
type Context = BehaviourContext<typeof settings>;

const SET_UID = 0o4000;
const SET_GID = 0o2000;
const GROUP_EXECUTE = 0o010;

/** Programs that are set-uid or root's on purpose, and make others root after asking. */
const GRANTS = new Set([
  'sudo',
  'sudoedit',
  'su',
  'pkexec',
  'doas',
  'polkit-agent-helper',
  'login',
  'sshd',
  'sshd-session',
  'gdm-session-worker',
  'lightdm',
  'sddm-helper',
  'cron',
  'crond',
  'atd',
  'newuidmap',
  'newgidmap',
  'newgrp',
  'sg',
  'passwd',
  'chsh',
  'chfn',
  'gpasswd',
  'chage',
  'mount',
  'umount',
  'fusermount',
  'ping',
  'crontab',
  'at',
  'unix_chkpwd',
  'snap-confine',
  'bwrap',
  'dbus-daemon-launch-helper',
  'ssh-keysign',
  'chrome-sandbox',
  'chrome_sandbox',
  'runc',
  'crun',
  'containerd-shim',
  'dockerd',
  'podman',
  'systemd',
  'systemd-executor',
  'ntfs-3g',
  'vmware-user-suid-wrapper',
  'kismet_cap_linux_wifi',
  'expiry',
  'pppd',
  'exim',
  'sendmail',
  'postdrop',
  'postqueue',
  'mount.nfs',
  'mount.cifs',
  'firejail',
  'Xorg',
  'xorg.wrap',
]);
/** Members of these may become root, or read what root reads. */
const STRONG_GROUPS: Readonly<Record<string, Severity>> = {
  root: 'high',
  sudo: 'high',
  wheel: 'high',
  admin: 'high',
  docker: 'medium',
  lxd: 'medium',
  incus: 'medium',
  libvirt: 'low',
  disk: 'high',
  shadow: 'high',
  adm: 'low',
  kvm: 'low',
  'systemd-journal': 'low',
};
/** They set users and groups up for an administrator, who was asked by sudo. */
const ACCOUNT_TOOLS = new Set([
  'gnome-control-center',
  'accounts-daemon',
  'gnome-initial-setup',
  'cloud-init',
  'systemd-sysusers',
  'systemd-homed',
  'kcmshell',
]);

interface Said {
  readonly cause: string;
  readonly severity: Severity;
  readonly confidence: number;
  readonly techniques: readonly string[];
  readonly title: string;
  readonly explanation: string;
  readonly files?: readonly string[];
}

/** Rights that nobody gave: root without a way to root, new set-uid files, members of strong groups. */
class PrivilegeWatcher implements Behaviour {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (!('process' in event) && event.type !== 'account-change') return;
    const process = 'process' in event ? event.process : undefined;
    const said = this.#look(event, process);
    if (said === undefined) return;
    // Asked last: of thousands of files that are written hardly any is worth the question.
    const lineage = process === undefined ? [] : [process, ...this.#context.processes.ancestors(process)];
    if (isInstalling(lineage)) return;
    this.#context.report(
      hostFinding(
        {
          detector: 'privilege-escalation',
          kind: 'privilege-escalation',
          firstSeenMs: event.timeMs,
          lastSeenMs: event.timeMs,
          evidence: [],
          ...said,
          ...(process !== undefined && { process }),
        },
        this.#context.processes,
      ),
    );
  }

  #look(event: HostEvent, process: HostProcessWithParents | undefined): Said | undefined {
    switch (event.type) {
      case 'process-credentials':
        return becameRoot(event, [event.process, ...this.#context.processes.ancestors(event.process)]);
      case 'file-attributes':
        return event.changed.includes('mode') || event.changed.includes('owner')
          ? setUidFile(event, event.before?.mode, process)
          : undefined;
      case 'file-created':
      case 'file-written':
        return setUidFile(event, undefined, process);
      case 'account-change':
        return strongAccount(event, process);
      default:
        return undefined;
    }
  }
}

function becameRoot(
  { process, before, after }: ProcessCredentialsEvent,
  lineage: readonly HostProcessWithParents[],
): Said | undefined {
  const wasRoot = before.uid === 0 || before.euid === 0;
  if (wasRoot || after.euid !== 0) return undefined;
  // The one that changed, or whoever ran it, is allowed to give rights; only programs of the system are believed.
  if (lineage.slice(0, 2).some((each) => GRANTS.has(programName(each.image)) && isOfTheSystem(each))) return undefined;
  // A set-uid program of the system changes the effective user alone; the weakness is then what it runs.
  if (isOfTheSystem(process) && after.uid !== 0 && !isShell(process) && !isInterpreter(process)) return undefined;
  const isInteractive = isShell(process) || isInterpreter(process) || !isOfTheSystem(process);
  return {
    cause: `privilege-escalation/${processKey(process)}`,
    severity: isInteractive ? 'critical' : 'high',
    confidence: isInteractive ? 0.85 : 0.6,
    techniques: after.uid === 0 ? ['T1068'] : ['T1548.001', 'T1068'],
    title: `${shownProgram(process)} became root without sudo or the like`,
    explanation:
      'A program of an ordinary user got the rights of root, though none of the programs that may give them was asked (sudo, su, pkexec and others). That is what an attack on a weakness of the kernel or of a program with special rights looks like.',
  };
}

function setUidFile(
  event: FileAttributesEvent | FileCreatedEvent | FileWrittenEvent,
  before: number | undefined,
  process: HostProcessWithParents | undefined,
): Said | undefined {
  const { path, file } = event;
  const mode = file?.mode;
  if (mode === undefined || file?.kind === 'directory') return undefined;
  const isNew = (mode & SET_UID) !== 0 && ((before ?? 0) & SET_UID) === 0;
  const isGroup = (mode & SET_GID) !== 0 && (mode & GROUP_EXECUTE) !== 0 && ((before ?? 0) & SET_GID) === 0;
  if (!isNew && !isGroup) return undefined;
  const isRoots = file?.uid === undefined || file.uid === 0;
  const isOdd = isInOpenFolder(path) || path.startsWith('/home/') || isShell({ pid: 0, image: path, commandLine: '' });
  return {
    cause: `privilege-escalation/${path}`,
    severity: isNew && isRoots && isOdd ? 'high' : isNew ? 'medium' : 'low',
    confidence: isOdd ? 0.8 : 0.6,
    techniques: ['T1548.001'],
    title: `${process === undefined ? 'Something' : shownProgram(process)} made ${shownPath(path)} run with the rights of its ${isNew ? 'owner' : 'group'}`,
    explanation: `Whoever runs this file has the rights of its ${isNew ? 'owner' : 'group'} from now on, without a password. Packages do that for a few programs; intruders do it to become root again whenever they like. No package manager did this.`,
    files: [path],
  };
}

function strongAccount(event: AccountChangeEvent, process: HostProcessWithParents | undefined): Said | undefined {
  const { subject, action, name, member, id } = event;
  if (process !== undefined && ACCOUNT_TOOLS.has(programName(process.image)) && isOfTheSystem(process))
    return undefined;
  const user = plainText(member ?? name, 64);
  if (subject === 'group' && action === 'member-added' && member !== undefined && Object.hasOwn(STRONG_GROUPS, name)) {
    return {
      cause: `privilege-escalation/group/${name}/${member}`,
      severity: STRONG_GROUPS[name] ?? 'low',
      confidence: 0.6,
      techniques: ['T1098.007'],
      title: `${user} became a member of the group ${plainText(name, 64)}`,
      explanation: `Members of this group have more rights than others; those of sudo, wheel and docker can become root. Administrators add members now and then; intruders add themselves to keep what they got.`,
    };
  }
  if (subject === 'user' && (action === 'added' || action === 'changed') && id === 0 && name !== 'root') {
    return {
      cause: `privilege-escalation/user/${name}`,
      severity: 'high',
      confidence: 0.85,
      techniques: ['T1136.001', 'T1098'],
      title: `${user} is a second root`,
      explanation:
        'This user has the number 0, and with it all rights of root under another name. No system needs that; it is a way to come back that is easily overlooked.',
    };
  }
  if (subject === 'user' && action === 'added' && process !== undefined && !isOfTheSystem(process)) {
    return {
      cause: `privilege-escalation/user/${name}`,
      severity: 'medium',
      confidence: 0.65,
      techniques: ['T1136.001'],
      title: `${user} is a new user of this computer`,
      explanation:
        'A program that does not belong to the system made an account. Administrators use the tools of the system for that; intruders make accounts to come back by the front door.',
    };
  }
  return undefined;
}

export const privilegeEscalationBehaviour = defineBehaviour({
  id: 'privilege-escalation',
  kinds: ['privilege-escalation'],
  summary:
    'A program becomes root without being let, a file gives its owner’s rights away, or a user gets strong rights.',
  techniques: ['T1068', 'T1548.001', 'T1098.007', 'T1136.001', 'T1098'],
  settings,
  events: ['process-credentials', 'file-attributes', 'file-created', 'file-written', 'account-change'],
  memoryBound: 'none',
  create: (context) => new PrivilegeWatcher(context),
});
