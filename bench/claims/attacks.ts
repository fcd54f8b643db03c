/** Whether what intruders do to a computer is told within a second: the attacks of e2e/attacks, by a real engine. */
import { LOCAL_ATTACKS } from '../../e2e/attacks/local.ts';
import { DOCUMENT_COUNT, RANSOMWARE, type Taken, takenBy } from '../../e2e/attacks/ransomware.ts';
import { OTHER_REMOTE_ATTACKS, REVERSE_SHELLS } from '../../e2e/attacks/remote.ts';
import { Stage } from '../../e2e/attacks/stage.ts';
import { whyNoNamespaces } from '../../main/engine/sensors/testing/namespace-pair.ts';
import { findProgram } from '../../scripts/lib/programs.mjs';
import { atMost, type Benchmark, type BenchmarkResult, exactly } from '../benchmark.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import { spreadOf } from '../statistics.ts';

const ALERT_LIMIT_MS = 1_000;
const MOST_TAKEN = 20;
/** What is not told by then is not told. */
const WAIT_MS = 5_000;

export const attacks: Benchmark = {
  name: 'attacks',
  claim: `Every attack on the host is told within a second, and ransomware is found before it has ${MOST_TAKEN} files.`,
  run: async ({ say }): Promise<BenchmarkResult> => {
    const obstacle = whyNoNamespaces();
    if (obstacle !== undefined) throw new BenchmarkError(`No attack can be played here: ${obstacle}.`);
    const all = [...LOCAL_ATTACKS, ...REVERSE_SHELLS, ...OTHER_REMOTE_ATTACKS, RANSOMWARE];
    const possible = all.filter(({ needs = [] }) => needs.every((program) => findProgram(program) !== undefined));
    const times: number[] = [];
    let taken: Taken | undefined;
    const stage = await Stage.open();
    try {
      for (const attack of possible) {
        const outcome = await stage.play(attack, { limitMs: WAIT_MS });
        if (attack === RANSOMWARE) taken = takenBy(outcome, (path) => stage.readFile(path));
        if (outcome.alert !== undefined) times.push(outcome.alert.afterMs);
        say(`${attack.name}: ${outcome.alert === undefined ? 'not told' : `${outcome.alert.afterMs} ms`}`);
      }
    } finally {
      await stage.close();
    }
    if (times.length === 0) throw new BenchmarkError('No attack was told at all.');
    const { median, max } = spreadOf(times);
    return {
      programs: [],
      gates: [
        exactly(`attacks of ${possible.length} that were not told`, possible.length - times.length, 0),
        atMost('the slowest alert', max, ALERT_LIMIT_MS, 'ms'),
        atMost('files that ransomware had when it was found', taken?.whenFound ?? DOCUMENT_COUNT, MOST_TAKEN, ''),
      ],
      notes: [
        `From the first command of an attack until its alert was heard, all of its own time included; median ${Math.round(median)} ms.`,
        `When the alert had reached whoever listens, ransomware at 400 files/s had ${taken?.whenHeard ?? 'all'} files.`,
        `${all.length - possible.length} of ${all.length} attacks were left out, as their programs are not installed.`,
      ],
    };
  },
};
