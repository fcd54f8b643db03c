/**
 * Fits a profile of made-up flows with the models that are named, `score-flows.ts ROWS PASSES KIND…`, reads it as the
 * engine does, and scores the flows. Prints flows a second of CPU time for each pass, as JSON.
 */
import {
  fitProfile,
  type Matrix,
  MODEL_KINDS,
  Random,
  readProfile,
  TABLE_COLUMNS,
} from '../../main/engine/models/index.ts';

const GROUP = 'tcp';
/** Names of a column that occur. */
const NAMES = 5;
/** So many times larger are all amounts of every fourth flow. */
const LARGE = 8;
const LEARNT_ROWS = 5_000;

/** Amounts of a flow go with its size; each has its own measure and spread. */
function flowsOf(rows: number, seed: number): Matrix {
  const random = new Random(seed);
  const columns = TABLE_COLUMNS.flow;
  const data = new Float64Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    const size = random.below(4) === 0 ? LARGE : 1;
    columns.forEach(({ meaning }, column) => {
      const amount = size * Math.exp((column % 7) + random.normal() / 2);
      data[row * columns.length + column] = meaning === 'name' ? random.below(NAMES) : amount;
    });
  }
  return { rows, columns: columns.length, data };
}

const [rows = 0, passes = 0] = process.argv.slice(2, 4).map(Number);
const wanted = process.argv.slice(4);
const { document } = await fitProfile(
  {
    table: 'flow',
    kinds: MODEL_KINDS.filter((kind) => wanted.includes(kind)),
    groups: [{ group: GROUP, rows: flowsOf(LEARNT_ROWS, 1) }],
    seed: 1,
    // What it has learnt makes no difference to how long it takes.
    parameters: { autoencoder: { epochs: 1 } },
  },
  { onProgress: () => undefined, signal: new AbortController().signal },
);
const profile = readProfile(document);
const flows = flowsOf(rows, 2);
const rates: number[] = [];
for (let pass = 0; pass < passes; pass++) {
  const begun = process.cpuUsage();
  for (let row = 0; row < rows; row++) profile.pValue(GROUP, flows.data, row * flows.columns);
  const { user, system } = process.cpuUsage(begun);
  rates.push((rows * 1e6) / (user + system));
}
process.stdout.write(JSON.stringify(rates));
