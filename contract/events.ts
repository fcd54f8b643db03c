/**
 * What happens on the host itself: the words in which sensors tell it, and which rules, behaviours, the store and the
 * app read. Types only, and the tables of words they are made of.
 *
 * Every text comes from programs and users and is an attacker's: sensors bound it (MAX_EVENT_TEXT), and it is made safe
 * to look at (text.ts) where it is shown. A fact that the sensor could not learn is left out, never guessed: an absent
 * `user` is not root. Times are milliseconds since the epoch, fractions allowed. Paths are absolute, as the kernel sees
 * them from the host's mount namespace. Names of events are promises: names and optional facts are added, never changed.
 */

/** Everything that can happen, in the order in which the sensors tell it. */
export const HOST_EVENT_TYPES = [
  'process-start',
  'process-exit',
  'process-credentials',
  'process-access',
  'process-signal',
  'file-created',
  'file-written',
  'file-renamed',
  'file-deleted',
  'file-attributes',
  'file-executed',
  'file-opened',
  'network-connection',
  'dns-query',
  'listener-opened',
  'listener-closed',
  'login',
  'logout',
  'log-line',
  'audit-record',
  'module-load',
  'module-unload',
  'account-change',
  'service-change',
  'autostart-change',
  'mount-change',
  'device-change',
  'firewall-change',
] as const;
export type HostEventType = (typeof HOST_EVENT_TYPES)[number];

/** Longest text of one fact of an event, in UTF-16 units: the kernel's own bound of one argument (MAX_ARG_STRLEN). */
export const MAX_EVENT_TEXT = 131_072;
/** Longest list of an event: arguments, ancestors, fields of a log line. */
export const MAX_EVENT_LIST = 1_024;

/** Digests of an executable's content, lower-case hexadecimal. */
export interface FileHashes {
  readonly md5?: string;
  readonly sha1?: string;
  readonly sha256?: string;
}

/**
 * What the standard streams of a process are: a shell whose input is a socket is a shell for somebody else. Sockets of
 * this computer alone (AF_UNIX) are "local-socket": many programs use pairs of them as pipes.
 */
export const STREAM_KINDS = ['terminal', 'file', 'pipe', 'socket', 'local-socket', 'null', 'other'] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

/** A process as it was when the event happened; it may be gone when anybody reads this. */
export interface HostProcess {
  readonly pid: number;
  /** When it started: with `pid` it names one process for as long as the machine runs. */
  readonly startedMs?: number;
  /** Path of the executable: "/usr/bin/curl". Empty where it could not be read; "memfd:name" without a file. */
  readonly image: string;
  /** What the process calls itself (comm, at most 15 bytes), which need not fit the executable. */
  readonly name?: string;
  /** Arguments joined with single spaces, that of index 0 first. */
  readonly commandLine: string;
  readonly arguments?: readonly string[];
  readonly currentDirectory?: string;
  /** Name of the effective user. */
  readonly user?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly euid?: number;
  readonly egid?: number;
  /** Who logged in at the beginning of it all, whatever sudo has done since (auid). */
  readonly loginUid?: number;
  /** Audit session. */
  readonly sessionId?: number;
  /** "pts/0", "tty1". */
  readonly terminal?: string;
  /** systemd unit: "ssh.service". */
  readonly unit?: string;
  /** Id of the container as its runtime names it. */
  readonly container?: string;
  /** Package that owns the executable, with its kind: "dpkg:curl", "snap:firefox". */
  readonly package?: string;
  readonly hashes?: FileHashes;
  /** The executable was removed, or never was a file. */
  readonly isImageDeleted?: boolean;
  /**
   * It lives among other mounts (a container, a service with folders of its own), where `image` is another file than the
   * one that this computer has by that name, if it has one. `hashes` are then of the program itself, and no `package` of
   * this computer's is told.
   */
  readonly seesOtherFiles?: boolean;
  readonly standardStreams?: {
    readonly input?: StreamKind;
    readonly output?: StreamKind;
    readonly error?: StreamKind;
    /** With whom the first of them that is a socket of the network is connected. */
    readonly remote?: { readonly address: string; readonly port: number };
  };
}

/** A process with where it comes from. */
export interface HostProcessWithParents extends HostProcess {
  readonly parent?: HostProcess;
  /** Above the parent, the nearest first. Survives their exit. */
  readonly ancestors?: readonly HostProcess[];
}

interface EventBase {
  readonly timeMs: number;
}

/** A program was executed (execve); a mere fork is not told. */
export interface ProcessStartEvent extends EventBase {
  readonly type: 'process-start';
  readonly process: HostProcessWithParents;
  /** Variables that change what the loader or an interpreter runs, such as LD_PRELOAD; no others. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface ProcessExitEvent extends EventBase {
  readonly type: 'process-exit';
  readonly process: HostProcessWithParents;
  /** Exit status, where it ended by itself. */
  readonly exitCode?: number;
  /** Number of the signal that ended it. */
  readonly signal?: number;
}

/** Who a process is. */
export interface Credentials {
  readonly uid: number;
  readonly euid: number;
  readonly gid?: number;
  readonly egid?: number;
  /** Names of effective capabilities: "cap_sys_admin". */
  readonly capabilities?: readonly string[];
}

/** A process became somebody else: setuid, a set-uid program, capabilities. */
export interface ProcessCredentialsEvent extends EventBase {
  readonly type: 'process-credentials';
  readonly process: HostProcessWithParents;
  readonly before: Credentials;
  readonly after: Credentials;
}

/** A process reached into another one. */
export interface ProcessAccessEvent extends EventBase {
  readonly type: 'process-access';
  readonly process: HostProcessWithParents;
  readonly target: HostProcess;
  readonly access: 'trace' | 'read-memory' | 'write-memory';
  /** By what: ptrace(2), process_vm_readv(2) and process_vm_writev(2), or /proc/PID/mem. */
  readonly way?: 'ptrace' | 'process-vm' | 'memory-file';
}

/** A process sent a signal to another one. Told only of signals to Holdfast's own processes. */
export interface ProcessSignalEvent extends EventBase {
  readonly type: 'process-signal';
  readonly process: HostProcessWithParents;
  readonly target: HostProcess;
  /** Its number: 9 is SIGKILL. */
  readonly signal: number;
}

/** What is known of a file after the event. */
export interface FileFacts {
  readonly inode?: number;
  readonly device?: number;
  readonly sizeBytes?: number;
  /** Permission bits with set-uid, set-gid and sticky: 0o4755. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly kind?: 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device';
  readonly hashes?: FileHashes;
  /**
   * Shannon entropy of the first and the last 4 KiB, in bits for each byte: 8 is what encryption and compression make.
   * Of files only that a process wrote which has lately written several.
   */
  readonly entropy?: number;
  /** What the first bytes say the content is ("zip", "elf"); "" when they say nothing. With `entropy` only. */
  readonly magic?: string;
}

interface FileEventBase extends EventBase {
  readonly path: string;
  /** The path byte for byte, in hexadecimal, where it is not UTF-8 and `path` therefore opens nothing. */
  readonly pathBytes?: string;
  readonly file?: FileFacts;
  /** Who did it; left out where the kernel does not say. */
  readonly process?: HostProcessWithParents;
}

/** A name came to be: a new file, directory, link or device. */
export interface FileCreatedEvent extends FileEventBase {
  readonly type: 'file-created';
  /** Of links: what they point to, or the other name of the same file. */
  readonly linkTarget?: string;
}

/** Content was changed and the file closed, or it was emptied. */
export interface FileWrittenEvent extends FileEventBase {
  readonly type: 'file-written';
  /** How many such events of one process within a moment this one stands for; left out for one. */
  readonly times?: number;
}

export interface FileRenamedEvent extends FileEventBase {
  readonly type: 'file-renamed';
  /** `path` is the new name. */
  readonly previousPath: string;
}

export interface FileDeletedEvent extends FileEventBase {
  readonly type: 'file-deleted';
}

/** Owner, mode, times or extended attributes changed; `file` has them as they are now. */
export interface FileAttributesEvent extends FileEventBase {
  readonly type: 'file-attributes';
  /** What changed; all that may have where it is not known, and then there is no `before` either. */
  readonly changed: readonly ('mode' | 'owner' | 'times' | 'extended')[];
  /** As it was. */
  readonly before?: Pick<FileFacts, 'mode' | 'uid' | 'gid'>;
}

export interface FileExecutedEvent extends FileEventBase {
  readonly type: 'file-executed';
}

/** Told of few files only: those whose reading matters by itself. */
export interface FileOpenedEvent extends FileEventBase {
  readonly type: 'file-opened';
}

/** A flow began, or was there before the sensor. */
export interface NetworkConnectionEvent extends EventBase {
  readonly type: 'network-connection';
  /** Who of the two began it. */
  readonly direction: 'outbound' | 'inbound';
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'other';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Name under which the remote address was looked up or asked for (DNS, TLS, HTTP). */
  readonly remoteName?: string;
  readonly process?: HostProcessWithParents;
  /** Id of the flow in the store, to join with what was said in it. */
  readonly flowId?: string;
  /** Inode of the network namespace, where it is another one than the engine's: a container's. */
  readonly networkNamespace?: number;
}

export interface DnsQueryEvent extends EventBase {
  readonly type: 'dns-query';
  readonly name: string;
  /** "A", "AAAA", "TXT". */
  readonly recordType: string;
  /** "NOERROR", "NXDOMAIN"; left out while there is no answer. */
  readonly responseCode?: string;
  readonly answers?: readonly string[];
  readonly process?: HostProcessWithParents;
}

interface ListenerEventBase extends EventBase {
  readonly protocol: 'tcp' | 'udp';
  /** "0.0.0.0", "::", "127.0.0.1". */
  readonly address: string;
  readonly port: number;
  readonly process?: HostProcessWithParents;
  /** As of connections. */
  readonly networkNamespace?: number;
}

export interface ListenerOpenedEvent extends ListenerEventBase {
  readonly type: 'listener-opened';
}

export interface ListenerClosedEvent extends ListenerEventBase {
  readonly type: 'listener-closed';
}

/** Somebody proved to be, or failed to be, a user. */
export interface LoginEvent extends EventBase {
  readonly type: 'login';
  readonly user: string;
  readonly isSuccess: boolean;
  /** Program that asked: "sshd", "sudo", "su", "login", "gdm". */
  readonly service: string;
  /** "password", "publickey". */
  readonly method?: string;
  /** Whom the session belongs to then: "root" for sudo. */
  readonly targetUser?: string;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly terminal?: string;
  readonly sessionId?: number;
  readonly process?: HostProcessWithParents;
}

export interface LogoutEvent extends EventBase {
  readonly type: 'logout';
  readonly user: string;
  readonly service: string;
  readonly sessionId?: number;
}

/**
 * One line of a log, with what its parser made of it. Facts that have an event of their own (a login, a process) are
 * told by both: rules for logs read the line, behaviours read the event.
 */
export interface LogLineEvent extends EventBase {
  readonly type: 'log-line';
  /** What wrote it, lower case, as in LOG_SERVICES; others are taken as any log of the system. */
  readonly service: string;
  /** systemd unit, where the journal names one. */
  readonly unit?: string;
  /** Name that the writer gave itself: "sshd". */
  readonly identifier?: string;
  readonly pid?: number;
  /** Who wrote it, where it is known who had that number then. */
  readonly process?: HostProcessWithParents;
  /** Path of a log file. */
  readonly file?: string;
  readonly message: string;
  /** What the parser read, by the names of the log itself: "USER", "COMMAND"; of web servers by W3C: "cs-method". */
  readonly fields?: Readonly<Record<string, string>>;
}

/** Logs that are known by name. A service is a part of each of those that it names. */
export const LOG_SERVICES: Readonly<Record<string, readonly string[]>> = {
  sshd: ['auth', 'syslog'],
  sudo: ['auth', 'syslog'],
  su: ['auth', 'syslog'],
  login: ['auth', 'syslog'],
  pam: ['auth', 'syslog'],
  polkit: ['auth', 'syslog'],
  auth: ['syslog'],
  cron: ['syslog'],
  kernel: ['syslog'],
  systemd: ['syslog'],
  dpkg: [],
  apt: [],
  clamav: ['syslog'],
  guacamole: ['syslog'],
  vsftpd: ['syslog'],
  named: ['syslog'],
  auditd: [],
  syslog: [],
  /** Access logs; rules know them by category too. */
  nginx: [],
  apache: [],
};

/** One record of the audit system, from auditd's log or the kernel itself; several of them tell one system call. */
export interface AuditRecordEvent extends EventBase {
  readonly type: 'audit-record';
  /** "EXECVE", "PATH", "SYSCALL", "USER_LOGIN", …. */
  readonly recordType: string;
  /** Number that the records of one event share. */
  readonly serial: number;
  /** By the names of the record, decoded: a0, a1, exe, key, name, nametype; names of calls as in SYSCALL. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface ModuleLoadEvent extends EventBase {
  readonly type: 'module-load';
  readonly name: string;
  readonly path?: string;
  /** Not signed, or not from the kernel's own folder. */
  readonly isTainting?: boolean;
  readonly process?: HostProcessWithParents;
}

export interface ModuleUnloadEvent extends EventBase {
  readonly type: 'module-unload';
  readonly name: string;
  readonly process?: HostProcessWithParents;
}

/** A user or group of this computer was added, changed or removed. */
export interface AccountChangeEvent extends EventBase {
  readonly type: 'account-change';
  readonly subject: 'user' | 'group';
  readonly action: 'added' | 'changed' | 'removed' | 'member-added' | 'member-removed' | 'password-changed';
  readonly name: string;
  /** uid or gid. */
  readonly id?: number;
  /** Of changes in a group: the user. */
  readonly member?: string;
  readonly home?: string;
  readonly shell?: string;
  readonly process?: HostProcessWithParents;
}

export interface ServiceChangeEvent extends EventBase {
  readonly type: 'service-change';
  /** "nginx.service", "backup.timer". */
  readonly unit: string;
  readonly action: 'started' | 'stopped' | 'failed' | 'enabled' | 'disabled' | 'masked';
  readonly process?: HostProcessWithParents;
}

/** Places from which programs are started without anybody asking. */
export const AUTOSTART_PLACES = [
  'crontab',
  'at-job',
  'systemd-unit',
  'systemd-timer',
  'init-script',
  'shell-startup',
  'desktop-autostart',
  'ld-preload',
  'pam',
  'udev',
  'authorized-keys',
  'ssh-server',
  'ssh-client',
  'sudoers',
  'polkit',
  'd-bus',
  'network-hook',
  'kernel-module',
  'kernel-helper',
  'interpreter-startup',
  'git-settings',
  'log-rotation',
  'package-hook',
  'motd',
] as const;
export type AutostartPlace = (typeof AUTOSTART_PLACES)[number];

export interface AutostartChangeEvent extends EventBase {
  readonly type: 'autostart-change';
  readonly place: AutostartPlace;
  readonly action: 'added' | 'changed' | 'removed';
  readonly path: string;
  /** What runs, or the line that changed. */
  readonly content?: string;
  /** Whom it runs as. */
  readonly user?: string;
  readonly process?: HostProcessWithParents;
}

export interface MountChangeEvent extends EventBase {
  readonly type: 'mount-change';
  readonly action: 'mounted' | 'unmounted';
  readonly source: string;
  readonly path: string;
  readonly fileSystem?: string;
  readonly process?: HostProcessWithParents;
}

export interface DeviceChangeEvent extends EventBase {
  readonly type: 'device-change';
  readonly action: 'added' | 'removed';
  /** "usb", "block", "net". */
  readonly subsystem: string;
  readonly path: string;
  /** "1d6b". */
  readonly vendorId?: string;
  readonly productId?: string;
  readonly name?: string;
  readonly serial?: string;
}

export interface FirewallChangeEvent extends EventBase {
  readonly type: 'firewall-change';
  /**
   * "flushed": a table lost all its rules, or is gone; "opened": a chain that dropped what no rule allowed accepts it now,
   * or is gone; "changed": anything else.
   */
  readonly action: 'flushed' | 'opened' | 'changed';
  /** "nftables", "iptables". */
  readonly tool: string;
  /** "inet filter", "iptables nat". */
  readonly table: string;
  /** Of `opened`. */
  readonly chain?: string;
  /** Of `opened`, where packets of the chain come from: "input", "forward". */
  readonly hook?: string;
  /** Of the table. */
  readonly rulesBefore: number;
  readonly rulesAfter: number;
  readonly process?: HostProcessWithParents;
}

/** One thing that happened on this computer. */
export type HostEvent =
  | ProcessStartEvent
  | ProcessExitEvent
  | ProcessCredentialsEvent
  | ProcessAccessEvent
  | ProcessSignalEvent
  | FileCreatedEvent
  | FileWrittenEvent
  | FileRenamedEvent
  | FileDeletedEvent
  | FileAttributesEvent
  | FileExecutedEvent
  | FileOpenedEvent
  | NetworkConnectionEvent
  | DnsQueryEvent
  | ListenerOpenedEvent
  | ListenerClosedEvent
  | LoginEvent
  | LogoutEvent
  | LogLineEvent
  | AuditRecordEvent
  | ModuleLoadEvent
  | ModuleUnloadEvent
  | AccountChangeEvent
  | ServiceChangeEvent
  | AutostartChangeEvent
  | MountChangeEvent
  | DeviceChangeEvent
  | FirewallChangeEvent;

/** The event of a type: `HostEventOf<'process-start'>`. */
export type HostEventOf<T extends HostEventType> = Extract<HostEvent, { readonly type: T }>;
