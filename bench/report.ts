/** The outcome of benchmarks in columns, for people. */
import type { Benchmark, BenchmarkResult, Gate, Measured } from './benchmark.ts';
import type { Spread } from './statistics.ts';

export interface Outcome {
  readonly benchmark: Pick<Benchmark, 'name' | 'claim'>;
  readonly result: BenchmarkResult | null;
  /** Why there is no result; empty when there is. */
  readonly problem: string;
}

const INDENT = '  ';

/** Columns with two spaces between; those after the first to the right. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join(INDENT)
      .trimEnd(),
  );
}

export function outcomeText({ benchmark, result, problem }: Outcome): string {
  const head = `${benchmark.name}: ${benchmark.claim}`;
  if (result === null) return `${head}\n${INDENT}not measured: ${problem}\n`;
  const sections = [
    result.programs.length > 0 ? columns([PROGRAM_HEAD, ...result.programs.map(programRow)]) : [],
    result.gates.map(gateLine),
    result.notes.map((note) => `- ${note}`),
  ];
  return `${[head, ...sections.flat().map((line) => `${INDENT}${line}`)].join('\n')}\n`;
}

const PROGRAM_HEAD = ['program', 'wall s', 'min', 'max', 'cpu s', 'MB', 'ratio', 'min', 'max'];

function programRow({ name, wallSeconds, cpuSeconds, memoryBytes, ratio }: Measured): string[] {
  return [
    name,
    ...spreadCells(wallSeconds),
    cpuSeconds.median.toFixed(2),
    (memoryBytes / 1e6).toFixed(0),
    ...(ratio === null ? ['', '', ''] : spreadCells(ratio)),
  ];
}

function spreadCells({ median, min, max }: Spread): string[] {
  return [median, min, max].map((value) => value.toFixed(2));
}

function gateLine({ claim, measured, limit, isMet }: Gate): string {
  return `${isMet ? 'met    ' : 'NOT MET'}  ${claim}: ${measured} (limit ${limit.toLocaleString('en')})`;
}

/** The last line: how many claims hold. */
export function summaryText(outcomes: readonly Outcome[]): string {
  const gates = outcomes.flatMap(({ result }) => result?.gates ?? []);
  const met = gates.filter(({ isMet }) => isMet).length;
  const unmeasured = outcomes.filter(({ result }) => result === null).length;
  return `${met} of ${gates.length} claims met${unmeasured > 0 ? `, ${unmeasured} benchmarks not measured` : ''}\n`;
}
