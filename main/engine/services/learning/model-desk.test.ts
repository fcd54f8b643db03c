import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import { FLOW_FEATURE_NAMES, fitProfile, Random } from '../../models/index.ts';
import { FEATURES_VERSION, type RecordedFlow } from '../../network/index.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { FailureError } from '../../runtime/failure.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../../store/index.ts';
import { testFinding } from '../alerts/alert-testing.ts';
import { ModelDesk } from './model-desk.ts';
import { type ModelSettings, modelSettings } from './model-settings.ts';
import type { Trainer } from './model-training.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MICROSECONDS = 1_000;
const BASE: ModelSettings = {
  ...defaultsOf(modelSettings),
  learningRows: 400,
  learningHours: 0.5,
  kinds: ['baseline', 'isolation-forest'],
};

/** The desk over a real store, with a clock that stands still, and training in this process. */
class Scene {
  readonly clock = new ManualClock(START_MS);
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-models-'));
  readonly health = new HealthRegistry();
  readonly findings: Finding[] = [];
  readonly problems: string[] = [];
  readonly random = new Random(7);
  settings: ModelSettings = BASE;
  conditions = { isOnMains: true, loadPerCore: 0 };
  trainer: Trainer = (job, hooks) => fitProfile(job, hooks);
  store!: Store;
  desk!: ModelDesk;

  async open(): Promise<void> {
    const { clock } = this;
    const path = join(this.folder, 'data', 'holdfast.db');
    const health = new HealthRegistry();
    this.store = await openStore({ path, clock, health, settings: defaultsOf(storeSettings) });
    this.desk = new ModelDesk({
      clock,
      health: new HealthRegistry(),
      store: () => this.store,
      settings: () => this.settings,
      joinGapMs: () => 10 * MINUTE_MS,
      seed: 3,
      directory: join(this.folder, 'data', 'models'),
      trainer: (...given) => this.trainer(...given),
      onFinding: (finding) => this.findings.push(finding),
      onProblem: (message) => this.problems.push(message),
      ownAddresses: () => new Set(['10.0.0.5']),
      conditions: () => this.conditions,
      // An empty one: no rows of the computer itself.
      procDirectory: this.folder,
    });
    this.desk.start();
  }

  async close(): Promise<void> {
    await this.desk.stop();
    this.store.close();
  }

  flow(changes: Partial<RecordedFlow> & { readonly bytes?: number } = {}): RecordedFlow {
    const { bytes, ...rest } = changes;
    const nowUs = this.clock.nowMs() * MICROSECONDS;
    const values = new Float32Array(FLOW_FEATURE_NAMES.length);
    const set = (name: string, value: number): void => {
      const place = FLOW_FEATURE_NAMES.indexOf(name);
      if (place < 0) throw new Error(`no feature ${name}`);
      values[place] = value;
    };
    const packets = 4 + this.random.below(8);
    const sent = bytes ?? 400 + this.random.below(900);
    set('Flow Duration', 40_000 + this.random.below(60_000));
    set('Total Fwd Packets', packets);
    set('Total Backward Packets', packets + this.random.below(3));
    set('Total Length of Fwd Packets', sent);
    set('Total Length of Bwd Packets', 3_000 + this.random.below(4_000));
    set('Fwd Packet Length Max', Math.min(1_460, sent / 2));
    set('Fwd Packet Length Mean', sent / packets);
    set('Init_Win_bytes_forward', 64_240);
    return {
      number: 1,
      firstUs: nowUs - 100_000,
      lastUs: nowUs,
      protocol: 6,
      initiator: '10.0.0.5',
      initiatorPort: 40_000,
      responder: `192.0.2.${1 + this.random.below(20)}`,
      responderPort: 443,
      vlan: 0,
      tunnel: 0,
      initiatorPackets: packets,
      responderPackets: packets,
      initiatorBytes: sent,
      responderBytes: 5_000,
      service: 'tls',
      endReason: 0,
      note: { application: '', name: '', said: [] },
      features: { version: FEATURES_VERSION, values },
      ...rest,
    };
  }

  /** Usual conversations over some time. */
  watch(hours: number, perMinute: number): void {
    for (let minute = 0; minute < hours * 60; minute++) {
      this.desk.takeFlows(Array.from({ length: perMinute }, () => this.flow()));
      this.clock.advance(MINUTE_MS);
    }
  }

  get learning() {
    return this.desk.list().learning[0];
  }

  async ended(): Promise<void> {
    for (let turn = 0; turn < 200 && this.desk.list().training?.state === 'running'; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async trained(): Promise<void> {
    await this.ended();
    expect(this.desk.list().training).toMatchObject({ state: 'done', failure: null });
  }

  /** Until the first version is in use. */
  async learn(): Promise<void> {
    this.watch(0.75, 16);
    await this.trained();
    expect(this.learning).toMatchObject({ state: 'ready', activeId: 'flow-1' });
  }

  actions(): string[] {
    return this.store.listJournal().rows.map(({ action, subject }) => `${action} ${subject}`);
  }
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'fine';
  } catch (error) {
    expect(error).toBeInstanceOf(FailureError);
    return (error as FailureError).failure.code;
  }
}

let scene: Scene;
beforeEach(async () => {
  scene = new Scene();
  await scene.open();
});
afterEach(async () => {
  await scene.close();
  rmSync(scene.folder, { recursive: true });
  expect(scene.problems).toEqual([]);
});

describe('learning', () => {
  it('says honestly how far it is', async () => {
    expect(scene.learning).toMatchObject({ state: 'learning', rows: 0, progress: 0, activeId: null });
    scene.watch(0.25, 60);
    expect(scene.learning).toMatchObject({ state: 'learning', rows: 900, rowsWanted: 400, progress: 0.5 });
    expect(scene.learning.detail).toContain('15 min of 30 min watched');
    expect(scene.learning.readyMs).toBe(START_MS + HOUR_MS / 2);
    const [, host, process] = scene.desk.list().learning;
    expect(host.state).toBe('learning');
    expect(process).toMatchObject({ state: 'off', detail: expect.stringContaining('not watched yet') });
    scene.desk.takePrograms([{ program: '/usr/bin/make', values: { processes: 3, children: 40 } }]);
    expect(scene.desk.list().learning[2]).toMatchObject({ table: 'process', state: 'learning', rows: 1 });
    await expect(scene.desk.answers.detect({ table: 'flow', features: {} })).rejects.toMatchObject({
      failure: { code: 'nothing-learnt' },
    });
    expect(codeOf(() => scene.desk.answers.detail('flow-1'))).toBe('no-such-version');
    expect(codeOf(() => scene.desk.rollback('flow', 'ada'))).toBe('no-earlier-version');
  });

  it('trains by itself when enough was seen, and judges from then on', async () => {
    await scene.learn();
    const [profile] = scene.desk.list().profiles;
    expect(profile).toMatchObject({ id: 'flow-1', state: 'active', source: 'this computer', groups: ['tcp'] });
    expect(profile.metrics.validationRows).toBeGreaterThan(50);
    const result = await scene.desk.answers.explain({
      table: 'flow',
      group: 'tcp',
      features: { 'Total Length of Fwd Packets': 9e9 },
    });
    expect(result).toMatchObject({ id: 'flow-1', results: [{ isAnomaly: true }] });
    expect((await scene.desk.answers.evaluate('flow-1')).rows).toBeGreaterThan(20);
    expect(scene.desk.answers.detail('flow-1').groups[0].models.map(({ kind }) => kind)).toEqual([
      'baseline',
      'isolation-forest',
    ]);
    expect(scene.actions()).toEqual(expect.arrayContaining(['model-trained flow-1']));
  });

  it.each([
    ['the charger', { isOnMains: false, loadPerCore: 0 }],
    ['less to do', { isOnMains: true, loadPerCore: 3 }],
  ])('waits for %s', async (what, conditions) => {
    scene.conditions = conditions;
    scene.watch(0.75, 16);
    expect(scene.learning.state).toBe('learning');
    expect(scene.learning.detail).toContain(what);
    scene.conditions = { isOnMains: true, loadPerCore: 0 };
    scene.clock.advance(MINUTE_MS);
    await scene.trained();
    expect(scene.learning.state).toBe('ready');
  });

  it('ends a training when it is switched off', async () => {
    scene.watch(0.4, 16);
    scene.trainer = (_job, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    scene.desk.train({ tables: ['flow'] }, 'ada');
    scene.settings = { ...BASE, enabled: false };
    scene.desk.configure();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(scene.desk.list().training).toMatchObject({ state: 'cancelled', failure: null });
    expect(scene.learning.state).toBe('off');
    expect(scene.actions()[0]).toMatch(/^training-cancelled t-/);
  });

  it('is off when it is switched off', () => {
    scene.settings = { ...BASE, enabled: false };
    scene.desk.configure();
    scene.watch(0.1, 6);
    expect(scene.learning).toMatchObject({ state: 'off', rows: 0 });
  });

  it('ends when a person cancels it, and a training that a stop ended begins anew', async () => {
    scene.watch(0.4, 16);
    let aborted = 0;
    scene.trainer = (_job, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted++;
          reject(signal.reason);
        });
      });
    scene.desk.train({ tables: ['flow'] }, 'ada');
    await Promise.resolve();
    expect(scene.learning.state).toBe('training');
    expect(codeOf(() => scene.desk.train({}, 'ada'))).toBe('training-goes-on');
    await scene.desk.cancel('ada');
    expect(scene.desk.list().training).toMatchObject({ state: 'cancelled', failure: null, made: [] });
    expect(scene.actions()[0]).toMatch(/^training-cancelled t-/);
    await expect(scene.desk.cancel('ada')).rejects.toMatchObject({ failure: { code: 'no-training' } });

    const begun = new Promise<void>((resolve) => {
      const before = scene.trainer;
      scene.trainer = (...given) => {
        resolve();
        return before(...given);
      };
    });
    scene.desk.train({ tables: ['flow'] }, 'ada');
    await begun;
    await scene.close();
    expect(aborted).toBe(1);
    scene.trainer = (job, hooks) => fitProfile(job, hooks);
    await scene.open();
    scene.watch(0.6, 16);
    await scene.trained();
    expect(scene.learning.activeId).toBe('flow-1');
  });

  it('keeps what is in use when a training fails, and says why', async () => {
    await scene.learn();
    scene.trainer = () =>
      Promise.reject(new FailureError({ code: 'training-memory', message: 'Full.', hint: 'Less.' }));
    scene.desk.train({ tables: ['flow'] }, 'ada');
    await scene.ended();
    expect(scene.desk.list().training).toMatchObject({ state: 'failed', failure: { code: 'training-memory' } });
    expect(scene.learning).toMatchObject({ state: 'ready', activeId: 'flow-1' });
  });
});

describe('judging', () => {
  it('shows what is strange, within the number of a day, also after a restart', async () => {
    await scene.learn();
    scene.settings = { ...scene.settings, alertsPerDay: 3 };
    scene.desk.configure();
    scene.findings.length = 0;
    for (let number = 0; number < 5; number++) {
      const strange = scene.flow({
        bytes: 4e8,
        responder: `203.0.113.${number}`,
        responderPort: 4444,
        service: 'unknown',
      });
      scene.desk.takeFlows([strange]);
    }
    // The third is kept for what is far more unusual than these, which are all alike.
    expect(scene.findings.map(({ kind }) => kind)).toEqual(['anomaly', 'anomaly']);
    expect(scene.findings[0].title).toContain('203.0.113.0');
    expect(scene.findings[0].severity).toBe('low');
    expect(scene.desk.list().budget).toMatchObject({ perDay: 3, shown: 2 });
    expect(scene.desk.answers.preview({ perDay: 100, days: 30 }).total).toBeGreaterThanOrEqual(2);
    expect(scene.desk.answers.preview({ perDay: 1, days: 30 })).toMatchObject({ total: 1 });
    await scene.close();
    await scene.open();
    expect(scene.desk.list().budget).toMatchObject({ shown: 2 });
    expect(scene.learning).toMatchObject({ state: 'ready', activeId: 'flow-1' });
    expect(scene.learning.rows).toBeGreaterThan(700);
    scene.desk.takeFlows([scene.flow({ bytes: 4e8, responder: '203.0.113.99' })]);
    expect(scene.findings).toHaveLength(2);
  });

  it('that fails is told once a minute, and harms nobody', () => {
    const broken = { ...scene.flow(), features: undefined } as unknown as RecordedFlow;
    for (let time = 0; time < 5; time++) scene.desk.takeFlows([broken]);
    expect(scene.problems).toEqual([expect.stringMatching(/^Learning: /)]);
    scene.problems.length = 0;
  });

  it('gives notices at most while it has only begun to learn', async () => {
    scene.watch(0.5, 20);
    for (let turn = 0; turn < 200 && !scene.learning.detail.includes('simple baseline'); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(scene.learning.detail).toContain('simple baseline');
    scene.desk.takeFlows([scene.flow({ bytes: 4e9, responder: '203.0.113.7' })]);
    expect(scene.findings).toMatchObject([{ severity: 'info' }]);
    expect(scene.findings[0].explanation).toContain('only begun to learn');
  });
});

describe('the guard', () => {
  it('keeps out what alerts speak of, before and after', async () => {
    const attack = () => scene.flow({ initiator: '10.0.0.66', responder: '10.0.0.5', bytes: 7 });
    scene.desk.takeFlows(Array.from({ length: 50 }, () => scene.flow()));
    scene.desk.takeFlows(Array.from({ length: 30 }, attack));
    expect(scene.learning.rows).toBe(80);
    const nowMs = scene.clock.nowMs();
    const finding = testFinding('10.0.0.66', {
      victims: ['10.0.0.5'],
      severity: 'medium',
      firstSeenMs: nowMs,
      lastSeenMs: nowMs + MINUTE_MS,
    });
    scene.desk.hear(finding);
    scene.clock.advance(MINUTE_MS);
    expect(scene.learning.rows).toBe(50);
    scene.desk.takeFlows(Array.from({ length: 30 }, attack));
    expect(scene.learning.rows).toBe(50);
    expect(scene.learning.detail).toContain('60 conversations were left out');
    expect(scene.desk.list().learning[1].detail).not.toContain('left out');
    await scene.close();
    await scene.open();
    expect(scene.learning.rows).toBe(50);
  });

  it('does not begin to train during a flood', () => {
    scene.watch(0.5, 20);
    scene.desk.hear(testFinding('10.0.0.66', { kind: 'denial-of-service', victims: ['10.0.0.5'] }));
    scene.clock.advance(8 * MINUTE_MS);
    expect(scene.desk.list().training).toBeNull();
    expect(scene.learning.detail).toContain('flood');
  });
});

describe('versions', () => {
  it('are replaced by as good ones, and come back by a person', async () => {
    await scene.learn();
    scene.watch(0.3, 16);
    scene.desk.train({ tables: ['flow'] }, 'ada');
    await scene.trained();
    expect(scene.learning.activeId).toBe('flow-2');
    expect(scene.desk.list().profiles.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'flow-2 active',
      'flow-1 retired',
    ]);
    const compared = await scene.desk.answers.compare('flow-1', 'flow-2');
    expect(compared.disagreement).toBeLessThanOrEqual(0.05);
    expect(compared.rankCorrelation).toBeGreaterThan(0.2);
    expect(scene.desk.rollback('flow', 'ada')).toMatchObject({ id: 'flow-1', state: 'active' });
    expect(codeOf(() => scene.desk.remove('flow-1', 'ada'))).toBe('version-in-use');
    scene.desk.remove('flow-2', 'ada');
    expect(scene.actions().slice(0, 2)).toEqual(['model-removed flow-2', 'model-rolled-back flow-1']);
    await scene.close();
    await scene.open();
    expect(scene.learning.activeId).toBe('flow-1');
  });

  it('that are worse stay candidates and say why', async () => {
    await scene.learn();
    // Learnt from nothing like what is usual here.
    scene.trainer = (job, hooks) => {
      const groups = job.groups.map(({ group, rows }) => ({
        group,
        rows: { ...rows, data: rows.data.map((x) => x * 40) },
      }));
      return fitProfile({ ...job, groups }, hooks);
    };
    scene.desk.train({ tables: ['flow'] }, 'ada');
    await scene.trained();
    const [candidate] = scene.desk.list().profiles;
    expect(candidate).toMatchObject({ id: 'flow-2', state: 'candidate', parent: 'flow-1' });
    expect(candidate.reason).toMatch(/^It is not in use because it finds .* of usual rows/);
    expect(scene.learning.activeId).toBe('flow-1');
    expect(scene.desk.use('flow-2', 'ada')).toMatchObject({ state: 'active', reason: 'ada put it in use.' });
  });

  it('go at their number, the one in use never', async () => {
    scene.settings = { ...BASE, keptVersions: 2 };
    await scene.learn();
    for (let run = 0; run < 3; run++) {
      scene.desk.train({ tables: ['flow'], kinds: ['baseline'] }, 'ada');
      await scene.trained();
    }
    const profiles = scene.desk.list().profiles;
    expect(profiles).toHaveLength(2);
    expect(profiles.filter(({ state }) => state === 'active')).toHaveLength(1);
  });

  it('leave as files and come back as candidates; broken files change nothing', async () => {
    await scene.learn();
    const { bytes, data } = scene.desk.exportPiece('flow-1', 0);
    const pieces = [Buffer.from(data, 'base64')];
    for (let at = pieces[0].length; at < bytes; at += pieces[pieces.length - 1].length) {
      pieces.push(Buffer.from(scene.desk.exportPiece('flow-1', at).data, 'base64'));
    }
    const file = Buffer.concat(pieces);
    expect(file).toHaveLength(bytes);
    const before = JSON.stringify(scene.desk.list().profiles);
    const send = (given: Buffer) =>
      scene.desk.importPiece('x.hfmodel', { offset: 0, bytes: given, isLast: true }, 'ada');
    const middle = Math.floor(bytes / 2);
    const changed = Buffer.from(file);
    changed[middle] = changed[middle] === 65 ? 66 : 65;
    for (const broken of [
      Buffer.alloc(0),
      file.subarray(0, middle),
      changed,
      Buffer.from('{"format":"holdfast-profile"}'),
    ]) {
      expect(codeOf(() => send(broken))).toBe('bad-profile');
    }
    expect(codeOf(() => scene.desk.importPiece('y', { offset: 3, bytes: file, isLast: true }, 'ada'))).toBe(
      'wrong-offset',
    );
    expect(JSON.stringify(scene.desk.list().profiles)).toBe(before);
    scene.desk.importPiece('x.hfmodel', { offset: 0, bytes: file.subarray(0, middle), isLast: false }, 'ada');
    const { profile } = scene.desk.importPiece(
      'x.hfmodel',
      { offset: middle, bytes: file.subarray(middle), isLast: true },
      'ada',
    );
    expect(profile).toMatchObject({ id: 'flow-2', state: 'candidate', source: 'imported from x.hfmodel' });
    expect(profile?.reason).toContain('made on this computer');
    const features = { 'Total Length of Fwd Packets': 9e9 };
    const ask = async (id: string) =>
      (await scene.desk.answers.detect({ table: 'flow', group: 'tcp', features, id })).results[0].pValue;
    expect(await ask('flow-2')).toBe(await ask('flow-1'));
    expect(scene.actions()[0]).toBe('model-imported flow-2');

    // Another install knows that it did not make it.
    const other = new Scene();
    await other.open();
    const foreign = other.desk.importPiece('x.hfmodel', { offset: 0, bytes: file, isLast: true }, 'ada');
    expect(foreign.profile?.reason).toContain('from another computer (key ');
    await other.close();
    rmSync(other.folder, { recursive: true });
  });
});

describe('whoever watches', () => {
  it('hears at once, and of progress', async () => {
    scene.watch(0.4, 16);
    const heard: string[] = [];
    const end = scene.desk.watch(({ learning, training }) =>
      heard.push(`${learning[0].state} ${training?.now?.step ?? ''}`),
    );
    expect(heard).toEqual(['learning ']);
    scene.desk.train({ tables: ['flow'] }, 'ada');
    scene.clock.advance(500);
    expect(heard[1]).toMatch(/^training/);
    await scene.trained();
    scene.clock.advance(5_000);
    expect(heard[heard.length - 1]).toBe('ready ');
    end();
    const count = heard.length;
    scene.watch(0.1, 6);
    expect(heard).toHaveLength(count);
  });
});
