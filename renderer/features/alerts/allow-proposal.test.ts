import { describe, expect, it } from 'vitest';
import { type AllowDraft, allowInputOf, matchOf, proposeAllow, toggleField } from './allow-proposal.ts';
import { alertRow } from './testing.ts';

describe('proposeAllow', () => {
  it('offers kind and attacker of one alert, up to its severity', () => {
    const draft = proposeAllow([alertRow({ severity: 'high' })]);
    expect(draft).toEqual({
      values: { kind: 'port-scan', attacker: '10.0.0.5', victim: '10.0.0.9', detector: 'port-scan' },
      chosen: ['kind', 'attacker'],
      maximumSeverity: 'high',
      days: 30,
    });
  });

  it('offers of several alerts only what all of them have', () => {
    const draft = proposeAllow([
      alertRow({ attackers: ['10.0.0.5', '10.0.0.6'], severity: 'low' }),
      alertRow({ kind: 'exploit', attackers: ['10.0.0.6'], victims: [], detectors: ['x'], severity: 'critical' }),
    ]);
    expect(draft).toMatchObject({
      values: { attacker: '10.0.0.6' },
      chosen: ['attacker'],
      maximumSeverity: 'critical',
    });
    expect(draft?.values.kind).toBeUndefined();
  });

  it('offers nothing for a capture: an entry would have no effect there', () => {
    expect(proposeAllow([alertRow(), alertRow({ source: 'c-1' })])).toBeNull();
    expect(proposeAllow([])).toBeNull();
  });
});

describe('matchOf and allowInputOf', () => {
  const draft = proposeAllow([alertRow()]) as AllowDraft;

  it('say what is chosen, as it was written', () => {
    const widened = { ...draft, values: { ...draft.values, attacker: ' 10.0.0.0/8 ' } };
    expect(matchOf(widened)).toEqual({ kind: 'port-scan', attacker: '10.0.0.0/8' });
    expect(matchOf(toggleField(widened, 'detector', true))).toHaveProperty('detector', 'port-scan');
    expect(allowInputOf({ ...draft, days: 1 }, 'A scan of ours.', 1_000)).toEqual({
      match: { kind: 'port-scan', attacker: '10.0.0.5' },
      maximumSeverity: 'medium',
      reason: 'A scan of ours.',
      untilMs: 86_401_000,
    });
    expect(allowInputOf({ ...draft, days: null }, 'x', 0)?.untilMs).toBeNull();
  });

  it('are null where everything would fit', () => {
    const nothing = toggleField(toggleField(draft, 'kind', false), 'attacker', false);
    expect(matchOf(nothing)).toBeNull();
    expect(matchOf({ ...draft, chosen: ['attacker'], values: { attacker: ' ' } })).toBeNull();
    expect(allowInputOf(nothing, 'x', 0)).toBeNull();
  });
});
