import type { CommandFact } from '../../../../contract/facts.ts';

/** A way in which one computer works on another. */
export interface Service {
  /** After "by": "remote desktop". */
  readonly name: string;
  readonly technique: string;
}

/** By protocol of the facts. */
export const SERVICES_OF_ADMINISTRATION: Readonly<Record<string, Service>> = {
  ssh: { name: 'SSH', technique: 'T1021.004' },
  telnet: { name: 'Telnet', technique: 'T1021' },
  rdp: { name: 'remote desktop', technique: 'T1021.001' },
  smb: { name: 'Windows file sharing', technique: 'T1021.002' },
  rpc: { name: 'remote procedure calls', technique: 'T1021' },
  vnc: { name: 'VNC', technique: 'T1021.005' },
  winrm: { name: 'Windows Remote Management', technique: 'T1021.006' },
};

/** Something done on another computer that starts a program there, or prepares it. */
export interface RemoteAction {
  readonly id: string;
  /** "created a service". */
  readonly words: string;
  readonly techniques: readonly string[];
  /** It starts a program by itself; the others only prepare or suggest it. */
  readonly isExecution: boolean;
}

const SERVICE: RemoteAction = {
  id: 'service',
  words: 'created a service',
  techniques: ['T1569.002', 'T1543.003', 'T1021.002'],
  isExecution: true,
};
const CHANGED_SERVICE: RemoteAction = {
  id: 'changed-service',
  words: 'changed the program of a service',
  techniques: ['T1569.002', 'T1543.003'],
  isExecution: true,
};
const TASK: RemoteAction = {
  id: 'task',
  words: 'created a scheduled task',
  techniques: ['T1053', 'T1021.002'],
  isExecution: true,
};
const EXECUTOR: RemoteAction = {
  id: 'executor',
  words: 'started a service for remote commands (PsExec)',
  techniques: ['T1569.002', 'T1570', 'T1021.002'],
  isExecution: true,
};
const MANAGEMENT: RemoteAction = {
  id: 'management',
  words: 'called a method of its management (WMI)',
  techniques: ['T1047'],
  isExecution: false,
};
const PROGRAM: RemoteAction = {
  id: 'program',
  words: 'opened a program on its administrative share',
  techniques: ['T1570', 'T1021.002'],
  isExecution: false,
};
export const ADMIN_SHARE: RemoteAction = {
  id: 'admin-share',
  words: 'opened its administrative share',
  techniques: ['T1021.002'],
  isExecution: false,
};
const OUTPUT: RemoteAction = {
  id: 'output',
  words: 'read the output of a command from its administrative share',
  techniques: ['T1021.002'],
  isExecution: false,
};

/** Procedures (MS-SCMR, MS-TSCH, MS-WMI) that start programs elsewhere. */
const CALLS: ReadonlyMap<string, RemoteAction> = new Map([
  ['svcctl.CreateServiceW', SERVICE],
  ['svcctl.CreateServiceA', SERVICE],
  ['svcctl.CreateServiceWOW64A', SERVICE],
  ['svcctl.CreateServiceWOW64W', SERVICE],
  ['svcctl.CreateWowService', SERVICE],
  ['svcctl.ChangeServiceConfigW', CHANGED_SERVICE],
  ['atsvc.NetrJobAdd', TASK],
  ['schedule.SchRpcRegisterTask', TASK],
  ['wmi-services.ExecMethod', MANAGEMENT],
]);

/** Services for remote commands, by the pipe or file that they are known by. */
const EXECUTORS = /(?:^|\\)(?:psexesvc|paexec|remcom|csexec|xcmdsvc)/i;
const PROGRAM_NAME = /\.(?:exe|dll|sys|scr|com|bat|cmd|ps1|vbs|js|hta|msi)$/i;
/** Files that tools for WMI and services leave what a command printed in. */
const OUTPUT_NAME = /(?:^|\\)(?:__\d{8,}(?:\.\d+)?|__output(?:_[a-z]+)?|output\.txt)$/i;
/** "\\host\ADMIN$", "\\host\C$". */
const ADMIN_SHARE_PATH = /\\(?:admin|[a-z])\$$/i;

export function isAdminShare(path: string): boolean {
  return ADMIN_SHARE_PATH.test(path);
}

/** What a command does on the other computer; undefined for anything ordinary, and for what was refused. */
export function remoteActionOf(fact: CommandFact, hasAdminShare: boolean): RemoteAction | undefined {
  const { command, argument, status, protocol } = fact;
  if (protocol === 'rpc' ? command === 'call' : command === 'rpc-call')
    return status === 0 ? CALLS.get(argument) : undefined;
  if (protocol !== 'smb' || status !== 0) return undefined;
  if (command === 'tree-connect') return isAdminShare(argument) ? ADMIN_SHARE : undefined;
  if (!command.startsWith('create')) return undefined;
  if (EXECUTORS.test(argument)) return EXECUTOR;
  if (!hasAdminShare) return undefined;
  if (OUTPUT_NAME.test(argument)) return OUTPUT;
  return PROGRAM_NAME.test(argument) ? PROGRAM : undefined;
}
