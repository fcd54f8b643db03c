/** Searching the ports that programs listen on. Pure. */
import type { ListenerRow } from '../../../contract/api-processes.ts';

export function listenerKey({ protocol, address, port, process }: ListenerRow): string {
  return `${protocol} ${address} ${port} ${process?.pid ?? ''}`;
}

/** Whether it stands for every address of this computer. */
export function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::' || address === '*';
}

/** What the program belongs to: its container, unit or package. */
export function ownerOf({ process }: Pick<ListenerRow, 'process'>): string {
  return process === null ? '' : process.container || process.unit || process.package;
}

/** Whether all words are in what can be seen of a port. */
export function matchesListener({ protocol, address, port, process }: ListenerRow, search: string): boolean {
  if (search === '') return true;
  const program =
    process === null
      ? ''
      : [process.name, process.image, process.pid, process.user, process.package, process.unit, process.container].join(
          ' ',
        );
  const text = `${address}:${port} ${protocol} ${program}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
