/** The open flows as `flows.watch` tells them, piece by piece. Pure, but for the map that it keeps. */
import type { CallOutput } from '../../../contract/api.ts';
import type { Flow } from '../../../contract/api-flows.ts';

type Item = CallOutput<'flows.watch'>;

/** An ended flow stays in sight for so long, so that short ones can be seen at all. */
export const ENDED_SHOWN_MS = 10_000;
/** Under a flood of short flows only the latest of the ended ones are kept. */
const MOST_ENDED = 2_000;

export interface BookFlow extends Flow {
  /** When its end was told; null while it is open. */
  readonly endedMs: number | null;
}

export class FlowBook {
  #flows = new Map<string, BookFlow>();
  /** Ids that the item under way has named; more items of the same moment add to them. */
  #complete: { timeMs: number; readonly seen: Set<string> } | null = null;
  #open = 0;

  /** Open flows in all, told or not. */
  get open(): number {
    return this.#open;
  }

  take(item: Item): void {
    this.#open = item.open;
    if (item.isComplete) this.#complete = { timeMs: item.timeMs, seen: new Set() };
    else if (this.#complete !== null && this.#complete.timeMs !== item.timeMs) this.#sweep();
    for (const flow of item.flows) {
      this.#flows.set(flow.id, { ...flow, endedMs: flow.end === null ? null : item.timeMs });
      this.#complete?.seen.add(flow.id);
    }
    for (const id of item.gone) this.#flows.delete(id);
    this.#forgetEnded(item.timeMs);
  }

  list(): readonly BookFlow[] {
    return [...this.#flows.values()];
  }

  /** After a complete telling: what it did not name is not open any more. */
  #sweep(): void {
    const { seen } = this.#complete as { readonly seen: Set<string> };
    for (const [id, { endedMs }] of this.#flows) if (endedMs === null && !seen.has(id)) this.#flows.delete(id);
    this.#complete = null;
  }

  #forgetEnded(nowMs: number): void {
    const ended: string[] = [];
    for (const [id, { endedMs }] of this.#flows) {
      if (endedMs === null) continue;
      if (nowMs - endedMs > ENDED_SHOWN_MS) this.#flows.delete(id);
      else ended.push(id);
    }
    for (const id of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) this.#flows.delete(id);
  }
}

export interface Destination {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly service: string;
  readonly flows: number;
  readonly hosts: number;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

/** Flows by where they go. */
export function byDestination(flows: readonly BookFlow[]): readonly Destination[] {
  const groups = new Map<string, { first: BookFlow; flows: number; hosts: Set<string>; bytes: number; rate: number }>();
  for (const flow of flows) {
    const key = `${flow.responder} ${flow.responderPort} ${flow.service}`;
    const group = groups.get(key) ?? { first: flow, flows: 0, hosts: new Set<string>(), bytes: 0, rate: 0 };
    group.flows += 1;
    group.hosts.add(flow.initiator);
    group.bytes += bytesOf(flow);
    group.rate += rateOf(flow);
    groups.set(key, group);
  }
  return [...groups].map(([key, { first, flows: count, hosts, bytes, rate }]) => ({
    key,
    address: first.responder,
    port: first.responderPort,
    service: first.service,
    flows: count,
    hosts: hosts.size,
    bytes,
    bytesPerSecond: rate,
  }));
}

export function bytesOf(flow: Flow): number {
  return flow.initiatorBytes + flow.responderBytes;
}

export function rateOf(flow: Flow): number {
  return flow.initiatorBytesPerSecond + flow.responderBytesPerSecond;
}

/** What is spoken: by the bytes, else by the port; empty where neither tells. */
export function spokenIn({ application, service }: Flow): string {
  if (application !== '') return application;
  return service === 'unknown' ? '' : service;
}

/** The program's own name, without where it lies; empty where it is not known. */
export function programName({ program }: Flow): string {
  return program === undefined ? '' : program.path.slice(program.path.lastIndexOf('/') + 1);
}

/** Whether all words are in what can be seen of a flow. */
export function matchesFlow(flow: Flow, search: string): boolean {
  if (search === '') return true;
  const { initiator, initiatorPort, responder, responderPort, service, application, name, transport, program } = flow;
  const ends = `${initiator}:${initiatorPort} ${responder}:${responderPort}`;
  const text = `${ends} ${service} ${application} ${transport} ${name} ${program?.path ?? ''}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
