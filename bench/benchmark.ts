/** What a benchmark is: one claim, a way to measure it, and what must come out. */
import type { Captures } from './captures.ts';
import type { Spread } from './statistics.ts';

export interface BenchmarkContext {
  readonly rounds: number;
  readonly captures: Captures;
  /** Most packets of the capture with which growth is measured. */
  readonly mostPackets: number;
  /** How long the soak runs. */
  readonly minutes: number;
  /** What is going on, for the person who waits. */
  readonly say: (line: string) => void;
}

/** One program that took part. Seconds of the whole process, seen from outside. */
export interface Measured {
  readonly name: string;
  readonly wallSeconds: Spread;
  /** User and system time of all threads. */
  readonly cpuSeconds: Spread;
  /** The largest resident set of any round. */
  readonly memoryBytes: number;
  /** Wall time against the reference's in the same round; null where there is no reference or this is it. */
  readonly ratio: Spread | null;
}

/** What is claimed, and what was measured. */
export interface Gate {
  readonly claim: string;
  /** As it is to be printed: "0.71 x", "212 MB". */
  readonly measured: string;
  /** The same as a number. */
  readonly value: number;
  /** Largest value (or smallest, with `atLeast`) that keeps the claim. */
  readonly limit: number;
  readonly isMet: boolean;
}

export interface BenchmarkResult {
  readonly programs: readonly Measured[];
  readonly gates: readonly Gate[];
  /** What the reader must know to judge the numbers. */
  readonly notes: readonly string[];
}

export interface Benchmark {
  readonly name: string;
  /** One sentence: what is claimed. */
  readonly claim: string;
  /** @throws BenchmarkError where this machine cannot run it */
  run(context: BenchmarkContext): Promise<BenchmarkResult>;
}
const BYTES_PER_MEGABYTE = 1_000_000;

type Unit = 'x' | 'MB' | 'ms' | '%' | '';

interface GateOptions {
  readonly claim: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: Unit;
  readonly isMet: boolean;
}

function gate({ claim, value, limit, unit, isMet }: GateOptions): Gate {
  const digits = unit === 'x' ? 2 : unit === '%' ? 1 : 0;
  return { claim, value, limit, measured: `${value.toFixed(digits)} ${unit}`.trimEnd(), isMet };
}

export function atMost(claim: string, value: number, limit: number, unit: Unit): Gate {
  return gate({ claim, value, limit, unit, isMet: value <= limit });
}

export function atLeast(claim: string, value: number, limit: number, unit: Unit): Gate {
  return gate({ claim, value, limit, unit, isMet: value >= limit });
}

export function exactly(claim: string, value: number, limit: number): Gate {
  return gate({ claim, value, limit, unit: '', isMet: value === limit });
}

/** A megabyte is a million bytes, here as everywhere in the project. */
export function memoryBelow(claim: string, bytes: number, limitMegabytes: number): Gate {
  const megabytes = bytes / BYTES_PER_MEGABYTE;
  return gate({ claim, value: megabytes, limit: limitMegabytes, unit: 'MB', isMet: megabytes < limitMegabytes });
}
