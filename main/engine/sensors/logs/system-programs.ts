/** Messages of cron, polkit, the kernel, systemd and its login manager. */
import { type MessageRow, messageTable } from './form.ts';
import { type ProgramReader, service, type Tell, taintingModule } from './tells.ts';
import { fieldsOf } from './types.ts';

/** Debian's cron, cronie and anacron. */
export const readCron: ProgramReader = messageTable<Tell>([
  { form: '({user}) CMD ({command...})' },
  { form: '({user}) CMDEND ({command...})' },
  { form: '({user}) REPLACE ({crontab})' },
  { form: '({user}) BEGIN EDIT ({crontab})' },
  { form: '({user}) END EDIT ({crontab})' },
  { form: '({user}) LIST ({crontab})' },
  { form: '({user}) DELETE ({crontab})' },
  { form: '({user}) RELOAD ({crontab...})' },
  { form: '({user}) CMDOUT ({output...})' },
  { form: '({user}) MAIL ({reason...})' },
  { form: '({user}) INFO ({reason...})' },
  { form: '({user}) STARTUP ({reason...})' },
  { form: '({user}) AUTH ({reason...})' },
  { form: '({user}) ORPHAN ({reason...})' },
  { form: '({user}) WRONG {reason*}' },
  { form: '({user}) INSECURE {reason*}' },
  { form: "Job `{job...}' started" },
  { form: "Job `{job...}' terminated{rest*}" },
  { form: 'Normal exit ({count} jobs run)' },
]);

const AGENT_ACTION = 'for action {action} for {subject...} [{command...}] (owned by unix-user:{user})';

export const readPolkit: ProgramReader = messageTable<Tell>([
  {
    form: `Operator of {session} successfully authenticated as unix-user:{target} to gain {authorization} authorization ${AGENT_ACTION}`,
  },
  { form: `Operator of {session} FAILED to authenticate to gain authorization ${AGENT_ACTION}` },
  { form: 'Registered Authentication Agent for {subject...} ({details...})' },
  { form: 'Unregistered Authentication Agent for {subject...} ({details...})' },
  { form: '{user}: Executing command [USER={target}] [TTY={tty...}] [CWD={directory...}] [COMMAND={command...}]' },
  {
    form: '{user}: Error executing command as another user: {reason...} [USER={target}] [TTY={tty...}] [CWD={directory...}] [COMMAND={command...}]',
  },
  { form: '{user}: {reason...} [USER={target}] [TTY={tty...}] [CWD={directory...}] [COMMAND={command...}]' },
]);

const KERNEL_ROWS: readonly MessageRow<Tell>[] = [
  { form: 'device {device} entered promiscuous mode' },
  { form: 'device {device} left promiscuous mode' },
  { form: '{device}: entered promiscuous mode' },
  { form: '{device}: left promiscuous mode' },
  { form: '{program}[{process}]: segfault at {address} ip {instruction} sp {stack} error {error} in {object*}' },
  { form: '{program}[{process}]: segfault at {address} ip {instruction} sp {stack} error {error}' },
  { form: 'traps: {program}[{process}] {trap...} ip:{instruction} sp:{stack} error:{error} in {object*}' },
  { form: '{module}: loading out-of-tree module taints kernel.', tells: taintingModule },
  {
    form: '{module}: module verification failed: signature and/or required key missing - tainting kernel',
    tells: taintingModule,
  },
  { form: "{module}: module license '{license...}' taints kernel.", tells: taintingModule },
  { form: 'Out of memory: Killed process {process} ({program...}) {details*}' },
  { form: 'Out of memory: Kill process {process} ({program...}) {details*}' },
  { form: 'usb {port}: New USB device found, idVendor={vendor}, idProduct={product}, bcdDevice={version?}' },
  { form: 'usb {port}: New USB device found, idVendor={vendor}, idProduct={product}' },
  { form: 'usb {port}: Product: {name*}' },
  { form: 'usb {port}: Manufacturer: {name*}' },
  { form: 'usb {port}: SerialNumber: {serial*}' },
  { form: 'usb {port}: USB disconnect, device number {number}' },
  { form: 'EXT4-fs ({device}): mounted filesystem{rest*}' },
  { form: 'EXT4-fs ({device}): unmounting filesystem{rest*}' },
  { form: 'audit: type={type} audit({stamp}): {record*}' },
  { form: '[UFW {verdict}] {packet*}' },
  { form: 'Linux version {version*}' },
  { form: 'Command line: {arguments*}' },
];

const readKernelMessage = messageTable(KERNEL_ROWS);

/** Uptime has up to ten digits of seconds, and the brackets around it. */
const MAX_UPTIME = 24;

/** "[ 12345.678901] message": the uptime is a field. */
export const readKernel: ProgramReader = (message) => {
  const end = message.startsWith('[') ? message.indexOf('] ') : -1;
  const uptime = end > 0 && end < MAX_UPTIME ? message.slice(1, end).trim() : '';
  if (!/^\d{1,12}\.\d{1,9}$/.test(uptime)) return readKernelMessage(message);
  const read = readKernelMessage(message.slice(end + 2));
  const fields = fieldsOf([['uptime', uptime], ...Object.entries(read?.fields ?? {})]);
  return read === undefined ? undefined : { ...read, fields };
};

export const readSystemd: ProgramReader = messageTable<Tell>([
  { form: 'Started {unit} - {description*}', tells: service('started') },
  { form: 'Started {description...}.' },
  { form: 'Stopped {unit} - {description*}', tells: service('stopped') },
  { form: 'Stopped {description...}.' },
  { form: 'Finished {unit} - {description*}' },
  { form: 'Failed to start {unit} - {description*}' },
  { form: 'Failed to start {description...}.' },
  { form: "{unit}: Failed with result '{result}'.", tells: service('failed') },
  { form: '{unit}: Main process exited, code={code}, status={status*}' },
  { form: '{unit}: Scheduled restart job, restart counter is at {count}.' },
  { form: '{unit}: Deactivated successfully.' },
  { form: '{unit}: Succeeded.' },
  { form: '{unit}: Consumed {time...} CPU time{rest*}' },
  { form: 'Starting {unit} - {description*}' },
  { form: 'Starting {description...}...' },
  { form: 'Stopping {unit} - {description*}' },
  { form: 'Stopping {description...}...' },
  { form: 'Reached target {target*}' },
  { form: 'Listening on {socket*}' },
  { form: 'Created slice {slice*}' },
  { form: 'Removed slice {slice*}' },
  { form: 'Reloading{rest*}' },
  // systemd-logind. The programs that let somebody in tell the login.
  { form: 'New session {session} of user {user}.' },
  { form: "New session '{session}' of user '{user}' with class '{class}' and type '{kind}'." },
  { form: 'Session {session} logged out. Waiting for processes to exit.' },
  { form: 'Removed session {session}.' },
]);
