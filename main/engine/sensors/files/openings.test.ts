import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { Openings } from './openings.ts';

function watching(now: () => Promise<readonly string[]> = async () => []) {
  const clock = new ManualClock();
  const told: string[] = [];
  const messages: string[] = [];
  const openings = new Openings({
    clock,
    now,
    has: (path) => path.startsWith('/keys/'),
    send: (bytes) => {
      const command = Buffer.from(bytes);
      expect(command.readUInt32LE(0)).toBe(7);
      told.push(command.toString('utf8', 16, 16 + command.readUInt32LE(8)));
    },
    onMessage: (message) => messages.push(message),
  });
  return { clock, openings, told, messages };
}

const created = (path: string): HostEvent => ({ type: 'file-created', timeMs: 1, path });

describe('Openings', () => {
  it('tells what is there, and what comes to be or takes a name', async () => {
    const { clock, openings, told } = watching(async () => ['/etc/shadow']);
    openings.begin();
    await Promise.resolve();
    await Promise.resolve();
    openings.note([
      created('/keys/a'),
      created('/other'),
      { type: 'file-renamed', timeMs: 1, path: '/keys/b', previousPath: '/keys/b.new' },
      { type: 'file-deleted', timeMs: 1, path: '/keys/c' },
    ]);
    clock.advance(20);
    expect(told).toEqual(['/etc/shadow', '/keys/a', '/keys/b']);
  });

  it('tells so many at a time, and leaves out what does not fit', () => {
    const { clock, openings, told } = watching();
    openings.note(Array.from({ length: 2_000 }, (_, index) => created(`/keys/${index}`)));
    expect(told).toHaveLength(1);
    clock.advance(20);
    expect(told).toHaveLength(65);
    clock.advance(2_000);
    expect(told.length + openings.left).toBe(2_000);
    expect(told.length).toBeGreaterThanOrEqual(1_024);
    openings.note([created(`/keys/${'x'.repeat(5_000)}`)]);
    expect(openings.left).toBe(2_001 - told.length);
  });

  it('says that they cannot be listed, and forgets what an earlier run asked for', async () => {
    const answers: ((paths: readonly string[]) => void)[] = [];
    const { openings, told } = watching(() => new Promise((resolve) => answers.push(resolve)));
    openings.begin();
    openings.begin();
    answers[0](['/old']);
    answers[1](['/new']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['/new']);
    const failing = watching(() => Promise.reject(new Error('no such folder')));
    failing.openings.begin();
    await new Promise((resolve) => setImmediate(resolve));
    expect(failing.messages[0]).toContain('no such folder');
  });
});
