/** The work of the benchmark "models", in a process of its own: `models-work.ts TABLE TEST` prints CPU seconds by job. */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import {
  dbscan,
  isolationForest,
  localOutlierFactor,
  type Matrix,
  oneClassSvm,
  pickRows,
  scoreRows,
} from '../../main/engine/models/index.ts';

const COLUMNS = 80;
const SINGLE_ROWS = 200;
/** The same in models-work.py, which says why. */
const GAMMA = 1 / COLUMNS;

function readTable(path: string): Matrix {
  const bytes = readFileSync(path);
  const data = new Float64Array(bytes.length / Float64Array.BYTES_PER_ELEMENT);
  new Uint8Array(data.buffer).set(bytes);
  return { rows: data.length / COLUMNS, columns: COLUMNS, data };
}

const firstRows = (matrix: Matrix, count: number): Matrix => pickRows(matrix, [...new Array(count).keys()]);

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** How often, and how many times, it is looked whether the process rests, and what it may then use in between. */
const REST = { everyMs: 50, looks: 200, cpuSeconds: 0.001 } as const;

/**
 * Waits until the compiler has done with what was loaded so far. Of a program in TypeScript, which the installed one is
 * not, the runtime strips the types first, and goes on to optimise what does so on other threads: for hundreds of
 * milliseconds that would count for the first jobs.
 */
async function rest(): Promise<void> {
  for (let look = 0; look < REST.looks; look++) {
    const before = cpuSeconds();
    await setTimeout(REST.everyMs);
    if (cpuSeconds() - before < REST.cpuSeconds) return;
  }
}

const seconds: Record<string, number> = {};
function timed<R>(job: string, work: () => R): R {
  const begun = cpuSeconds();
  const result = work();
  seconds[job] = cpuSeconds() - begun;
  return result;
}

const [tablePath, testPath, radius] = process.argv.slice(2);
const table = readTable(tablePath);
const test = readTable(testPath);

await rest();
const forest = timed('isolation forest, fit', () => isolationForest.fit(table));
timed('isolation forest, score', () => scoreRows(forest, test));
const rows = Array.from({ length: SINGLE_ROWS }, (_, row) => pickRows(test, [row]));
timed('isolation forest, one row', () => rows.map((row) => scoreRows(forest, row)));
seconds['isolation forest, one row'] /= SINGLE_ROWS;

const [few, more, some] = [firstRows(table, 2_048), firstRows(table, 4_096), firstRows(test, test.rows / 5)];
const small = timed('LOF of 2,048 rows, fit', () => localOutlierFactor.fit(few));
timed('LOF of 2,048 rows, score', () => scoreRows(small, test));
const large = timed('LOF of all rows, fit', () => localOutlierFactor.fit(table, { referenceRows: table.rows }));
timed('LOF of all rows, score', () => scoreRows(large, some));

timed('DBSCAN', () => dbscan.fit(table, { radius: Number(radius), minimumRows: 30, referenceRows: table.rows }));

const machine = timed('one-class SVM of 4,096 rows, fit', () => oneClassSvm.fit(more, { gamma: GAMMA }));
timed('one-class SVM of 4,096 rows, score', () => scoreRows(machine, test));

process.stdout.write(JSON.stringify(seconds));
