import { describe, expect, it } from 'vitest';
import { attentionSentence, protectionOf } from './api-protection.ts';
import type { InterfaceStatus } from './api-schemas.ts';
import type { HealthEntry } from './domain.ts';

const ETH0: InterfaceStatus = {
  name: 'eth0',
  state: 'up',
  detail: '',
  packetsPerSecond: 0,
  bytesPerSecond: 0,
  received: 0,
  dropped: 0,
  bytes: 0,
};
const ILL: HealthEntry = { part: 'store', state: 'degraded', detail: 'The disk is full.', counters: {} };
const untilMs = new Date(2026, 10, 21, 9, 7).getTime();
const PAUSE = { untilMs, sinceMs: untilMs - 900_000, reason: 'installing printers', actor: 'user ada' };

describe('protectionOf', () => {
  it('puts a pause before everything else, and what is off before what is ill', () => {
    const paused = protectionOf({ interfaces: [ETH0], health: [ILL], pause: PAUSE });
    expect(paused).toMatchObject({ state: 'paused', sentence: 'Paused until 09:07: installing printers' });
    expect(protectionOf({ interfaces: [], health: [ILL], pause: PAUSE }).state).toBe('paused');
    expect(protectionOf({ interfaces: [], health: [ILL], pause: null }).state).toBe('off');
    expect(protectionOf({ interfaces: [ETH0], health: [ILL], pause: null }).state).toBe('partial');
    expect(protectionOf({ interfaces: [ETH0], health: [], pause: null }).state).toBe('protected');
  });

  it('never says that nothing needs anybody while nothing is looked at', () => {
    const none = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };
    expect(attentionSentence(none, 'protected')).toBe('Nothing needs you.');
    expect(attentionSentence(none, 'paused')).not.toMatch(/Nothing needs you/);
    expect(attentionSentence({ ...none, high: 2 }, 'paused')).toBe('2 alerts need attention.');
  });
});
