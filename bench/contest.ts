/** Several programs do the same job in turn, round after round. */
import type { Measured } from './benchmark.ts';
import { BenchmarkError } from './benchmark-error.ts';
import { measure, type Usage } from './measure.ts';
import type { InstalledPeer } from './peers.ts';
import { makeScratch, removeScratch } from './scratch.ts';
import { ratiosOf, spreadOf } from './statistics.ts';

export interface Contender {
  readonly name: string;
  /** `scratch` is an empty folder that is removed after the run. */
  readonly command: (scratch: string) => readonly string[];
  /** Its failure ends the benchmark; that of a peer only leaves it out. */
  readonly isOurs: boolean;
  /** Takes part in the first round only. */
  readonly onlyOnce?: boolean;
}

export interface ContestResult {
  readonly programs: readonly Measured[];
  readonly notes: readonly string[];
}

export function contenderOf(peer: InstalledPeer, capture: string): Contender {
  return {
    name: peer.name,
    command: (scratch) => peer.command(peer.path, capture, scratch),
    isOurs: false,
    onlyOnce: peer.isSlow,
  };
}

/**
 * Every round runs every contender once, in an order that turns by one place each time. One round before the
 * first is not counted: it brings the capture into the page cache, for all alike.
 */
export async function contest(
  contenders: readonly Contender[],
  reference: string,
  rounds: number,
  say: (line: string) => void,
): Promise<ContestResult> {
  const usages = new Map<string, Usage[]>(contenders.map(({ name }) => [name, []]));
  const notes: string[] = [];
  let present = [...contenders];
  for (let round = 0; round <= rounds; round++) {
    const isWarmUp = round === 0;
    const taking = present.filter(({ onlyOnce }) => !onlyOnce || round === 1);
    const order = taking.map((_, place) => taking[(place + round) % taking.length]);
    for (const contender of order) {
      try {
        const usage = await runOnce(contender);
        if (!isWarmUp) usages.get(contender.name)?.push(usage);
        say(
          `${isWarmUp ? 'warm-up' : `round ${round}/${rounds}`}  ${contender.name}  ${usage.wallSeconds.toFixed(2)} s`,
        );
      } catch (error) {
        if (contender.isOurs || !(error instanceof BenchmarkError)) throw error;
        notes.push(`${contender.name} is left out: ${error.message}.`);
        present = present.filter((other) => other !== contender);
        usages.delete(contender.name);
      }
    }
  }
  return { programs: summarise(contenders, usages, reference), notes };
}

async function runOnce(contender: Contender): Promise<Usage> {
  const scratch = makeScratch();
  try {
    return (await measure(contender.command(scratch))).usage;
  } finally {
    removeScratch(scratch);
  }
}

function summarise(
  contenders: readonly Contender[],
  usages: ReadonlyMap<string, readonly Usage[]>,
  reference: string,
): Measured[] {
  const walls = (runs: readonly Usage[]) => runs.map(({ wallSeconds }) => wallSeconds);
  const against = usages.get(reference);
  return contenders.flatMap(({ name }) => {
    const runs = usages.get(name) ?? [];
    if (runs.length === 0) return [];
    const isCompared = against !== undefined && against.length >= runs.length && name !== reference;
    return [
      {
        name,
        wallSeconds: spreadOf(walls(runs)),
        cpuSeconds: spreadOf(runs.map(({ cpuSeconds }) => cpuSeconds)),
        memoryBytes: Math.max(...runs.map(({ memoryBytes }) => memoryBytes)),
        ratio: isCompared ? spreadOf(ratiosOf(walls(runs), walls(against.slice(0, runs.length)))) : null,
      },
    ];
  });
}

/** The row of a program that took part. */
export function rowOf(programs: readonly Measured[], name: string): Measured {
  const found = programs.find((program) => program.name === name);
  if (found === undefined) throw new BenchmarkError(`${name} was not measured`);
  return found;
}
