import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';

/** What decides whether training may begin by itself. */
export interface Conditions {
  /** False only where a battery is what the computer runs on. */
  readonly isOnMains: boolean;
  /** Processes that want to run, on the average of the last minute, for each core. */
  readonly loadPerCore: number;
}

/** Documentation/ABI/testing/sysfs-class-power of the kernel. */
const POWER_SUPPLIES = '/sys/class/power_supply';
/** More than any computer has. */
const MAX_SUPPLIES = 64;

export function readConditions(directory = POWER_SUPPLIES): Conditions {
  return { isOnMains: isOnMains(directory), loadPerCore: loadavg()[0] / availableParallelism() };
}

/** A computer without a battery of its own is on mains; batteries of mice and pens do not count. */
function isOnMains(directory: string): boolean {
  let names: string[];
  try {
    names = readdirSync(directory).slice(0, MAX_SUPPLIES);
  } catch {
    return true; // No such class: a server, a virtual machine, another system.
  }
  const read = (name: string, file: string): string => {
    try {
      return readFileSync(join(directory, name, file), 'latin1').trim();
    } catch {
      return '';
    }
  };
  const own = names.filter((name) => read(name, 'scope') !== 'Device');
  const chargers = own.filter((name) => ['Mains', 'USB', 'Wireless'].includes(read(name, 'type')));
  if (chargers.some((name) => read(name, 'online') === '1')) return true;
  const batteries = own.filter((name) => read(name, 'type') === 'Battery');
  // Some firmware has no charger to ask, but a battery that says what it does.
  return batteries.every((name) => ['Charging', 'Full', 'Not charging'].includes(read(name, 'status')));
}
