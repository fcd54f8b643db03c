import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../runtime/clock.ts';
import type { JournalInput } from '../../store/index.ts';
import { type PauseState, ProtectionPause } from './protection-pause.ts';

const MINUTE_MS = 60_000;

function setup() {
  const clock = new ManualClock(1_700_000_000_000);
  const marks = new Map<string, string>();
  const journal: JournalInput[] = [];
  const changes: (PauseState | null)[] = [];
  const make = () =>
    new ProtectionPause({
      clock,
      marks: () => ({
        mark: (name) => marks.get(name),
        setMark: (name, text) => void (text === null ? marks.delete(name) : marks.set(name, text)),
      }),
      journal: (entry) => journal.push(entry),
      onChange: (pause) => changes.push(pause),
    });
  return { clock, journal, changes, make, pause: make(), actions: () => journal.map(({ action }) => action) };
}

describe('ProtectionPause', () => {
  it('ends by itself, and says who paused and why', () => {
    const { clock, pause, changes, journal } = setup();
    const untilMs = clock.nowMs() + 15 * MINUTE_MS;
    const state = { untilMs, sinceMs: clock.nowMs(), reason: 'installing printers', actor: 'user ada' };
    expect(pause.begin(15, 'installing printers', 'user ada')).toEqual(state);
    clock.advance(15 * MINUTE_MS - 1_000);
    expect(pause.current).toEqual(state);
    clock.advance(1_000);
    expect(pause.current).toBeNull();
    expect(changes).toEqual([state, null]);
    expect(journal).toMatchObject([
      { actor: 'user ada', action: 'protection-paused', detail: { minutes: 15, reason: 'installing printers' } },
      { actor: 'engine', action: 'protection-resumed', detail: { pausedSeconds: 900 } },
    ]);
    expect(clock.pending).toBe(0);
  });

  it('lasts no longer because the clock was set back, and shows an end by the new clock', () => {
    const { clock, pause } = setup();
    pause.begin(10, 'r', 'a');
    clock.setWallClock(clock.nowMs() - 86_400_000);
    clock.advance(4 * MINUTE_MS);
    expect(pause.current?.untilMs).toBe(clock.nowMs() + 6 * MINUTE_MS);
    clock.advance(6 * MINUTE_MS);
    expect(pause.current).toBeNull();
  });

  it('is over when the machine slept beyond its end', () => {
    const { clock, pause } = setup();
    pause.begin(10, 'r', 'a');
    clock.setWallClock(clock.nowMs() + 3_600_000);
    clock.advance(1_000);
    expect(pause.current).toBeNull();
  });

  it('can be ended, given another end, and not be ended twice', () => {
    const { clock, pause, actions, changes } = setup();
    expect(pause.end('user ada', 'asked')).toBe(false);
    pause.begin(10, 'r', 'a');
    pause.begin(60, 'longer', 'a');
    clock.advance(30 * MINUTE_MS);
    expect(pause.current?.reason).toBe('longer');
    expect(pause.end('user ada', 'asked')).toBe(true);
    expect(pause.end('user ada', 'asked')).toBe(false);
    clock.advance(60 * MINUTE_MS);
    expect(actions()).toEqual(['protection-paused', 'protection-paused', 'protection-resumed']);
    expect(changes).toHaveLength(3);
  });

  it('is ended by a restart, which is written down once', () => {
    const { make, pause, actions } = setup();
    pause.begin(10, 'r', 'a');
    pause.stop();
    const next = make();
    next.recover();
    next.recover();
    expect(next.current).toBeNull();
    expect(actions()).toEqual(['protection-paused', 'protection-resumed']);
  });
});
