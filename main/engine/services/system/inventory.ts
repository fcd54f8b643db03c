/** What this computer is, asked of `systeminformation` and of the kernel's files. Takes seconds: see system-child.ts. */
import si from 'systeminformation';
import type { Inventory } from '../../../../contract/api-system.ts';
import { messageOf } from '../../runtime/failure.ts';
import {
  HostFiles,
  readFirewall,
  readProtection,
  readSituation,
  type SystemProtection,
  type SystemSituation,
  type SystemSnapshot,
} from '../../sensors/index.ts';

/** A tool that has not answered then hangs (a disk that sleeps, a controller that is away). */
const ANSWER_MS = 15_000;
/** Far above what a person reads; servers have that many. */
const MAX_LISTED = 500;
const MAX_TEXT = 300;
const MS_PER_SECOND = 1_000;
/** Members may become root: the group of sudo, and those that stand for it elsewhere. */
const ADMINISTRATOR_GROUPS: ReadonlySet<string> = new Set(['root', 'sudo', 'wheel', 'admin']);
const ROOT = 0;

/** @param snapshot of everything, as takeSnapshot makes it */
export async function collectInventory(snapshot: SystemSnapshot, nowMs: number): Promise<Inventory> {
  const files = new HostFiles();
  const problems: string[] = [];
  const ask = <T>(what: string, work: Promise<T>): Promise<T | undefined> => answerOf(what, work, problems);
  const running = partKeys(snapshot, 'services-running');
  const [system, bios, cpu, memory, os, disks, volumes, interfaces, firewall] = await Promise.all([
    ask('the computer', si.system()),
    ask('the firmware', si.bios()),
    ask('the processor', si.cpu()),
    ask('the memory', si.mem()),
    ask('the operating system', si.osInfo()),
    ask('the disks', si.diskLayout()),
    ask('the file systems', si.fsSize()),
    ask('the network interfaces', si.networkInterfaces()),
    readFirewall(),
  ]);
  const situation = readSituation(files, new Set(running));
  return {
    takenMs: nowMs,
    problems,
    computer: {
      name: text(os?.hostname),
      manufacturer: text(system?.manufacturer),
      model: text(system?.model),
      serial: text(system?.serial),
      firmware: [text(bios?.vendor), text(bios?.version)].filter((part) => part !== '').join(' '),
      firmwareDate: text(bios?.releaseDate),
      isVirtual: system?.virtual === true,
      cloud: situation.cloud ?? null,
      container: situation.ownContainer ?? null,
    },
    processor: {
      name: [text(cpu?.manufacturer), text(cpu?.brand)].filter((part) => part !== '').join(' '),
      sockets: whole(cpu?.processors),
      cores: whole(cpu?.physicalCores),
      threads: whole(cpu?.cores),
      gigahertz: positive(cpu?.speed),
    },
    memory: { bytes: whole(memory?.total), swapBytes: whole(memory?.swaptotal) },
    system: {
      name: text(os?.distro),
      version: text(os?.release),
      codename: text(os?.codename),
      kernel: text(os?.kernel),
      architecture: text(os?.arch),
      startedMs: nowMs - si.time().uptime * MS_PER_SECOND,
    },
    disks: listed(disks).map((disk) => ({
      name: text(disk.device),
      kind: text(disk.type),
      vendor: text(disk.vendor),
      model: text(disk.name),
      serial: text(disk.serialNum),
      bytes: whole(disk.size),
      interface: text(disk.interfaceType),
    })),
    volumes: listed(volumes).map((volume) => ({
      path: text(volume.mount),
      source: text(volume.fs),
      fileSystem: text(volume.type),
      bytes: whole(volume.size),
      usedBytes: whole(volume.used),
      isReadOnly: volume.rw === false,
    })),
    interfaces: listed(interfaces).map((each) => ({
      name: text(each.iface),
      hardwareAddress: text(each.mac),
      addresses: [text(each.ip4), text(each.ip6)].filter((address) => address !== ''),
      kind: text(each.type),
      isUp: each.operstate === 'up' || each.internal,
      speed: each.speed !== null && each.speed > 0 ? each.speed : null,
      isVirtual: each.virtual,
    })),
    ...factsOf(snapshot, situation, running),
    protection: protectionOf(readProtection(files), situation, firewall),
  };
}

async function answerOf<T>(what: string, work: Promise<T>, problems: string[]): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    problems.push(`Asking about ${what} took longer than ${ANSWER_MS / 1_000} s.`);
    resolve(undefined);
  }, ANSWER_MS);
  try {
    return await Promise.race([work, promise]);
  } catch (error) {
    problems.push(`Asking about ${what} failed: ${messageOf(error).slice(0, MAX_TEXT)}`);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function partKeys(snapshot: SystemSnapshot, name: string): readonly string[] {
  return [...(snapshot.parts.get(name)?.facts.keys() ?? [])].sort();
}

function factsOf(snapshot: SystemSnapshot, situation: SystemSituation, running: readonly string[]) {
  const enabled = [...(snapshot.parts.get('services-enabled')?.facts ?? [])].filter(
    ([, fact]) => fact.state === 'enabled',
  );
  const modules = [...(snapshot.parts.get('modules')?.facts ?? [])];
  const devices = [...(snapshot.parts.get('devices')?.facts.values() ?? [])].filter(
    ({ subsystem }) => subsystem === 'usb',
  );
  return {
    devices: devices.slice(0, MAX_LISTED).map(({ name, vendorId, productId, serial }) => ({
      name: text(name),
      vendorId: text(vendorId),
      productId: text(productId),
      serial: text(serial),
    })),
    software: {
      packages: situation.packages ?? null,
      servicesEnabled: enabled.map(([unit]) => unit).slice(0, MAX_LISTED),
      servicesRunning: running.slice(0, MAX_LISTED),
      kernelModules: modules.length,
      taintingModules: modules.filter(([, { taint }]) => taint !== '').map(([name]) => name),
      containerRuntimes: situation.containerRuntimes,
      containers: situation.containers.slice(0, MAX_LISTED),
    },
    users: usersOf(snapshot),
    sessions: situation.sessions.slice(0, MAX_LISTED).map(({ user, terminal, host, startedMs }) => ({
      user: text(user),
      terminal: text(terminal),
      host: text(host),
      startedMs,
    })),
  };
}

const PASSWORD_STATES: Readonly<Record<string, 'none' | 'locked' | null>> = {
  none: 'none',
  locked: 'locked',
  '': null,
};

function usersOf(snapshot: SystemSnapshot): Inventory['users'] {
  const memberships = new Map<string, string[]>();
  const groupNames = new Map<number, string>();
  for (const [group, { gid, members }] of snapshot.parts.get('groups')?.facts ?? []) {
    groupNames.set(Number(gid), group);
    for (const member of Array.isArray(members) ? members : [])
      memberships.set(member, [...(memberships.get(member) ?? []), group]);
  }
  return [...(snapshot.parts.get('users')?.facts ?? [])].slice(0, MAX_LISTED).map(([name, user]) => {
    const primary = groupNames.get(Number(user.gid));
    const groups = [...new Set([...(primary === undefined ? [] : [primary]), ...(memberships.get(name) ?? [])])];
    const state = PASSWORD_STATES[String(user.password)];
    return {
      name: text(name),
      uid: whole(Number(user.uid)),
      home: text(user.home),
      shell: text(user.shell),
      groups: groups.slice(0, MAX_LISTED).map(text),
      password: state === undefined ? ('set' as const) : state,
      isAdministrator: user.uid === ROOT || groups.some((group) => ADMINISTRATOR_GROUPS.has(group)),
    };
  });
}

function protectionOf(
  { appArmor, ...rest }: SystemProtection,
  situation: SystemSituation,
  firewall: Awaited<ReturnType<typeof readFirewall>>,
): Inventory['protection'] {
  const { tool, rules, problem } = firewall;
  return {
    ...rest,
    appArmor: appArmor ?? null,
    firewall: { tool: tool ?? null, rules: rules ?? null, problem },
    tools: situation.securityTools.map(({ name, kind, isRunning }) => ({ name, kind, isRunning: isRunning ?? null })),
  };
}

function listed<T>(value: readonly T[] | T | undefined): readonly T[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? (value as readonly T[]) : [value as T]).slice(0, MAX_LISTED);
}

/** What firmware and tools say is anybody's text. */
function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}

function positive(value: number | null | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

function whole(value: number | null | undefined): number {
  return Math.trunc(positive(value));
}
