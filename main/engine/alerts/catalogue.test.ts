import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attackCatalogue, parseCatalogue } from './catalogue.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const DATA = process.env.HOLDFAST_TEST_DATA ?? join(REPOSITORY, '../shared/data');
const ATTACK = join(DATA, 'attack/techniques-compact.json');
const LABELS = join(DATA, 'attacks/labels.json');

describe('the ATT&CK catalogue', () => {
  it('is read once, wherever the process stands', () => {
    const before = process.cwd();
    process.chdir('/');
    try {
      expect(attackCatalogue()).toBe(attackCatalogue());
    } finally {
      process.chdir(before);
    }
  });

  it('gives every technique one plain sentence, and every part its whole', () => {
    const { techniques } = attackCatalogue();
    expect(techniques.size).toBeGreaterThan(100);
    for (const { id, meaning } of techniques.values()) {
      expect(meaning, id).toMatch(/^[A-Z][^.]*\.$/);
      expect(meaning.length, id).toBeLessThanOrEqual(130);
    }
  });

  it('knows the techniques that the detections name', () => {
    const { techniques } = attackCatalogue();
    const named = `T1046 T1018 T1595 T1110 T1110.001 T1110.003 T1498 T1498.001 T1498.002 T1499 T1499.001 T1499.002 T1078
      T1041 T1048 T1048.003 T1567 T1020 T1571 T1095 T1059 T1059.004 T1219 T1105 T1071 T1071.001 T1071.004 T1573 T1572
      T1568 T1568.002 T1557 T1557.001 T1557.002 T1557.003 T1190 T1203 T1210 T1189 T1204 T1021 T1021.001 T1021.002
      T1021.004 T1021.006 T1570 T1569.002 T1090 T1090.003 T1496 T1040 T1133`;
    expect(named.split(/\s+/).filter((id) => !techniques.has(id))).toEqual([]);
  });

  it.skipIf(!existsSync(ATTACK))('names techniques and tactics as MITRE does (needs the test data)', () => {
    interface Row {
      readonly id: string;
      readonly name: string;
      readonly tactics: readonly string[];
      readonly revoked: boolean;
      readonly deprecated: boolean;
    }
    const published = JSON.parse(readFileSync(ATTACK, 'utf8')) as { version: string; techniques: Row[] };
    const rows = new Map(published.techniques.map((row) => [row.id, row]));
    const { attackVersion, techniques } = attackCatalogue();
    expect(published.version).toContain(`v${attackVersion} `);
    for (const { id, name, tactics } of techniques.values()) {
      const row = rows.get(id);
      expect(row, id).toMatchObject({ name, revoked: false, deprecated: false });
      expect([...tactics].sort(), id).toEqual([...row!.tactics].sort());
    }
  });

  it.skipIf(!existsSync(LABELS))('knows the techniques of the labelled attacks (needs the test data)', () => {
    const labels = JSON.parse(readFileSync(LABELS, 'utf8')) as { attack_techniques: string[] }[];
    const ids = labels.flatMap((label) => label.attack_techniques);
    expect(ids.filter((id) => !attackCatalogue().techniques.has(id))).toEqual([]);
  });

  it('says what is wrong with a damaged catalogue', () => {
    const tactics = [{ id: 'impact', name: 'Impact', meaning: 'Harm.' }];
    const technique = { id: 'T1498', name: 'N', tactics: ['impact'], meaning: 'M.' };
    const damaged = (techniques: unknown) => () =>
      parseCatalogue(JSON.stringify({ attackVersion: '18.1', tactics, techniques }));
    expect(damaged([technique])).not.toThrow();
    expect(damaged([])).toThrow('techniques is not a list');
    expect(damaged([{ ...technique, id: 'x' }])).toThrow('"x" is not a technique id');
    expect(damaged([{ ...technique, tactics: ['harm'] }])).toThrow('unknown tactic "harm"');
    expect(damaged([technique, technique])).toThrow('T1498 stands there twice');
    expect(damaged([{ ...technique, meaning: '' }])).toThrow('meaning of T1498 is not a text');
    expect(() => parseCatalogue('[]')).toThrow('the catalogue is not an object');
  });
});
