import { describe, expect, it } from 'vitest';
import type { Alert, Finding, Severity } from '../../contract/domain.ts';
import { loadKnowledge } from '../engine/index.ts';
import { hostEventsOf, type RecordedEvent } from './evaluate-host-events.ts';
import { hostGates, scoreBenignWork, scoreHostAttack } from './evaluate-host-score.ts';
import { hostEvaluationText } from './evaluate-host-table.ts';

const { catalogue } = await loadKnowledge();
const RECORDED = { ts: 1_700_000_000, ProcessId: 7, Image: '/usr/bin/touch' } as const;

describe('recorded events', () => {
  it('become what sensors would have told, in the order of their times', () => {
    const recorded: RecordedEvent[] = [
      { ...RECORDED, ts: RECORDED.ts + 2, event: 'file_event', op: 'symlink', TargetFilename: '/tmp/b' },
      { ...RECORDED, ts: RECORDED.ts + 1, event: 'file_event', op: 'create_or_append', TargetFilename: '/tmp/a' },
      { ...RECORDED, ts: RECORDED.ts + 3, event: 'file_chmod', mode: '04755', TargetFilename: '/tmp/a' },
      { ...RECORDED, ts: RECORDED.ts + 4, event: 'file_delete', TargetFilename: '/tmp/a' },
      {
        ...RECORDED,
        event: 'process_creation',
        CommandLine: 'touch /tmp/a',
        ParentProcessId: 5,
        ParentImage: '/usr/bin/sh',
      },
    ];
    const events = hostEventsOf(recorded);
    expect(events.map(({ type }) => type)).toEqual([
      'process-start',
      'file-written',
      'file-created',
      'file-attributes',
      'file-deleted',
    ]);
    expect(events[0]).toMatchObject({ process: { arguments: ['touch', '/tmp/a'], parent: { pid: 5 } } });
    expect(events[3]).toMatchObject({ file: { mode: 0o4755 }, process: { pid: 7, startedMs: 1_700_000_000_000 } });
  });
});

const said = (severity: Severity, techniques: readonly string[], detector = 'x') =>
  ({ detector, severity, techniques, title: 'x' }) as Finding & Alert;
const nothing = { alerts: [], findings: [] };
const attack = { technique: 'T1685.006', test: 1, name: 'rm', events: 3 };

describe('scoreHostAttack', () => {
  const score = (alerts: readonly Alert[], findings: readonly Finding[] = []) =>
    scoreHostAttack(attack, { alerts, findings }, nothing, catalogue);

  it('counts alerts that name a technique of the same tactic, the worst of them', () => {
    expect(score([said('low', ['T1070.003']), said('medium', ['T1562.001']), said('high', ['T1046'])])).toMatchObject({
      alert: 'medium',
      typed: null,
      tactics: ['defense-evasion'],
    });
    expect(score([said('high', ['T1046'])]).alert).toBeNull();
  });

  it('says who found it, and whether they name the technique itself', () => {
    const rule = said('low', ['T1070.002'], 'sigma/1');
    expect(score([], [rule, said('medium', ['T1562.001'])])).toMatchObject({
      finding: 'medium',
      isExact: true,
      voices: [{ how: 'behaviour' }, { how: 'rule' }],
    });
  });
});

describe('hostGates', () => {
  const attacks = (...severities: (Severity | null)[]) =>
    severities.map((severity) =>
      scoreHostAttack(
        attack,
        { alerts: severity === null ? [] : [said(severity, ['T1070.002'])], findings: [] },
        nothing,
        catalogue,
      ),
    );
  const work = (events: number, ...severities: Severity[]) =>
    scoreBenignWork('work', events, { alerts: severities.map((each) => said(each, [])), findings: [] });

  it('are met by enough that is found and little that is not there', () => {
    const gates = hostGates(attacks('low', 'medium', 'high', null), [work(500, 'medium', 'low')]);
    expect(gates.map(({ value }) => value)).toEqual([0.75, 0.5, 0, 1]);
    expect(gates.every(({ isMet }) => isMet)).toBe(true);
  });

  it('are missed otherwise', () => {
    const gates = hostGates(attacks('info', 'low', null, null), [work(500, 'medium', 'high')]);
    expect(gates.map(({ isMet }) => isMet)).toEqual([false, false, false, false]);
  });

  it('are shown with what was not found, made safe to look at', () => {
    const scores = attacks(null).map((score) => ({ ...score, name: 'rm \u001b[2J' }));
    const benign = [work(500)];
    const text = hostEvaluationText(scores, benign, hostGates(scores, benign), []);
    expect(text).toContain('T1685.006 1: rm \\u{1b}[2J');
    expect(text).toContain('MISSED');
  });
});
