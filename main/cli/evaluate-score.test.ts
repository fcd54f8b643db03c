import { describe, expect, it } from 'vitest';
import type { AnalysisAlert } from '../../contract/analysis.ts';
import { attackLabelsSchema, isNamedHost, readHosts } from './evaluate-labels.ts';
import { scoreAttack, scoreBenign, summarise } from './evaluate-score.ts';
import { evaluationText } from './evaluate-table.ts';

function alert(over: Partial<AnalysisAlert>): AnalysisAlert {
  return {
    id: 'a-000000000001',
    kind: 'port-scan',
    title: 'title',
    severity: 'high',
    confidence: 0.9,
    techniques: [],
    attackers: ['10.0.0.1'],
    victims: ['10.0.0.2'],
    firstSeen: '2021-01-01T00:00:00.000Z',
    lastSeen: '2021-01-01T00:00:00.000Z',
    findings: 1,
    explanation: '',
    evidence: [],
    ...over,
  };
}

function missed(summary: ReturnType<typeof summarise>): string[] {
  return summary.gates.filter((gate) => !gate.isMet).map((gate) => gate.name);
}

function label(category: string, attacker: string[], victim: string[]) {
  return attackLabelsSchema.parse([
    { id: 'one', file: 'attacks/one.pcap', category, attack_techniques: [], attacker, victim },
  ])[0]!;
}

describe('readHosts', () => {
  it('reads what people write into labels', () => {
    const hosts = readHosts([
      '10.10.10.31:9001 (shell listener)',
      'MAC 00:25:b3:bf:91:EE (claims 172.16.0.1)',
      'fe80::1',
      '192.168.1.0/24',
    ]);
    for (const named of ['10.10.10.31', '00:25:b3:bf:91:ee', '172.16.0.1', 'FE80::1', '192.168.1.77']) {
      expect(isNamedHost(hosts, named)).toBe(true);
    }
    for (const other of ['10.10.10.3', '192.168.2.1', '']) expect(isNamedHost(hosts, other)).toBe(false);
    expect(readHosts(['many (spoofed)']).type).toBe('many');
    expect(readHosts(['many reflectors (udp src 161)']).type).toBe('many');
    expect(readHosts(['see capture']).type).toBe('unnamed');
    expect(readHosts(['10.0.0.0/99']).type).toBe('unnamed');
  });

  it('refuses files outside of the data folder', () => {
    for (const file of ['/etc/passwd', '../../x', 'a/../../b']) {
      expect(attackLabelsSchema.safeParse([{ ...label('ddos', [], []), file }]).success).toBe(false);
    }
  });
});

describe('scoreAttack', () => {
  it('asks for the right kind, attacker and victim', () => {
    const scan = label('port_scan', ['10.0.0.1'], ['10.0.0.0/24']);
    const right = scoreAttack(scan, { flows: 1, alerts: [alert({}), alert({ kind: 'brute-force' })] });
    expect(right).toMatchObject({ isFound: true, isAttackerRight: true, isVictimRight: true, alertCount: 1 });
    expect(right.others).toHaveLength(1);
    const swapped = scoreAttack(scan, {
      flows: 1,
      alerts: [alert({ attackers: ['10.0.0.2'], victims: ['10.0.0.1'] })],
    });
    expect(swapped).toMatchObject({ isFound: true, isAttackerRight: false });
    const tooMany = scoreAttack(scan, { flows: 1, alerts: [alert({ attackers: ['10.0.0.1', '8.8.8.8'] })] });
    expect(tooMany.isAttackerRight).toBe(false);
    expect(scoreAttack(scan, { flows: 1, alerts: [] })).toMatchObject({ isFound: false, isAttackerRight: false });
  });

  it('takes the best of several alerts, but counts all', () => {
    const flood = label('ddos', ['many (spoofed)'], ['10.0.0.2']);
    const one = alert({ kind: 'denial-of-service', attackers: [], attackerCount: 30_000 });
    const score = scoreAttack(flood, { flows: 1, alerts: [alert({ kind: 'denial-of-service' }), one] });
    expect(score).toMatchObject({ isAttackerRight: true, alertCount: 2, best: one });
  });
});

describe('summarise', () => {
  const flood = label('ddos', ['see capture'], ['DHCP server']);
  const found = scoreAttack(flood, { flows: 1, alerts: [alert({ kind: 'denial-of-service' })] });
  const ordinary = (alerts: AnalysisAlert[], kind: 'benign' | 'policy' = 'benign') =>
    scoreBenign({ file: 'b.pcap', class: kind, active_seconds: 36_000 }, { flows: 500, alerts });

  it('counts false alerts by class and severity', () => {
    const summary = summarise(
      [found],
      [
        ordinary([alert({ severity: 'low' }), alert({ severity: 'medium' })]),
        ordinary([alert({ kind: 'policy', severity: 'medium' })], 'policy'),
      ],
    );
    const [benign, policy] = summary.benign;
    expect(benign).toMatchObject({
      falseAlerts: 1,
      highAlerts: 0,
      falseAlertsPerHour: 0.1,
      falseAlertsPer1000Flows: 2,
    });
    expect(policy?.falseAlerts).toBe(1);
    expect(missed(summary)).toContain('notable use (policy captures): alerts above low');
  });

  it('misses gates for categories without captures, high alerts and too many alerts', () => {
    const crowd = scoreAttack(flood, {
      flows: 1,
      alerts: Array.from({ length: 6 }, () => alert({ kind: 'denial-of-service' })),
    });
    const { gates } = summarise([crowd], [ordinary([alert({ severity: 'critical' })])]);
    expect(gates.filter((gate) => gate.isMet).map((gate) => gate.name)).toEqual([
      'flood: found, attacker and victim right',
      'ordinary traffic: alerts of medium or above per active hour',
      'notable use (policy captures): alerts above low',
    ]);
  });

  it('counts categories that share a gate together', () => {
    const shell = label('reverse_shell_c2', ['10.0.0.1'], ['10.0.0.2']);
    const alarm = alert({ kind: 'reverse-shell' });
    const scores = [
      ...Array.from({ length: 2 }, () => scoreAttack(shell, { flows: 1, alerts: [alarm] })),
      scoreAttack(shell, { flows: 1, alerts: [] }),
      scoreAttack(label('beaconing', ['10.0.0.1'], ['10.0.0.2']), { flows: 1, alerts: [alarm] }),
    ];
    const gate = summarise(scores, []).gates.find(({ name }) => name.startsWith('shells and control'));
    expect(gate).toMatchObject({ value: 0.75, isMet: true });
  });

  it('takes the end that receives for the attacker where data leaves', () => {
    const leak = label('exfiltration', ['10.0.0.2 (compromised)'], ['10.0.0.1 (C2)']);
    const score = scoreAttack(leak, { flows: 1, alerts: [alert({ kind: 'dns-tunnel' })] });
    expect(score).toMatchObject({ isAttackerRight: true, isVictimRight: true });
  });

  it('is told in words with every miss by name', () => {
    const missed = scoreAttack(label('brute_force', ['10.0.0.9'], ['10.0.0.2']), { flows: 0, alerts: [] });
    const benign = [ordinary([alert({ title: 'wrong' })])];
    const text = evaluationText([found, missed], benign, summarise([found, missed], benign), ['x.pcap: damaged']);
    for (const part of [
      'attacks/one.pcap: no alert',
      'b.pcap: [high] port-scan: wrong',
      'x.pcap: damaged',
      'MISSED',
      'met',
    ]) {
      expect(text).toContain(part);
    }
  });
});
