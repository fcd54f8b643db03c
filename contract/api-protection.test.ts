import { describe, expect, it } from 'vitest';
import { attentionSentence, HOST_STARTS, isSettled, NOT_STARTED, protectionOf } from './api-protection.ts';
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

describe('isSettled', () => {
  const entry = (part: string, state: HealthEntry['state'], detail: string) => ({ part, state, detail, counters: {} });

  it('waits for what has not spoken yet, and not for what cannot be had', () => {
    const host = entry('host', 'ok', 'Looking at what happens on this computer.');
    const capture = entry('capture', 'degraded', 'No interface that is to be watched is up.');
    expect(isSettled({ health: [entry('capture', 'off', NOT_STARTED), host] })).toBe(false);
    expect(isSettled({ health: [capture, entry('host', 'off', HOST_STARTS)] })).toBe(false);
    expect(isSettled({ health: [capture, host, entry('http', 'off', NOT_STARTED)] })).toBe(true);
    expect(isSettled({ health: [capture, entry('host', 'off', 'Switched off.')] })).toBe(true);
    expect(isSettled({ health: [entry('capture', 'failed', 'permission denied'), host] })).toBe(true);
  });
});
