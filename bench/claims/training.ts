/** What it costs to train an autoencoder, beside scikit-learn's network of the same layers where it is installed. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { atMost, type Benchmark } from '../benchmark.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import { type Contender, contest } from '../contest.ts';

const ROWS = 20_000;
const COLUMNS = 80;
const EPOCHS = 20;
const LIMIT_SECONDS = 15;
const OURS = 'holdfast';
/** Debian's own: one of a version manager has not the packages of Debian. */
const PYTHON = '/usr/bin/python3';
const PROGRAMS = join(import.meta.dirname, '../programs');
const SIZES = [ROWS, COLUMNS, EPOCHS].map(String);

export const training: Benchmark = {
  name: 'training',
  claim: `An autoencoder learns from ${ROWS.toLocaleString('en')} rows of ${COLUMNS} columns, ${EPOCHS} times, in under ${LIMIT_SECONDS} s.`,
  async run({ rounds, say }) {
    const hasPeer = spawnSync(PYTHON, ['-c', 'import sklearn'], { stdio: 'ignore' }).status === 0;
    const ours: Contender = {
      name: OURS,
      command: () => [process.execPath, join(PROGRAMS, 'train-autoencoder.ts'), ...SIZES],
      isOurs: true,
    };
    const peer: Contender = {
      name: 'scikit-learn',
      command: () => [PYTHON, join(PROGRAMS, 'train-autoencoder.py'), ...SIZES],
      isOurs: false,
    };
    const { programs, notes } = await contest(hasPeer ? [ours, peer] : [ours], hasPeer ? peer.name : OURS, rounds, say);
    const measured = programs.find(({ name }) => name === OURS);
    if (measured === undefined) throw new BenchmarkError('the training was not measured');
    return {
      programs,
      gates: [
        atMost('seconds from the start of the process to its end', measured.wallSeconds.median, LIMIT_SECONDS, ''),
      ],
      notes: [
        ...notes,
        'Layers of 64, 32, 16, 32 and 64 units; batches of 512 rows; a tenth of the rows tells how well it does.',
        ...(hasPeer ? [] : ['scikit-learn is not installed (package "python3-sklearn"): not compared.']),
      ],
    };
  },
};
