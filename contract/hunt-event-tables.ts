/** Tables of Hunt about what happened on the host (events.ts); joined with the others in hunt-tables.ts. */
import type { HuntField, HuntTable } from './hunt-tables.ts';

export const HUNT_FILE_EVENTS = [
  'created',
  'written',
  'renamed',
  'deleted',
  'attributes',
  'executed',
  'opened',
] as const;
export const HUNT_CONNECTION_EVENTS = ['connection', 'dns', 'listener-opened', 'listener-closed'] as const;
export const HUNT_LOGIN_EVENTS = ['login', 'logout'] as const;
export const HUNT_CHANGE_EVENTS = [
  'account',
  'service',
  'autostart',
  'mount',
  'device',
  'firewall',
  'module-load',
  'module-unload',
  'credentials',
  'access',
  'signal',
] as const;
const FILE_KINDS = ['file', 'directory', 'symlink', 'fifo', 'socket', 'device'] as const;

const TIME: HuntField = { name: 'time', type: 'time', doc: 'When it happened.', examples: ['24h', '2026-11-20T10:00'] };
const ID: HuntField = { name: 'id', type: 'id', doc: 'The id of the event.', examples: ['e-1234'] };

/** Of the program that did it. */
const PROGRAM: readonly HuntField[] = [
  { name: 'program', type: 'text', doc: 'Path of the program that did it.', examples: ['"/usr/bin/curl"', '"curl"'] },
  { name: 'command', type: 'text', doc: 'Its command line.', examples: ['"http://"', '"base64 -d"'] },
  { name: 'pid', type: 'number', doc: 'Its process id.', examples: ['1234'] },
  { name: 'user', type: 'text', doc: 'Whom it ran as.', examples: ['root', '"www-data"'] },
];
const event = (doc: string, choices: readonly string[]): HuntField => ({
  name: 'event',
  type: 'choice',
  doc,
  examples: choices.slice(0, 2),
  choices,
});

const PROCESSES: HuntTable = {
  name: 'processes',
  doc: 'Programs that were started.',
  columns: ['time', 'program', 'command', 'user', 'pid', 'parent', 'unit', 'exitCode', 'duration', 'id'],
  fields: [
    TIME,
    ...PROGRAM,
    { name: 'name', type: 'text', doc: 'What it calls itself.', examples: ['"bash"'] },
    { name: 'parent', type: 'text', doc: 'Path of the program that started it.', examples: ['"/usr/sbin/nginx"'] },
    { name: 'parentCommand', type: 'text', doc: 'Command line of that program.', examples: ['"sh -c"'] },
    { name: 'parentPid', type: 'number', doc: 'Process id of that program.', examples: ['1'] },
    { name: 'package', type: 'text', doc: 'The package that owns it.', examples: ['"dpkg:curl"'] },
    { name: 'unit', type: 'text', doc: 'The unit of systemd that it ran in.', examples: ['"ssh.service"'] },
    {
      name: 'container',
      type: 'text',
      doc: 'The container that it ran in; empty outside of one.',
      examples: ['"4f1c"'],
    },
    { name: 'terminal', type: 'text', doc: 'Its terminal; empty without one.', examples: ['"pts/0"'] },
    { name: 'directory', type: 'text', doc: 'Where it was started.', examples: ['"/tmp"'] },
    { name: 'sha256', type: 'text', doc: 'SHA-256 of the program.', examples: ['"9f86d081"'] },
    {
      name: 'input',
      type: 'text',
      doc: 'What its standard input was: terminal, file, pipe, socket.',
      examples: ['socket'],
    },
    { name: 'exitCode', type: 'number', doc: 'With what it ended; empty while it runs.', examples: ['0', '1'] },
    { name: 'signal', type: 'number', doc: 'The signal that ended it.', examples: ['9'] },
    { name: 'duration', type: 'duration', doc: 'How long it ran; empty while it does.', examples: ['1s', '10m'] },
    ID,
  ],
};

const FILES: HuntTable = {
  name: 'files',
  doc: 'Files that were made, written, renamed, removed, changed or executed.',
  columns: ['time', 'event', 'path', 'program', 'user', 'pid', 'size', 'id'],
  fields: [
    TIME,
    event('What happened to it.', HUNT_FILE_EVENTS),
    {
      name: 'path',
      type: 'text',
      doc: 'Its path; of a renamed file the new one.',
      examples: ['"/etc/passwd"', '"/etc/"'],
    },
    {
      name: 'otherPath',
      type: 'text',
      doc: 'The name before, or what a new link points to.',
      examples: ['"/tmp/new"'],
    },
    { name: 'size', type: 'bytes', doc: 'Its size afterwards.', examples: ['1MB'] },
    { name: 'kind', type: 'choice', doc: 'What it is.', examples: ['file', 'symlink'], choices: FILE_KINDS },
    { name: 'mode', type: 'text', doc: 'Its permissions afterwards, octal.', examples: ['"4755"'] },
    { name: 'owner', type: 'number', doc: 'User id of its owner.', examples: ['0'] },
    ...PROGRAM,
    { name: 'sha256', type: 'text', doc: 'SHA-256 of its content, where it was taken.', examples: ['"9f86d081"'] },
    ID,
  ],
};

const CONNECTIONS: HuntTable = {
  name: 'connections',
  doc: 'Connections of programs of this computer, names that they asked for, and ports that they listened on.',
  columns: ['time', 'event', 'program', 'pid', 'user', 'direction', 'remote', 'remotePort', 'localPort', 'name', 'id'],
  fields: [
    TIME,
    event('What the program did.', HUNT_CONNECTION_EVENTS),
    { name: 'host', type: 'address', doc: 'Either end.', examples: ['10.0.0.5', '10.0.0.0/8'], isMany: true },
    { name: 'remote', type: 'address', doc: 'The other end.', examples: ['203.0.113.7', '10.0.0.0/8'] },
    { name: 'local', type: 'address', doc: 'The address of this computer.', examples: ['127.0.0.1'] },
    { name: 'port', type: 'port', doc: 'The port of either end.', examples: ['22', '4444'], isMany: true },
    { name: 'remotePort', type: 'port', doc: 'The port of the other end.', examples: ['443', '4444'] },
    { name: 'localPort', type: 'port', doc: 'The port of this computer.', examples: ['22'] },
    {
      name: 'direction',
      type: 'choice',
      doc: 'Who began it.',
      examples: ['outbound', 'inbound'],
      choices: ['outbound', 'inbound'],
    },
    {
      name: 'transport',
      type: 'choice',
      doc: 'How it was carried.',
      examples: ['tcp', 'udp'],
      choices: ['tcp', 'udp', 'icmp', 'other'],
    },
    {
      name: 'name',
      type: 'text',
      doc: 'The name of the other end, or that was asked for.',
      examples: ['"example.org"'],
    },
    { name: 'recordType', type: 'text', doc: 'Of names: what was asked for.', examples: ['TXT'] },
    { name: 'response', type: 'text', doc: 'Of names: how it was answered.', examples: ['NXDOMAIN'] },
    ...PROGRAM,
    { name: 'flow', type: 'id', doc: 'The id of the stored flow.', examples: ['s-1234'] },
    ID,
  ],
};

const LOGS: HuntTable = {
  name: 'logs',
  doc: 'Lines of logs and records of the audit system.',
  columns: ['time', 'service', 'identifier', 'message', 'pid', 'id'],
  fields: [
    TIME,
    { name: 'service', type: 'text', doc: 'What wrote it.', examples: ['sshd', 'sudo', 'auditd'] },
    { name: 'message', type: 'text', doc: 'The line; of an audit record its fields.', examples: ['"Failed password"'] },
    {
      name: 'identifier',
      type: 'text',
      doc: 'The name that the writer gave itself, or the type of the record.',
      examples: ['EXECVE'],
    },
    { name: 'unit', type: 'text', doc: 'The unit of systemd.', examples: ['"ssh.service"'] },
    { name: 'pid', type: 'number', doc: 'The process id that the line names.', examples: ['1234'] },
    {
      name: 'file',
      type: 'text',
      doc: 'The file of the log; empty for the journal.',
      examples: ['"/var/log/auth.log"'],
    },
    { name: 'fields', type: 'text', doc: 'What was read out of the line, as JSON.', examples: ['"COMMAND"'] },
    ID,
  ],
};

const LOGINS: HuntTable = {
  name: 'logins',
  doc: 'Logins to this computer, with and without success, and their ends.',
  columns: ['time', 'event', 'result', 'user', 'target', 'service', 'method', 'address', 'id'],
  fields: [
    TIME,
    event('Whether a session began or ended.', HUNT_LOGIN_EVENTS),
    {
      name: 'result',
      type: 'choice',
      doc: 'Whether it was let in; empty of ends.',
      examples: ['success', 'failure'],
      choices: ['failure', 'success'],
    },
    { name: 'user', type: 'text', doc: 'Who.', examples: ['root', '"ada"'] },
    { name: 'target', type: 'text', doc: 'Whom the session belongs to then: root for sudo.', examples: ['root'] },
    { name: 'service', type: 'text', doc: 'The program that asked.', examples: ['sshd', 'sudo'] },
    { name: 'method', type: 'text', doc: 'What was shown.', examples: ['password', 'publickey'] },
    { name: 'address', type: 'address', doc: 'Where from; empty of this computer.', examples: ['203.0.113.7'] },
    { name: 'port', type: 'port', doc: 'The port there.', examples: ['50123'] },
    { name: 'terminal', type: 'text', doc: 'The terminal.', examples: ['"pts/0"'] },
    { name: 'session', type: 'number', doc: 'The audit session.', examples: ['3'] },
    { name: 'pid', type: 'number', doc: 'Process id of the program that asked.', examples: ['1234'] },
    ID,
  ],
};

const CHANGES: HuntTable = {
  name: 'changes',
  doc: 'Changes of the system: accounts, services, autostart, mounts, devices, kernel modules, rights of processes.',
  columns: ['time', 'event', 'action', 'subject', 'path', 'detail', 'program', 'user', 'id'],
  fields: [
    TIME,
    event('What kind of change.', HUNT_CHANGE_EVENTS),
    { name: 'action', type: 'text', doc: 'What was done.', examples: ['added', 'removed', '"write-memory"'] },
    {
      name: 'subject',
      type: 'text',
      doc: 'What it was done to: an account, a unit, a device.',
      examples: ['"nginx.service"'],
    },
    {
      name: 'place',
      type: 'text',
      doc: 'Of autostart: the kind of place; of devices: their kind.',
      examples: ['crontab', 'usb'],
    },
    { name: 'path', type: 'text', doc: 'The file, folder or device.', examples: ['"/etc/cron.d/"'] },
    {
      name: 'detail',
      type: 'text',
      doc: 'What was written there, who joined a group, the file system.',
      examples: ['"@reboot"'],
    },
    ...PROGRAM,
    ID,
  ],
};

/** Fields whose numbers stand for something and are no amount: written without separators. */
export const HUNT_NUMBERS_THAT_NAME: ReadonlySet<string> = new Set([
  'pid',
  'parentPid',
  'exitCode',
  'signal',
  'owner',
  'session',
]);

export const HUNT_EVENT_TABLES: readonly HuntTable[] = [PROCESSES, FILES, CONNECTIONS, LOGS, LOGINS, CHANGES];
