import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { analyzeCapture } from '../main/engine/index.ts';
import { generateFlood, generateMixed } from './generate.ts';
import { readPcap } from './pcap-file.ts';
import { stretchCapture } from './stretch.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);

describe('generated captures', () => {
  it('hold ordinary traffic that is read without a complaint, the same every time', async () => {
    generateMixed(file('mixed.pcap'), 20_000);
    generateMixed(file('again.pcap'), 20_000);
    expect(readFileSync(file('mixed.pcap')).equals(readFileSync(file('again.pcap')))).toBe(true);
    const { document } = await analyzeCapture(file('mixed.pcap'));
    expect(document.capture).toMatchObject({ packets: 20_000, malformed: 0, notes: [] });
    expect(document.flows).toBeGreaterThan(1_000);
  });

  it('hold a flood in which every packet is a flow', async () => {
    generateFlood(file('flood.pcap'), 5_000);
    const { document } = await analyzeCapture(file('flood.pcap'));
    expect(document.capture).toMatchObject({ packets: 5_000, malformed: 0 });
    expect(document.flows).toBe(5_000);
  });

  it('can be stretched: later, between other hosts, to the packet', async () => {
    generateMixed(file('base.pcap'), 3_000);
    const base = readPcap(file('base.pcap'));
    stretchCapture(base, file('long.pcap'), 10_000);
    const { document } = await analyzeCapture(file('long.pcap'));
    expect(document.capture).toMatchObject({ packets: 10_000, malformed: 0, notes: [] });
    const { document: once } = await analyzeCapture(file('base.pcap'));
    expect(document.hosts).toBeGreaterThan(3 * once.hosts);
  });
});
