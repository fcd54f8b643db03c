/**
 * Brings what the network shows and what this computer shows together: findings about traffic learn whose traffic it is,
 * and findings about this computer learn which of its addresses was attacked.
 */
import { type Finding, MAX_LISTED_PROCESSES, type ProcessRecord } from '../../../../contract/domain.ts';
import type { HostEvent, HostEventOf, HostProcessWithParents } from '../../../../contract/events.ts';
import { recordsOf } from '../../behaviours/index.ts';

export interface FindingProgramsOptions {
  /** Addresses of this computer; asked for findings only. */
  ownAddresses(): readonly string[];
}

/** Other computers whose programs are remembered; some 2 kB each at the most. */
const MAX_REMOTES = 4_096;
/** Programs that one other computer talks with: more of them say nothing about who is meant. */
const MAX_PROGRAMS = 3;
const LOOPBACK = /^(?:127\.|::1$)/;

interface Talk {
  /** The program, then whose child that is. */
  readonly lineage: readonly ProcessRecord[];
  lastMs: number;
}

/** Which programs talked with which other computers, the latest of each. */
export class FindingPrograms {
  readonly #options: FindingProgramsOptions;
  /** The one that talked longest ago first. Undefined: too many programs to name one. */
  readonly #remotes = new Map<string, Map<string, Talk> | undefined>();

  constructor(options: FindingProgramsOptions) {
    this.#options = options;
  }

  /** What happened on the host; of other kinds than connections nothing is kept. */
  take(events: readonly HostEvent[]): void {
    for (const event of events) if (event.type === 'network-connection') this.#connected(event);
  }

  /** The same finding with what is known from the other side. */
  attach(finding: Finding): Finding {
    return finding.origin === 'host' ? this.#withAddress(finding) : this.#withPrograms(finding);
  }

  #connected({ process, remoteAddress, timeMs }: HostEventOf<'network-connection'>): void {
    if (process === undefined || LOOPBACK.test(remoteAddress)) return;
    const known = this.#remotes.has(remoteAddress);
    const talks = known ? this.#remotes.get(remoteAddress) : new Map<string, Talk>();
    this.#remotes.delete(remoteAddress);
    const key = `${process.pid} ${process.startedMs ?? ''}`;
    const talk = talks?.get(key);
    if (talk !== undefined) talk.lastMs = timeMs;
    else talks?.set(key, { lineage: lineageOf(process), lastMs: timeMs });
    this.#remotes.set(remoteAddress, talks === undefined || talks.size > MAX_PROGRAMS ? undefined : talks);
    if (this.#remotes.size > MAX_REMOTES) this.#remotes.delete(this.#remotes.keys().next().value!);
  }

  #withPrograms(finding: Finding): Finding {
    const own = new Set(this.#options.ownAddresses());
    const remotes = [...finding.attackers, ...finding.victims].filter((address) => !own.has(address));
    if (remotes.length === 0 || remotes.length > MAX_PROGRAMS) return finding;
    const talks = new Map<string, Talk>();
    for (const remote of remotes) for (const [key, talk] of this.#remotes.get(remote) ?? []) talks.set(key, talk);
    if (talks.size === 0 || talks.size > MAX_PROGRAMS) return finding;
    const latest = [...talks.values()].sort((first, second) => second.lastMs - first.lastMs);
    return { ...finding, processes: latest.flatMap(({ lineage }) => lineage).slice(0, MAX_LISTED_PROCESSES) };
  }

  /** So that it is found to be the same attack that the network's detectors see. */
  #withAddress(finding: Finding): Finding {
    if (finding.victims.length > 0 || finding.attackers.length === 0) return finding;
    const isIpv6 = finding.attackers[0]!.includes(':');
    const victims = this.#options
      .ownAddresses()
      .filter(
        (address) =>
          address.includes(':') === isIpv6 && LOOPBACK.test(address) === LOOPBACK.test(finding.attackers[0]!),
      );
    return victims.length === 0 ? finding : { ...finding, victims, victimCount: 1 };
  }
}

function lineageOf(process: HostProcessWithParents): readonly ProcessRecord[] {
  const { parent, ancestors = [] } = process;
  return recordsOf(parent === undefined ? [process] : [process, parent, ...ancestors]);
}
