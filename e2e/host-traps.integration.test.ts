/** What is alerted where nothing but a trap or a count gives it away: files that nobody uses, and copies of copies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentNameOf } from '../main/engine/runtime/config-names.ts';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { findProgram } from '../scripts/lib/programs.mjs';
import type { Attack } from './attacks/attack.ts';
import { FORK_BOMB } from './attacks/fork-bomb.ts';
import { Stage } from './attacks/stage.ts';

/** What is claimed is a second, and for what only counts tell two; this machine may run other tests beside. */
const LIMIT_MS = 10_000;
/** Half a second on an idle machine. */
const OPEN_LIMIT_MS = 60_000;
/** Beside the homes, which have no such folders on the stage. */
const SHARE = '/srv/share';

const tools = ['unshare', 'nsenter', 'ip', 'mount', 'bash'];
const missing = tools.filter((tool) => findProgram(tool) === undefined);
const reason = missing.length > 0 ? `needs ${missing.join(', ')}` : whyNoNamespaces();
if (reason !== undefined) console.warn(`Canaries and fork bombs are not tested on a host: ${reason}`);

interface Canaries {
  readonly paths: readonly string[];
  readonly problems: readonly { readonly path: string; readonly reason: string }[];
}

describe.skipIf(reason !== undefined)('traps on the host', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({
      environment: {
        [environmentNameOf('canaries.enabled')]: 'true',
        [environmentNameOf('canaries.folders')]: SHARE,
      },
    });
  }, OPEN_LIMIT_MS);

  afterAll(async () => stage?.close());

  async function canaries(what: 'place' | 'remove'): Promise<Canaries> {
    const { stdout, stderr, code } = await stage.engine.holdfast('canaries', what, '--json');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    return JSON.parse(stdout) as Canaries;
  }

  async function told(attack: Attack) {
    const { alert, told: heard, output } = await stage.play(attack, { limitMs: LIMIT_MS });
    expect(alert, `told: ${heard.join('\n') || 'nothing'}; its output: ${output}`).toBeDefined();
    console.log(`${alert?.afterMs} ms ${attack.name}: ${alert?.severity} ${alert?.title}`);
    return alert;
  }

  it('tells who changed a canary, and takes the others away again', async () => {
    (await stage.prepare(`mkdir -p ${SHARE}; echo ready`)).kill('SIGKILL');
    const { paths, problems } = await canaries('place');
    expect(problems).toEqual([]);
    const canary = paths.find((path) => path.startsWith(`${SHARE}/`));
    expect(canary).toBeDefined();
    // To look at it is no harm; what is written is a single byte.
    const alert = await told({
      name: 'a canary is changed',
      script: `cat "${canary}" > /dev/null; printf x >> "${canary}"; sleep 1`,
      found: { techniques: ['T1486'], severity: 'critical' },
    });
    expect(alert).toMatchObject({ kind: 'ransomware', detectors: expect.arrayContaining(['ransomware']) });
    expect(alert?.title).toContain('changed the canary');
    const left = await canaries('remove');
    expect(left.problems.map(({ path }) => path)).toEqual([canary]);
    expect([...left.paths].sort()).toEqual(paths.filter((path) => path !== canary).sort());
  });

  it.skipIf(findProgram('python3') === undefined)('tells of a program that makes copies of copies', async () => {
    const alert = await told(FORK_BOMB);
    expect(alert).toMatchObject({ kind: 'denial-of-service', detectors: expect.arrayContaining(['fork-bomb']) });
    const { health } = await stage.engine.status();
    expect(health.find(({ part }) => part === 'processes')?.counters).toMatchObject({ dropped: 0 });
  });
});
