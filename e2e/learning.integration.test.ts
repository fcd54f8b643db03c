/**
 * A real engine learns, trains in a process of its own, judges, and remembers: through its socket, as any client sees
 * it. Conversations are handed to it as its traffic thread does.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ApiClient } from '../contract/api.ts';
import type { Training } from '../contract/api-models.ts';
import { connectToEngine } from '../main/client/index.ts';
import { createEngine, type Engine, loadEngineConfig, openLog, resolvePaths } from '../main/engine/index.ts';
import { FLOW_FEATURE_NAMES, Random } from '../main/engine/models/index.ts';
import { FEATURES_VERSION, type RecordedFlow } from '../main/engine/network/index.ts';
import { NamespacePair, whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';

const reason = whyNoNamespaces();
if (reason !== undefined) console.warn(`Learning of a real engine is not tested: ${reason}`);

const VERSION = '0.0.0-test';
/** Of fewer it depends on chance how surely a single strange one is told. */
const FLOWS = 2_400;
const MICROSECONDS = 1_000;
/** Rows wait until the engine has time for them. */
const JUDGED = { timeout: 20_000, interval: 100 };

function conversation(random: Random, bytes = 400 + random.below(900), responder = 1 + random.below(20)): RecordedFlow {
  const values = new Float32Array(FLOW_FEATURE_NAMES.length);
  const set = (name: string, value: number): void => {
    values[FLOW_FEATURE_NAMES.indexOf(name)] = value;
  };
  const packets = 4 + random.below(8);
  set('Flow Duration', 40_000 + random.below(60_000));
  set('Total Fwd Packets', packets);
  set('Total Backward Packets', packets + random.below(3));
  set('Total Length of Fwd Packets', bytes);
  set('Total Length of Bwd Packets', 3_000 + random.below(4_000));
  set('Fwd Packet Length Max', Math.min(1_460, bytes / 2));
  set('Fwd Packet Length Mean', bytes / packets);
  const lastUs = Date.now() * MICROSECONDS;
  return {
    number: 1,
    firstUs: lastUs - 100_000,
    lastUs,
    protocol: 6,
    initiator: '10.66.1.1',
    initiatorPort: 40_000,
    responder: `192.0.2.${responder}`,
    responderPort: 443,
    vlan: 0,
    tunnel: 0,
    initiatorPackets: packets,
    responderPackets: packets,
    initiatorBytes: bytes,
    responderBytes: 5_000,
    service: 'tls',
    endReason: 0,
    note: { application: '', name: '', said: [] },
    features: { version: FEATURES_VERSION, values },
  };
}

describe.skipIf(reason !== undefined)('an engine that learns', () => {
  const random = new Random(5);
  let folder: string;
  let pair: NamespacePair;
  let engine: Engine;
  let client: ApiClient;

  async function open(): Promise<void> {
    const paths = resolvePaths({ dataDirectory: folder, environment: {}, userId: 0, homeDirectory: folder });
    const flags = {
      'sensors.interfaces': [pair.nearInterface],
      'models.holdMinutes': 0,
      'models.kinds': ['baseline', 'isolation-forest'],
    };
    const config = await loadEngineConfig({ environment: {}, flags, userId: 0 });
    const logger = await openLog(config, paths.logDirectory);
    const helperPrefix = pair.inside(pair.near);
    engine = await createEngine({ config, paths, logger, version: VERSION, simulate: false, helperPrefix });
    await engine.start();
    client = await connectToEngine({ directories: [paths.runtimeDirectory], userId: 0, version: VERSION });
  }

  async function close(): Promise<void> {
    client.close();
    await engine.stop();
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-learning-'));
    pair = new NamespacePair();
    await open();
  });

  afterAll(async () => {
    await close();
    pair.remove();
    rmSync(folder, { recursive: true });
  });

  const flowOf = async () => {
    const { learning, profiles, budget } = await client.request('models.list', {});
    return { learning: learning.find(({ table }) => table === 'flow'), profiles, budget };
  };

  /** How a training ended, after its steps were heard of. */
  async function train(): Promise<Training> {
    await client.request('models.train', { tables: ['flow'] });
    for await (const { training } of client.watch('models.watch', {})) {
      if (training !== null && training.state !== 'running') return training;
    }
    throw new Error('the stream ended');
  }

  it('says that it learns', async () => {
    engine.models.takeFlows(Array.from({ length: FLOWS }, () => conversation(random)));
    await vi.waitFor(async () => {
      const { learning, profiles } = await flowOf();
      expect(learning).toMatchObject({ state: 'learning', rows: FLOWS, activeId: null });
      expect(profiles).toEqual([]);
    }, JUDGED);
  }, 30_000);

  it('trains, and puts what came of it in use', async () => {
    const training = await train();
    expect(training).toMatchObject({ state: 'done', failure: null, made: [{ id: 'flow-1', state: 'active' }] });
    expect((await flowOf()).learning).toMatchObject({ state: 'ready', activeId: 'flow-1' });
  }, 90_000);

  it('tells of a strange conversation, and of no usual one', async () => {
    engine.models.takeFlows([conversation(random, 4e9, 250)]);
    const expected = { kind: 'anomaly', severity: 'low', title: expect.stringContaining('192.0.2.250') };
    await vi.waitFor(async () => {
      expect((await client.request('alerts.list', {})).alerts).toMatchObject([expected]);
    }, JUDGED);
    expect((await flowOf()).budget).toMatchObject({ shown: 1 });
    const features = { Protocol: 6, 'Total Length of Fwd Packets': 4e9 };
    const { id, results } = await client.request('explain', { features });
    expect(id).toBe('flow-1');
    expect(results[0]).toMatchObject({ isAnomaly: true });
  }, 30_000);

  it('remembers all of it', async () => {
    await close();
    await open();
    const { learning, profiles, budget } = await flowOf();
    expect(learning).toMatchObject({ state: 'ready', activeId: 'flow-1' });
    expect(learning?.rows).toBeGreaterThanOrEqual(FLOWS);
    expect(profiles.map(({ id }) => id)).toEqual(['flow-1']);
    expect(budget).toMatchObject({ shown: 1 });
  });

  it('goes back to the version before, and takes no broken one in', async () => {
    engine.models.takeFlows(Array.from({ length: 200 }, () => conversation(random)));
    expect(await train()).toMatchObject({ state: 'done', made: [{ id: 'flow-2', parent: 'flow-1' }] });
    await client.request('models.use', { id: 'flow-2' });
    expect(await client.request('models.rollback', { table: 'flow' })).toMatchObject({ id: 'flow-1', state: 'active' });
    const before = (await flowOf()).profiles;
    const data = Buffer.from('{"format":"holdfast-profile","version":1}').toString('base64');
    const broken = client.request('models.import', { name: 'x', offset: 0, data, isLast: true });
    await expect(broken).rejects.toMatchObject({ failure: { code: 'bad-profile' } });
    expect((await flowOf()).profiles).toEqual(before);
    const { entries } = await client.request('journal.list', {});
    const actions = entries.map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['model-trained', 'model-rolled-back', 'training-begun']));
  }, 90_000);
});
