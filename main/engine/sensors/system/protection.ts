/** How well the computer itself is protected: secure boot, encryption, lockdown, mandatory access control. */
import type { HostFiles } from './host-files.ts';
import { readMounts } from './surroundings.ts';

export interface SystemProtection {
  /** "on", "off", "no UEFI". */
  readonly secureBoot: string;
  /** "none", "integrity", "confidentiality"; "not built in". */
  readonly kernelLockdown: string;
  /** Security modules of the kernel, in their order: "lockdown", "yama", "apparmor". */
  readonly securityModules: readonly string[];
  /** "enforcing", "permissive", "off". */
  readonly selinux: string;
  /** Profiles of AppArmor; undefined where it is not in use, or they may not be read. */
  readonly appArmor: { readonly enforced: number; readonly complaining: number } | undefined;
  /** Device-mapper devices that encrypt, by name, and whether the root file system is on one. */
  readonly encryptedDevices: readonly string[];
  readonly isRootEncrypted: boolean;
  /** Sum of reasons why the kernel does not call itself clean; 0 is clean. */
  readonly kernelTaint: number;
}

const SECURE_BOOT = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';
/** Four bytes of attributes come before the value (efivarfs). */
const EFI_VALUE_AT = 4;
const MAX_PROFILES_BYTES = 1024 * 1024;
const MAX_DEPTH = 8;

export function readProtection(files: HostFiles): SystemProtection {
  const encrypted = encryptedDevices(files);
  return {
    secureBoot: secureBoot(files),
    kernelLockdown: chosen(files.word('/sys/kernel/security/lockdown')) ?? 'not built in',
    securityModules: files
      .word('/sys/kernel/security/lsm')
      .split(',')
      .filter((name) => name !== ''),
    selinux: SELINUX[files.word('/sys/fs/selinux/enforce')] ?? 'off',
    appArmor: appArmor(files),
    encryptedDevices: [...encrypted.values()],
    isRootEncrypted: isRootEncrypted(files, new Set(encrypted.keys())),
    kernelTaint: Number(files.word('/proc/sys/kernel/tainted')) || 0,
  };
}

const SELINUX: Readonly<Record<string, string>> = { '1': 'enforcing', '0': 'permissive' };

function secureBoot(files: HostFiles): string {
  if (files.stat('/sys/firmware/efi') === undefined) return 'no UEFI';
  return files.readBytes(SECURE_BOOT, EFI_VALUE_AT + 1)?.content[EFI_VALUE_AT] === 1 ? 'on' : 'off';
}

/** The kernel marks what is in force with brackets: "none [integrity] confidentiality". */
function chosen(words: string): string | undefined {
  return /\[([a-z]{1,32})\]/.exec(words)?.[1];
}

function appArmor(files: HostFiles): SystemProtection['appArmor'] {
  const text = files.read('/sys/kernel/security/apparmor/profiles', { maxBytes: MAX_PROFILES_BYTES })?.text;
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  const count = (ending: string): number => lines.filter((line) => line.endsWith(ending)).length;
  return { enforced: count('(enforce)'), complaining: count('(complain)') };
}

/** Kernel name → name that people gave: "dm-0" → "luks-root". */
function encryptedDevices(files: HostFiles): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const device of files.list('/sys/block')) {
    if (!device.startsWith('dm-') || !files.word(`/sys/block/${device}/dm/uuid`).startsWith('CRYPT-')) continue;
    found.set(device, files.word(`/sys/block/${device}/dm/name`));
  }
  return found;
}

/** Whether every way from the root file system down to a disk passes an encrypted device. */
function isRootEncrypted(files: HostFiles, encrypted: ReadonlySet<string>): boolean {
  const source = readMounts(files).findLast(({ path }) => path === '/')?.source ?? '';
  if (!source.startsWith('/dev/')) return false;
  const name = source.slice('/dev/'.length);
  const mapped = name.startsWith('mapper/') ? mappedDevice(files, name.slice('mapper/'.length)) : name;
  return mapped !== undefined && isBelowEncrypted(files, mapped, encrypted, 0);
}

function mappedDevice(files: HostFiles, name: string): string | undefined {
  return files.list('/sys/block').find((device) => files.word(`/sys/block/${device}/dm/name`) === name);
}

function isBelowEncrypted(files: HostFiles, device: string, encrypted: ReadonlySet<string>, depth: number): boolean {
  if (encrypted.has(device)) return true;
  if (depth >= MAX_DEPTH || device.includes('/')) return false;
  const below = files.list(`/sys/block/${device}/slaves`);
  return below.length > 0 && below.every((each) => isBelowEncrypted(files, each, encrypted, depth + 1));
}
