/** Real attacks in namespaces of their own, seen by the real sensors of a real engine and told as alerts. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { findProgram } from '../scripts/lib/programs.mjs';
import type { Attack, Outcome } from './attacks/attack.ts';
import { LOCAL_ATTACKS } from './attacks/local.ts';
import { DOCUMENT_COUNT, RANSOMWARE, takenBy } from './attacks/ransomware.ts';
import { OTHER_REMOTE_ATTACKS, REVERSE_SHELLS } from './attacks/remote.ts';
import { Stage } from './attacks/stage.ts';

/** What is claimed is a second, which bench/claims/attacks.ts measures; this machine may run other tests beside. */
const LIMIT_MS = 6_000;
/** So many files are gone at the most before ransomware is found. */
const MOST_TAKEN = 20;
const LEAST_ATTACKS = 30;
/** Half a second on an idle machine. */
const OPEN_LIMIT_MS = 60_000;
/** By then the network's detectors have spoken too, on a loaded machine somewhat later. */
const STORY_MS = 2_500;
const SPOKEN = { timeout: 20_000 };

const tools = ['unshare', 'nsenter', 'ip', 'mount', 'bash'];
const missing = tools.filter((tool) => findProgram(tool) === undefined);
const reason = missing.length > 0 ? `needs ${missing.join(', ')}` : whyNoNamespaces();
if (reason !== undefined) console.warn(`Attacks on the host are not tested: ${reason}`);

describe.skipIf(reason !== undefined)('attacks on the host', () => {
  let stage: Stage;
  const outcomes: Outcome[] = [];

  beforeAll(async () => {
    stage = await Stage.open();
  }, OPEN_LIMIT_MS);

  afterAll(async () => {
    await stage?.close();
    console.log(summary(outcomes));
  });

  async function play(attack: Attack): Promise<Outcome> {
    const outcome = await stage.play(attack, { limitMs: LIMIT_MS });
    outcomes.push(outcome);
    const { techniques, severity = 'low' } = attack.found;
    const told = outcome.told.join('\n') || 'nothing';
    expect(outcome.alert, `${severity} ${techniques}; told: ${told}; its output: ${outcome.output}`).toBeDefined();
    return outcome;
  }

  const missingFor = ({ needs = [] }: Attack): readonly string[] =>
    needs.filter((program) => findProgram(program) === undefined);

  for (const attack of [...LOCAL_ATTACKS, ...REVERSE_SHELLS, ...OTHER_REMOTE_ATTACKS]) {
    const lacks = missingFor(attack);
    if (lacks.length > 0) console.warn(`"${attack.name}" is not played: ${lacks.join(', ')} not installed`);
    it.skipIf(lacks.length > 0)(`finds: ${attack.name}`, async () => {
      await play(attack);
    });
  }

  it('tells a reverse shell as one story: who gave the commands, by which programs, as host and network saw it', async () => {
    const [attack] = REVERSE_SHELLS as readonly [Attack];
    const from = stage.engine.heard.length;
    const { attacker, alert } = await stage.play(attack, { limitMs: LIMIT_MS, moreMs: STORY_MS });
    const latest = () => stage.engine.heard.findLast((heard) => heard.alert.id === alert?.id)?.alert;
    await vi.waitFor(() => {
      expect(latest()).toMatchObject({ kind: 'reverse-shell', severity: 'critical', attackers: [attacker] });
      expect(latest()?.detectors).toEqual(expect.arrayContaining(['host-reverse-shell', 'reverse-shell']));
    }, SPOKEN);
    expect(latest()?.processes?.map(({ commandLine }) => commandLine)).toContain('bash -i');
    const about = stage.engine.heard.slice(from).filter(({ alert: each }) => each.attackers.includes(attacker));
    expect([...new Set(about.map(({ alert: { id } }) => id))]).toEqual([alert?.id]);
  });

  it('finds ransomware before it has twenty files', async () => {
    const taken = takenBy(await play(RANSOMWARE), (path) => stage.readFile(path));
    console.log(`Of ${DOCUMENT_COUNT} files ${taken?.whenFound} were taken when found, ${taken?.whenHeard} when told`);
    expect(taken?.whenFound).toBeLessThanOrEqual(MOST_TAKEN);
  });

  it('plays enough of them, and lost nothing of what happened', async () => {
    expect(LOCAL_ATTACKS.filter((attack) => missingFor(attack).length === 0).length).toBeGreaterThanOrEqual(
      LEAST_ATTACKS,
    );
    const { health } = await stage.engine.status();
    const counters = Object.fromEntries(health.map((entry) => [entry.part, entry.counters]));
    expect(counters).toMatchObject({
      processes: { dropped: 0 },
      files: { dropped: 0, overflows: 0 },
      sockets: { dropped: 0 },
      host: { droppedFindings: 0, failures: 0 },
    });
  });
});

/** One line for each attack, and how long alerts took. */
function summary(outcomes: readonly Outcome[]): string {
  const times = outcomes.flatMap(({ alert }) => alert?.afterMs ?? []).sort((first, second) => first - second);
  const lines = outcomes.map(({ attack, alert }) =>
    alert === undefined
      ? `  missed   ${attack.name}`
      : `${String(alert.afterMs).padStart(5)} ms ${attack.name}: ${alert.severity} ${alert.kind}, ${alert.title}`,
  );
  const [median, most] = [times[Math.floor(times.length / 2)], times.at(-1)];
  return [...lines, `${times.length} of ${outcomes.length} told; median ${median} ms, at most ${most} ms`].join('\n');
}
