import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEVERITIES, type Severity } from '../../contract/domain.ts';
import {
  AFTER_SLEEP_MS,
  COLLECT_MS,
  MAX_SINGLE,
  NOTHING_TOLD,
  type Notice,
  type NotificationContext,
  type NotificationEvent,
  type NotificationState,
  PAUSE_MS,
  planNotifications,
  withoutMarkup,
} from './notification-plan.ts';

const PREFERENCES: NotificationContext['preferences'] = {
  enabled: true,
  minimumSeverity: 'medium',
  quietFrom: '22:00',
  quietUntil: '07:00',
};
const NOON = 12 * 60;
const MIDNIGHT = 0;

/** Runs the plan as the app does: asks again when it says so. */
class Run {
  nowMs = 0;
  minuteOfDay = NOON;
  preferences = PREFERENCES;
  readonly notices: Notice[] = [];
  #state: NotificationState = NOTHING_TOLD;
  #againMs: number | undefined;

  happen(event: NotificationEvent): void {
    const step = planNotifications(this.#state, event, this);
    this.#state = step.state;
    this.notices.push(...step.notices);
    this.#againMs = step.againInMs === undefined ? undefined : this.nowMs + step.againInMs;
  }

  alert(id: string, severity: Severity = 'high', needsPerson = true): void {
    const explanation = 'It tried 10 ports. A computer usually uses a handful.';
    this.happen({ type: 'alert', alert: { id, title: `alert ${id}`, severity, explanation }, needsPerson });
  }

  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.#againMs !== undefined && this.#againMs <= endMs) {
      this.nowMs = this.#againMs;
      this.happen({ type: 'time' });
    }
    this.nowMs = endMs;
  }

  get titles(): string[] {
    return this.notices.map(({ title }) => title);
  }
}

const LONG_MS = 5 * 60_000;

describe('the plan of notifications', () => {
  it('tells an alert once, in words, a moment after it came', () => {
    const run = new Run();
    run.alert('a');
    expect(run.notices).toEqual([]);
    run.alert('a');
    run.pass(COLLECT_MS);
    run.alert('a');
    run.pass(LONG_MS);
    expect(run.notices).toEqual([
      {
        title: 'alert a',
        body: 'High. It tried 10 ports.',
        severity: 'high',
        alertIds: ['a'],
        address: '/alerts/a',
        actions: ['show', 'acknowledge'],
      },
    ]);
  });

  it('tells it again only when it has become worse', () => {
    const run = new Run();
    for (const severity of ['medium', 'high', 'medium', 'high', 'critical', 'low'] as const) {
      run.alert('a', severity);
      run.pass(LONG_MS);
    }
    expect(run.notices.map(({ severity }) => severity)).toEqual(['medium', 'high', 'critical']);
  });

  it('tells many at once as one, the worst first', () => {
    const run = new Run();
    for (let index = 0; index < 10; index++) run.alert(`a${index}`, index === 7 ? 'critical' : 'medium');
    run.pass(LONG_MS);
    expect(run.titles).toEqual(['10 alerts, 1 of them critical']);
    expect(run.notices[0].body).toMatch(/^alert a7\n.*\nand 7 more$/s);
    expect(run.notices[0].address).toBe('/alerts');
  });

  it('tells what is mild not at all, and nothing that a person has in hand', () => {
    const run = new Run();
    run.alert('mild', 'low');
    run.alert('handled');
    run.alert('handled', 'high', false);
    run.pass(LONG_MS);
    expect(run.notices).toEqual([]);
  });

  it('says nothing when it is switched off, and does not make up for it later', () => {
    const run = new Run();
    run.preferences = { ...PREFERENCES, enabled: false };
    run.alert('a');
    run.pass(LONG_MS);
    run.preferences = PREFERENCES;
    run.alert('a');
    run.alert('b');
    run.pass(LONG_MS);
    expect(run.titles).toEqual(['alert b']);
  });

  it('lets only critical alerts through in quiet hours, and sums up the others after', () => {
    const run = new Run();
    run.minuteOfDay = MIDNIGHT;
    run.alert('a');
    run.alert('b');
    run.alert('c', 'critical');
    run.pass(LONG_MS);
    expect(run.titles).toEqual(['alert c']);
    run.minuteOfDay = NOON;
    run.pass(LONG_MS);
    expect(run.titles).toEqual(['alert c', '2 high alerts']);
  });

  it('sums up what came while the computer slept and as it woke', () => {
    const run = new Run();
    run.happen({ type: 'sleep' });
    run.alert('a');
    run.pass(LONG_MS);
    expect(run.notices).toEqual([]);
    run.happen({ type: 'wake' });
    run.pass(AFTER_SLEEP_MS / 2);
    run.alert('b');
    run.pass(LONG_MS);
    expect(run.titles).toEqual(['2 high alerts']);
    run.alert('c');
    run.pass(LONG_MS);
    expect(run.titles.at(-1)).toBe('alert c');
  });

  it('shows an attacker’s text as plain text', () => {
    const run = new Run();
    run.alert('x\u202e\u0000');
    run.pass(LONG_MS);
    expect(run.titles).toEqual(['alert x\\u{202e}\\u{0}']);
    expect(run.notices[0].address).toBe('/alerts/x%E2%80%AE%00');
  });

  const event = fc.oneof(
    fc.record({
      do: fc.constant('alert' as const),
      id: fc.integer({ min: 0, max: 30 }),
      severity: fc.constantFrom(...SEVERITIES),
      needsPerson: fc.boolean(),
    }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 120_000 }) }),
    fc.record({ do: fc.constantFrom('sleep' as const, 'wake' as const) }),
    fc.record({ do: fc.constant('clock' as const), minuteOfDay: fc.integer({ min: 0, max: 1_439 }) }),
  );

  it('never tells an alert twice at one severity, never too many at once, and forgets none', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const run = new Run();
        const told = new Map<string, number>();
        const wanted = new Map<string, Severity>();
        const check = (from: number): void => {
          const fresh = run.notices.slice(from);
          expect(fresh.length).toBeLessThanOrEqual(MAX_SINGLE);
          for (const { severity, alertIds } of fresh) {
            const rank = SEVERITIES.indexOf(severity);
            expect(rank).toBeGreaterThanOrEqual(SEVERITIES.indexOf('medium'));
            if (alertIds.length > 1) continue;
            expect(rank).toBeGreaterThan(told.get(alertIds[0]) ?? -1);
          }
          for (const id of fresh.flatMap(({ alertIds }) => alertIds)) {
            told.set(id, Math.max(told.get(id) ?? -1, SEVERITIES.indexOf(wanted.get(id) as Severity)));
            wanted.delete(id);
          }
        };
        for (const each of events) {
          const before = run.notices.length;
          if (each.do === 'alert') {
            const id = String(each.id);
            const rank = SEVERITIES.indexOf(each.severity);
            if (!each.needsPerson) wanted.delete(id);
            else if (rank >= SEVERITIES.indexOf('medium') && rank > (told.get(id) ?? -1)) wanted.set(id, each.severity);
            // One that waited for the end of the quiet hours and became critical is told at once.
            run.alert(id, each.severity, each.needsPerson);
            check(before);
          } else if (each.do === 'pass') {
            // Less than the pause after each notification, so that one look is judged at a time.
            for (let left = each.ms; left > 0; left -= 1_000) {
              const from = run.notices.length;
              run.pass(Math.min(left, 1_000));
              check(from);
            }
          } else if (each.do === 'clock') {
            run.minuteOfDay = each.minuteOfDay;
          } else {
            run.happen({ type: each.do });
            check(before);
          }
        }
        run.minuteOfDay = NOON;
        run.happen({ type: 'wake' });
        const before = run.notices.length;
        run.pass(LONG_MS + PAUSE_MS);
        check(before);
        expect([...wanted.keys()]).toEqual([]);
      }),
    );
  });
});

describe('the body of a Linux notification', () => {
  it('opens no tag, whatever an attacker is called', () => {
    expect(withoutMarkup('<img src="http://evil.example/x">&lt;b> 5 < 6')).toBe(
      '‹img src="http://evil.example/x">&lt;b> 5 ‹ 6',
    );
    fc.assert(fc.property(fc.string(), (text) => !withoutMarkup(text).includes('<')));
  });
});
