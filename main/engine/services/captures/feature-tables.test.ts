import { describe, expect, it } from 'vitest';
import { attackCatalogue } from '../../alerts/index.ts';
import { FLOW_COLUMNS, FLOW_FEATURE_NAMES, flowRow, LEFT_OUT_FEATURES, SIGN_TECHNIQUES } from '../../models/index.ts';
import { FEATURES } from '../../network/index.ts';

describe('the table of flows', () => {
  it('knows the features of flows by name and order', () => {
    expect(FLOW_FEATURE_NAMES).toEqual(FEATURES.map(({ name }) => name));
  });

  it('has the units of the features', () => {
    const units = new Map(FEATURES.map(({ name, unit }) => [name, unit]));
    const plain = new Set(['ratio', '0–1']);
    for (const { name, unit } of FLOW_COLUMNS.slice(0, -2)) {
      const known = units.get(name) ?? '';
      expect(unit, name).toBe(plain.has(known) ? '' : known);
    }
  });

  it('takes every feature or says why not', () => {
    const taken = FLOW_COLUMNS.slice(0, -2).map(({ name }) => name);
    expect([...taken, ...LEFT_OUT_FEATURES.map(({ name }) => name)].sort()).toEqual([...FLOW_FEATURE_NAMES].sort());
  });

  it('writes each feature to the column of its name', () => {
    const features = Float32Array.from(FEATURES, (_, place) => place + 1);
    const row = new Float64Array(FLOW_COLUMNS.length + 2).fill(-7);
    flowRow(features, 8, 443, row, 1);
    FLOW_COLUMNS.slice(0, -2).forEach(({ name }, column) => {
      expect(row[column + 1], name).toBe(FEATURES.findIndex((feature) => feature.name === name) + 1);
    });
    expect([...row.slice(-3)]).toEqual([8, 0, -7]);
    expect(row[0]).toBe(-7);
  });
});

describe('the signs of anomalies', () => {
  it('are techniques that the catalogue knows', () => {
    const { techniques } = attackCatalogue();
    expect([...SIGN_TECHNIQUES].filter((id) => !techniques.has(id))).toEqual([]);
  });
});
