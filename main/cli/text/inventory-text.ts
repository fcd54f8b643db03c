/** What `holdfast inventory` prints. Pure. */
import type { Inventory } from '../../../contract/api-system.ts';
import { formatBytes, formatCount, formatDate, formatNumber } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { hanging, table } from '../terminal/layout.ts';
import type { Paint } from '../terminal/paint.ts';
import { localMs } from './alert-text.ts';

type Row = readonly [title: string, value: string];

const MAX_VALUE = 2_000;
/** Names in one line; --json has all. */
const SHOWN_NAMES = 12;
const TITLE_COLUMNS = 18;

export function inventoryText(inventory: Inventory, width: number, paint: Paint): string[] {
  const rows = (title: string, list: readonly Row[]): string[] => [
    paint('bold', title),
    ...list
      .filter(([, value]) => value !== '')
      .flatMap(([name, value]) => hanging(`  ${name.padEnd(TITLE_COLUMNS)}`, plainText(value, MAX_VALUE), width)),
    '',
  ];
  const quiet = (text: string): string => paint('quiet', text);
  return [
    ...rows('Computer', computerRows(inventory)),
    ...rows('System', systemRows(inventory)),
    ...rows('Protection', protectionRows(inventory)),
    paint('bold', 'File systems'),
    ...table(
      [{ title: '  path' }, { title: 'type' }, { title: 'size', align: 'right' }, { title: 'used', align: 'right' }],
      inventory.volumes.map(({ path, fileSystem, bytes, usedBytes }) => [
        `  ${plainText(path)}`,
        plainText(fileSystem),
        formatBytes(bytes),
        formatBytes(usedBytes),
      ]),
      width,
      quiet,
    ),
    '',
    paint('bold', 'Network'),
    ...table(
      [{ title: '  interface' }, { title: 'state' }, { title: 'addresses' }, { title: 'hardware' }],
      inventory.interfaces.map(({ name, isUp, addresses, hardwareAddress }) => [
        `  ${plainText(name)}`,
        isUp ? 'up' : 'down',
        plainText(addresses.join(', ')),
        plainText(hardwareAddress),
      ]),
      width,
      quiet,
    ),
    '',
    paint('bold', 'Users'),
    ...table(
      [{ title: '  user' }, { title: 'uid', align: 'right' }, { title: 'password' }, { title: 'groups' }],
      inventory.users
        .filter(({ shell, isAdministrator }) => isAdministrator || !/(?:nologin|false|sync)$/.test(shell))
        .map(({ name, uid, password, groups, isAdministrator }) => [
          `  ${plainText(name)}${isAdministrator ? ' ★' : ''}`,
          `${uid}`,
          password ?? '?',
          namesText(groups),
        ]),
      width,
      quiet,
    ),
    ...(inventory.problems.length === 0 ? [] : ['', ...inventory.problems.map((problem) => plainText(problem))]),
  ];
}

function computerRows({ computer, processor, memory, disks, devices }: Inventory): readonly Row[] {
  const { isVirtual, cloud, container } = computer;
  const kind = [
    ...(isVirtual ? ['virtual'] : []),
    ...(cloud === null ? [] : [cloud]),
    ...(container === null ? [] : [`in ${container}`]),
  ];
  return [
    ['Name', computer.name],
    ['Model', [computer.manufacturer, computer.model].filter((part) => part !== '').join(' ')],
    ['Kind', kind.join(', ')],
    ['Firmware', [computer.firmware, computer.firmwareDate].filter((part) => part !== '').join(', ')],
    [
      'Processor',
      `${processor.name}, ${formatCount(processor.cores, 'core')}, ${formatCount(processor.threads, 'thread')}`,
    ],
    ['Memory', `${formatBytes(memory.bytes)}, ${formatBytes(memory.swapBytes)} swap`],
    ...disks.map(
      ({ name, model, kind: type, bytes }): Row => [
        'Disk',
        [name, model, type, formatBytes(bytes)].filter((part) => part !== '').join(', '),
      ],
    ),
    ...devices.map(
      ({ name, vendorId, productId }): Row => ['USB device', `${name || 'no name'} (${vendorId}:${productId})`],
    ),
  ];
}

function systemRows({ system, software, sessions }: Inventory): readonly Row[] {
  return [
    ['System', [system.name, system.version, system.codename].filter((part) => part !== '').join(' ')],
    ['Kernel', `${system.kernel} (${system.architecture})`],
    ['Running since', formatDate(localMs(system.startedMs))],
    ['Packages', software.packages === null ? '' : formatNumber(software.packages)],
    ['Services', `${software.servicesRunning.length} running, ${software.servicesEnabled.length} switched on`],
    [
      'Kernel modules',
      `${software.kernelModules}${software.taintingModules.length > 0 ? `; not of the kernel: ${namesText(software.taintingModules)}` : ''}`,
    ],
    ['Containers', [...software.containerRuntimes, formatCount(software.containers.length, 'container')].join(', ')],
    ['Sessions', namesText([...new Set(sessions.map(({ user, terminal }) => `${user} (${terminal})`))])],
  ];
}

function protectionRows({ protection }: Inventory): readonly Row[] {
  const { firewall, tools, appArmor, encryptedDevices } = protection;
  const encryption = protection.isRootEncrypted
    ? 'the system’s disk is encrypted'
    : encryptedDevices.length > 0
      ? `only ${namesText(encryptedDevices)}`
      : 'none found';
  const rules = firewall.rules === null ? firewall.problem : formatCount(firewall.rules, 'rule');
  return [
    ['Secure boot', protection.secureBoot],
    ['Kernel lockdown', protection.kernelLockdown],
    ['Disk encryption', encryption],
    [
      'AppArmor',
      appArmor === null ? 'off' : `${appArmor.enforced} profiles enforced, ${appArmor.complaining} only complain`,
    ],
    ['SELinux', protection.selinux],
    ['Firewall', firewall.tool === null ? firewall.problem : `${firewall.tool}: ${rules}`],
    [
      'Security tools',
      namesText(tools.map(({ name, isRunning }) => (isRunning === false ? `${name} (not running)` : name))) ||
        'none found',
    ],
  ];
}

function namesText(names: readonly string[]): string {
  const left = names.length - SHOWN_NAMES;
  return names.slice(0, SHOWN_NAMES).join(', ') + (left > 0 ? ` and ${left} more` : '');
}
