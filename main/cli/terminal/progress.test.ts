import { describe, expect, it } from 'vitest';
import { columnsOf } from './layout.ts';
import type { Output } from './output.ts';
import { paintFor } from './paint.ts';
import { ProgressLine, progressText } from './progress.ts';

const plain = paintFor(false);

function terminal(isTerminal = true): Output & { readonly written: string[] } {
  const written: string[] = [];
  return {
    isTerminal,
    hasColor: false,
    columns: 100,
    rows: 24,
    written,
    write: (text) => void written.push(String(text)),
  };
}

describe('progressText', () => {
  const half = { bytesRead: 400_000_000, bytesTotal: 800_000_000, packets: 1_000_000 };
  const speed = { bytesPerSecond: 200_000_000, packetsPerSecond: 500_000 };

  it('tells bytes, rate and time left', () => {
    expect(progressText('big.pcap', half, speed, 110, plain)).toBe(
      `big.pcap  ${'━'.repeat(12)}${'─'.repeat(12)}   50 %  400 MB of 800 MB · 500,000 packets/s · 2 s left`,
    );
  });

  it('obeys nothing in a name', () => {
    expect(progressText('\u001b]0;x\u0007', half, speed, 110, plain)).toContain('\\u{1b}]0;x\\u{7}  ━');
  });

  it('does without what nobody knows', () => {
    expect(progressText('-', { ...half, bytesTotal: null }, speed, 100, plain)).toBe(
      '-  400 MB · 1,000,000 packets · 500,000 packets/s',
    );
  });

  it('never is wider than the terminal, nor more than all', () => {
    for (let width = 5; width < 130; width++) {
      expect(columnsOf(progressText('a/long/path/to.pcap', half, speed, width, plain))).toBeLessThanOrEqual(width);
    }
    expect(progressText('x', { ...half, bytesRead: 900_000_000 }, speed, 110, plain)).toContain('100 %');
    expect(progressText('x', { ...half, bytesRead: 0 }, speed, 110, plain)).toContain('  0 %');
  });
});

describe('ProgressLine', () => {
  it('tells the speed of now, not that of a slow beginning', () => {
    let nowMs = 0;
    let bytesRead = 0;
    const output = terminal();
    const line = new ProgressLine(output, plain, () => nowMs);
    for (; nowMs <= 20_000; nowMs += 100) {
      bytesRead += nowMs < 10_000 ? 1 : 1_000;
      line.update('x', { bytesRead, bytesTotal: 200_000, packets: bytesRead });
    }
    expect(output.written.at(-1)).toContain('10,000 packets/s · 10 s left');
  });

  const progress = { bytesRead: 1, bytesTotal: 2, packets: 1 };

  it('is drawn at most ten times a second, and leaves no trace', () => {
    let nowMs = 0;
    const output = terminal();
    const line = new ProgressLine(output, plain, () => nowMs);
    for (; nowMs < 2_000; nowMs += 10) line.update('x', progress);
    expect(output.written.length).toBeGreaterThan(10);
    expect(output.written.length).toBeLessThanOrEqual(20);
    line.clear();
    expect(output.written.at(-1)).toBe('\r\x1b[K');
  });

  it('does not flash for short work', () => {
    let nowMs = 0;
    const output = terminal();
    const line = new ProgressLine(output, plain, () => nowMs);
    for (; nowMs < 200; nowMs += 10) line.update('x', progress);
    line.clear();
    expect(output.written).toEqual([]);
  });

  it('says nothing where there is no terminal', () => {
    let nowMs = 0;
    const output = terminal(false);
    const line = new ProgressLine(output, plain, () => nowMs);
    for (; nowMs < 2_000; nowMs += 100) line.update('x', progress);
    line.clear();
    expect(output.written).toEqual([]);
  });
});
