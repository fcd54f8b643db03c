import { describe, expect, it } from 'vitest';
import type { CallContext } from '../../../../contract/api.ts';
import { CONTROL_CALLS } from '../../../../contract/api-control.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { readConfig } from '../../runtime/config.ts';
import { FailureError } from '../../runtime/failure.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import type { JournalInput, Store } from '../../store/index.ts';
import { CONFIG_SECTIONS } from '../control/configuration.ts';
import { ProtectionPause } from '../control/protection-pause.ts';
import { SettingsDesk } from '../control/settings-desk.ts';
import type { TokenBook } from '../control/tokens.ts';
import { type ControlAnswering, controlHandlers } from './control.ts';

const CONTEXT: CallContext = { role: 'admin', actor: 'user ada', signal: new AbortController().signal };
const AWAY = { code: 'store-full', message: 'The disk is full.', hint: 'Make room.' };

async function setup() {
  const { config } = await readConfig({ sections: CONFIG_SECTIONS, flags: { 'log.level': 'warn' } });
  const journal: JournalInput[] = [];
  const clock = new ManualClock(1_700_000_000_000);
  let settled = 0;
  const engine: ControlAnswering = {
    settings: new SettingsDesk({
      config,
      file: '/nonexistent/settings.yaml',
      health: new HealthRegistry(),
      nowMs: () => clock.nowMs(),
      journal: (entry) => journal.push(entry),
      apply: () => {},
    }),
    pause: new ProtectionPause({
      clock,
      marks: () => ({ mark: () => undefined, setMark: () => {} }),
      journal: (entry) => journal.push(entry),
      onChange: () => {},
    }),
    logger: { recent: () => [] },
    store: () =>
      ({
        listJournal: () => ({ rows: [], failure: AWAY }),
        control: { verifyJournalStep: () => ({ intact: false, entries: 0, failure: AWAY }) },
      }) as unknown as Store,
    tokens: () => ({ create: (token: object) => ({ token, secret: 'x' }) }) as unknown as TokenBook,
    watchingSettled: async () => void settled++,
  };
  return { handlers: controlHandlers(engine), engine, journal, settled: () => settled };
}

describe('controlHandlers', () => {
  it('describes every setting in the shape of the contract', async () => {
    const { handlers } = await setup();
    const answer = await handlers['config.describe']({}, CONTEXT);
    const { sections } = CONTROL_CALLS['config.describe'].output.parse(answer);
    expect(sections.map(({ path }) => path)).toEqual(CONFIG_SECTIONS.map(({ path }) => path));
    const level = sections.at(-1)?.settings[0];
    expect(level).toMatchObject({
      path: 'log.level',
      type: 'choice',
      value: 'warn',
      default: 'info',
      lockedBy: 'flag --set log.level',
      environmentName: 'HOLDFAST_LOG__LEVEL',
      wanted: 'one of trace, debug, info, warn, error, silent',
    });
    expect(sections.flatMap(({ settings }) => settings).every(({ reason }) => reason.length > 20)).toBe(true);
  });

  it('waits until watching has really stopped, and writes down who stopped it and why', async () => {
    const { handlers, engine, journal, settled } = await setup();
    const input = { minutes: 5, reason: 'a\u202eb' };
    expect(await handlers['protection.pause'](input, CONTEXT)).toEqual({ untilMs: 1_700_000_300_000 });
    expect(settled()).toBe(1);
    expect(engine.pause.current).toMatchObject({ reason: 'a\\u{202e}b', actor: 'user ada' });
    await handlers['protection.resume']({}, CONTEXT);
    await handlers['protection.resume']({}, CONTEXT);
    expect(engine.pause.current).toBeNull();
    expect(journal.map(({ action }) => action)).toEqual(['protection-paused', 'protection-resumed']);
  });

  it('writes out what must not be seen in the name of a token', async () => {
    const { handlers } = await setup();
    const { token } = await handlers['tokens.create']({ name: 'a\u202eb', role: 'view', days: 1 }, CONTEXT);
    expect(token.name).toBe('a\\u{202e}b');
  });

  it('says that the journal cannot be read, and not that it was changed', async () => {
    const { handlers } = await setup();
    expect(() => handlers['journal.list']({ limit: 1, search: '' }, CONTEXT)).toThrow(FailureError);
    await expect(handlers['journal.verify']({}, CONTEXT)).rejects.toMatchObject({ failure: AWAY });
  });
});
