import { afterEach, describe, expect, it } from 'vitest';
import { parseHunt } from '../../../contract/hunt-language.ts';
import { FlowStoreScene, MINUTE_MS, START_MS } from './testing.ts';

const NOW_MS = START_MS + MINUTE_MS;

let scene: FlowStoreScene | undefined;
afterEach(() => scene?.close());

describe('programs of flows', () => {
  it('are kept with the flow, and nothing where they are not known', async () => {
    scene = await FlowStoreScene.open();
    const program = { path: '/usr/bin/curl', pid: 42, user: 'ada' };
    scene.store.insertFlows([
      scene.flow(1, { program }),
      scene.flow(2, { program: { path: '[kworker]', pid: 3 } }),
      scene.flow(3),
    ]);
    scene.store.flush();
    const { rows } = scene.store.listFlows({ limit: 10 });
    expect(rows.map((row) => row.program).reverse()).toEqual([program, { path: '[kworker]', pid: 3 }, undefined]);
  });

  it('can be hunted for', async () => {
    scene = await FlowStoreScene.open();
    scene.store.insertFlows([scene.flow(1, { program: { path: '/usr/bin/python3.11', pid: 42 } }), scene.flow(2)]);
    scene.store.flush();
    const found = async (text: string) => {
      const { query } = parseHunt(text);
      if (query === null) throw new Error(text);
      return (await scene?.store.hunt.run({ query, source: 'live', limit: 10, nowMs: NOW_MS }))?.rows.length;
    };
    expect(await found('flows where program contains "python"')).toBe(1);
    expect(await found('flows where program = ""')).toBe(1);
    expect(await found('flows where pid = 42')).toBe(1);
    await scene.store.hunt.close();
  });
});
