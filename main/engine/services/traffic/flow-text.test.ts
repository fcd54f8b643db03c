import { describe, expect, it } from 'vitest';
import { END_REASON, type EndReason } from '../../../../contract/traffic.ts';
import { FEATURES, FEATURES_VERSION } from '../../network/index.ts';
import { describeFeatures, flowOfRecord } from './flow-text.ts';

const record = (endReason: EndReason, features?: { version: number; values: Float32Array }) => ({
  firstUs: 1_500_000.5,
  lastUs: 2_000_000,
  protocol: 17,
  initiator: '10.0.0.1',
  initiatorPort: 40_000,
  responder: 'fe80::1',
  responderPort: 53,
  vlan: 0,
  tunnel: 0,
  initiatorPackets: 1,
  responderPackets: 2,
  initiatorBytes: 80,
  responderBytes: 160,
  service: 'dns' as const,
  endReason,
  features,
});

function valuesWith(name: string, value: number): Float32Array {
  return Float32Array.from(FEATURES, (feature) => (feature.name === name ? value : 0));
}

describe('an ended flow', () => {
  it('is told with its times in milliseconds and its protocol by name', () => {
    expect(flowOfRecord('s-7', record(END_REASON.idleTimeout))).toMatchObject({
      id: 's-7',
      startMs: 1_500.0005,
      lastMs: 2_000,
      transport: 'udp',
      service: 'dns',
      end: 'idle',
      initiatorBytesPerSecond: 0,
    });
    expect(flowOfRecord('s-7', { ...record(END_REASON.stopped), protocol: 253 })).toMatchObject({
      transport: '253',
      end: 'stopped',
    });
  });

  it.each([
    ['fin', 0, FEATURES_VERSION],
    ['reset', 1, FEATURES_VERSION],
    ['closed', 1, FEATURES_VERSION + 1],
  ])('says %s for how a connection ended, as far as its record knows', (end, resets, version) => {
    const features = { version, values: valuesWith('RST Flag Count', resets) };
    expect(flowOfRecord('s-1', record(END_REASON.finished, features)).end).toBe(end);
    expect(flowOfRecord('s-1', record(END_REASON.evicted, features)).end).toBe('evicted');
  });
});

describe('features', () => {
  it('have a name, a unit, a meaning and no digits that were never measured', () => {
    const features = describeFeatures(valuesWith('Flow Bytes/s', 0.1));
    expect(features).toHaveLength(FEATURES.length);
    expect(features.find(({ name }) => name === 'Flow Bytes/s')).toEqual({
      name: 'Flow Bytes/s',
      unit: 'B/s',
      value: 0.1,
      meaning: 'How much data went over per second, both ways.',
    });
  });

  it('are numbers that can be sent, whatever was stored', () => {
    const values = Float64Array.from(FEATURES, (_, index) => [Number.NaN, Number.POSITIVE_INFINITY, 3e38][index % 3]);
    expect(describeFeatures(values.subarray(0, 5)).every(({ value }) => Number.isFinite(value))).toBe(true);
  });
});
