import { describe, expect, it } from 'vitest';
import { API, CALL_KINDS } from './api.ts';
import { attentionSentence, protectionOf } from './api-protection.ts';
import { mayCall, ROLES } from './api-roles.ts';
import { alertListInputSchema } from './api-schemas.ts';
import type { HealthEntry } from './domain.ts';

describe('the table of the API', () => {
  it.each(Object.entries(API))('%s is complete', (name, entry) => {
    expect(name).toMatch(/^[a-z]+(\.[a-z]+)?$/);
    expect(CALL_KINDS).toContain(entry.kind);
    expect(ROLES).toContain(entry.role);
    expect(entry.doc).toMatch(/^[A-Z].*\.$/);
  });

  it('takes no keys that it does not know', () => {
    for (const { input } of Object.values(API)) {
      expect(input.safeParse({ surprise: 1 }).success).toBe(false);
    }
  });

  it('fills in what a caller leaves out, within bounds', () => {
    expect(alertListInputSchema.parse({})).toMatchObject({ minimumSeverity: 'info', limit: 50 });
    expect(alertListInputSchema.safeParse({ limit: 1_000_000 }).success).toBe(false);
  });
});

describe('roles', () => {
  it('include those below', () => {
    expect(mayCall('admin', 'view')).toBe(true);
    expect(mayCall('view', 'view')).toBe(true);
    expect(mayCall('view', 'operate')).toBe(false);
  });
});

describe('protectionOf', () => {
  const up = (name: string) =>
    ({
      name,
      state: 'up',
      detail: '',
      packetsPerSecond: 0,
      bytesPerSecond: 0,
      received: 0,
      dropped: 0,
      bytes: 0,
    }) as const;
  const part = (state: HealthEntry['state']): HealthEntry => ({
    part: state,
    state,
    detail: 'It is so.',
    counters: {},
  });

  it('says what is watched when all is well', () => {
    const health = [part('ok'), part('off')];
    expect(protectionOf({ interfaces: [up('eth0'), up('wlan0')], health })).toEqual({
      state: 'protected',
      sentence: 'Protected: watching eth0 and wlan0.',
      gaps: [],
    });
  });

  it('never says protected when a part does not work, and names the worst first', () => {
    const { state, gaps } = protectionOf({ interfaces: [up('eth0')], health: [part('degraded'), part('failed')] });
    expect(state).toBe('partial');
    expect(gaps.map((gap) => gap.state)).toEqual(['failed', 'degraded']);
  });

  it('never says protected when nothing is watched, whatever the parts say', () => {
    const down = { ...up('eth0'), state: 'down', detail: 'it is switched off' } as const;
    expect(protectionOf({ interfaces: [down], health: [part('ok')] }).state).toBe('off');
    expect(protectionOf({ interfaces: [], health: [] }).state).toBe('off');
  });

  it('keeps the sentence short with many networks', () => {
    const interfaces = Array.from({ length: 7 }, (_, index) => up(`veth${index}`));
    expect(protectionOf({ interfaces, health: [] }).sentence).toBe(
      'Protected: watching veth0, veth1, veth2, veth3 and 3 more.',
    );
  });
});

describe('attentionSentence', () => {
  it.each([
    [{ info: 0, low: 0, medium: 0, high: 0, critical: 0 }, 'Nothing needs you.'],
    [{ info: 1, low: 0, medium: 0, high: 0, critical: 0 }, 'Nothing needs you; 1 notice.'],
    [{ info: 0, low: 0, medium: 1, high: 0, critical: 0 }, '1 alert needs attention.'],
    [{ info: 1, low: 1, medium: 1, high: 1, critical: 0 }, '2 alerts need attention, and 2 notices.'],
  ])('%o', (alerts, sentence) => {
    expect(attentionSentence(alerts, 'protected')).toBe(sentence);
  });

  it('promises nothing where nothing is watched', () => {
    const none = { info: 0, low: 1, medium: 0, high: 0, critical: 0 };
    expect(attentionSentence(none, 'off')).toBe('No alert is open; 1 notice.');
    expect(attentionSentence(none, 'partial')).toBe('Nothing needs you, as far as can be seen; 1 notice.');
  });
});
