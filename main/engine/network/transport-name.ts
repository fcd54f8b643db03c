import { PROTOCOL } from '../../../contract/traffic.ts';

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(PROTOCOL).map(([name, number]) => [number, name]),
);

/** "tcp", "udp", "icmp", …; the number of an IP protocol that has no name here. */
export function transportName(protocol: number): string {
  return NAMES[protocol] ?? String(protocol);
}
