/** What the kernel holds: modules, mounts, devices. */
import { release } from 'node:os';
import type { DeviceChangeEvent } from '../../../../../contract/events.ts';
import type { Mount } from '../../../runtime/mountinfo.ts';
import type { Collector } from '../collector.ts';
import type { HostFiles } from '../host-files.ts';
import { parseModulePaths, parseModules } from '../parse/modules.ts';
import { readMounts } from '../surroundings.ts';

export type ModuleFact = { readonly taint: string; readonly path: string; readonly sizeBytes: number };

const MODULE_INTERVAL_MS = 2_000;
const MAX_MODULES_BYTES = 1024 * 1024;
const MAX_DEPENDENCY_BYTES = 8 * 1024 * 1024;

/** Modules that are loaded. Loading by a running program is told at once by who watches programs. */
export function moduleCollector(): Collector<ModuleFact> {
  let paths: ReadonlyMap<string, string> = new Map();
  let stamp = '';
  /** What the kernel said last, and what it means: most looks find the same. */
  let said = '';
  let loaded: ReadonlyMap<string, ModuleFact> = new Map();
  /** Paths below the folder of the kernel that runs; read again when modules are installed. */
  const pathsOf = (files: HostFiles): ReadonlyMap<string, string> => {
    const file = `${moduleFolder()}/modules.dep`;
    const stats = files.stat(file);
    const now = stats === undefined ? '' : `${stats.ino}:${stats.mtimeMs}:${stats.size}`;
    if (now !== stamp) {
      stamp = now;
      paths = parseModulePaths(files.read(file, { maxBytes: MAX_DEPENDENCY_BYTES })?.text ?? '');
    }
    return paths;
  };
  return {
    name: 'modules',
    title: 'kernel modules',
    keeping: 'boot',
    intervalMs: MODULE_INTERVAL_MS,
    shape: { taint: 'string', path: 'string', sizeBytes: 'number' },
    concerns: () => false,
    collect({ files }) {
      const text = files.read('/proc/modules', { maxBytes: MAX_MODULES_BYTES })?.text ?? '';
      if (text === said) return { facts: loaded, left: 0 };
      const known = pathsOf(files);
      const facts = new Map<string, ModuleFact>();
      for (const { name, taint, sizeBytes } of parseModules(text)) {
        const path = known.get(name);
        facts.set(name, { taint, sizeBytes, path: path === undefined ? '' : `${moduleFolder()}/${path}` });
      }
      said = text;
      loaded = facts;
      return { facts, left: 0 };
    },
    tell({ key, before, after }, { timeMs }) {
      if (after === undefined) return [{ type: 'module-unload', timeMs, name: key }];
      if (before !== undefined) return [];
      const { path, taint } = after;
      const isTainting = taint !== '' || path === '';
      return [{ type: 'module-load', timeMs, name: key, ...(path !== '' && { path }), isTainting }];
    },
  };
}

function moduleFolder(): string {
  return `/lib/modules/${release()}`;
}

export type MountFact = { readonly source: string; readonly path: string; readonly fileSystem: string };

const MOUNT_INTERVAL_MS = 2_000;
/** Runtimes of containers make and remove these all the time, and the kernel's own are made on demand. */
const UNTOLD_MOUNTS = /^(?:autofs|nsfs|binfmt_misc|tracefs|debugfs)$/;

/** What is mounted. */
export function mountCollector(): Collector<MountFact> {
  let seen: readonly Mount[] | undefined;
  let mounted: ReadonlyMap<string, MountFact> = new Map();
  return {
    name: 'mounts',
    title: 'mounts',
    keeping: 'boot',
    intervalMs: MOUNT_INTERVAL_MS,
    shape: { source: 'string', path: 'string', fileSystem: 'string' },
    concerns: () => false,
    collect({ files }) {
      const mounts = readMounts(files);
      if (mounts === seen) return { facts: mounted, left: 0 };
      const facts = new Map<string, MountFact>();
      for (const { id, source, path, fileSystem } of mounts)
        if (!UNTOLD_MOUNTS.test(fileSystem)) facts.set(`${id} ${path}`, { source, path, fileSystem });
      seen = mounts;
      mounted = facts;
      return { facts, left: 0 };
    },
    tell({ before, after }, { timeMs }) {
      const event = (action: 'mounted' | 'unmounted', { source, path, fileSystem }: MountFact) => ({
        type: 'mount-change' as const,
        timeMs,
        action,
        source,
        path,
        fileSystem,
      });
      return [
        ...(before === undefined ? [] : [event('unmounted', before)]),
        ...(after === undefined ? [] : [event('mounted', after)]),
      ];
    },
  };
}

export type DeviceFact = {
  readonly subsystem: string;
  readonly vendorId: string;
  readonly productId: string;
  readonly name: string;
  readonly serial: string;
  /** Of the kernel's entry: another one when the device was pulled and put in again. */
  readonly entry: string;
};

interface DeviceRow {
  readonly subsystem: string;
  readonly folder: string;
  readonly names: RegExp;
}

/** Interfaces of USB devices ("1-2:1.0") and hubs of the computer itself are no devices that somebody plugs in. */
const DEVICE_ROWS: readonly DeviceRow[] = [
  { subsystem: 'usb', folder: '/sys/bus/usb/devices', names: /^\d+-[\d.]+$/ },
  { subsystem: 'block', folder: '/sys/block', names: /^(?!loop|ram|zram|dm-|md|nbd)[a-z0-9!-]+$/ },
  { subsystem: 'net', folder: '/sys/class/net', names: /^(?!lo$|veth|docker|br-|virbr|cni|cali|lxc)[^/]{1,15}$/ },
];
/** As quick as somebody can pull a stick again. */
const DEVICE_INTERVAL_MS = 2_000;
const MAX_DEVICES = 512;
const MAX_DEVICE_TEXT = 256;

/** Devices that come and go. */
export function deviceCollector(): Collector<DeviceFact> {
  let memory = new Map<string, DeviceFact>();
  return {
    name: 'devices',
    title: 'devices',
    keeping: 'boot',
    intervalMs: DEVICE_INTERVAL_MS,
    shape: {
      subsystem: 'string',
      vendorId: 'string',
      productId: 'string',
      name: 'string',
      serial: 'string',
      entry: 'string',
    },
    concerns: () => false,
    collect({ files }) {
      const facts = new Map<string, DeviceFact>();
      for (const row of DEVICE_ROWS) {
        for (const name of files.list(row.folder)) {
          if (!row.names.test(name) || facts.size >= MAX_DEVICES) continue;
          const path = `${row.folder}/${name}`;
          const entry = `${files.lstat(path)?.ino ?? 0}`;
          const known = memory.get(path);
          facts.set(path, known?.entry === entry ? known : readDevice(files, path, row.subsystem, entry));
        }
      }
      memory = facts;
      return { facts, left: 0 };
    },
    tell: ({ key, before, after }, { timeMs }) => [
      ...(before === undefined ? [] : [deviceEvent('removed', key, before, timeMs)]),
      ...(after === undefined ? [] : [deviceEvent('added', key, after, timeMs)]),
    ],
  };
}

function readDevice(files: HostFiles, path: string, subsystem: string, entry: string): DeviceFact {
  const word = (name: string) => files.word(`${path}/${name}`).slice(0, MAX_DEVICE_TEXT);
  if (subsystem === 'usb') {
    const name = [word('manufacturer'), word('product')].filter((part) => part !== '').join(' ');
    const [vendorId, productId, serial] = [word('idVendor'), word('idProduct'), word('serial')];
    return { subsystem, vendorId, productId, name, serial, entry };
  }
  const isBlock = subsystem === 'block';
  const name = isBlock ? [word('device/vendor'), word('device/model')].filter((part) => part !== '').join(' ') : '';
  const serial = isBlock ? word('device/serial') : word('address');
  return { subsystem, vendorId: '', productId: '', name, serial, entry };
}

function deviceEvent(
  action: DeviceChangeEvent['action'],
  path: string,
  { subsystem, vendorId, productId, name, serial }: DeviceFact,
  timeMs: number,
): DeviceChangeEvent {
  return {
    type: 'device-change',
    timeMs,
    action,
    subsystem,
    path,
    ...(vendorId !== '' && { vendorId }),
    ...(productId !== '' && { productId }),
    ...(name !== '' && { name }),
    ...(serial !== '' && { serial }),
  };
}
