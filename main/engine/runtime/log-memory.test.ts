import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, type Logger, logSettings } from './log.ts';
import { LogMemory } from './log-memory.ts';
import { defaultsOf } from './settings.ts';

let directory: string;
let logger: Logger;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-log-'));
  logger = await createLogger({ settings: defaultsOf(logSettings), directory });
});

afterEach(async () => {
  await logger.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the memory of the log', () => {
  it('keeps warnings and errors, the latest first, and hides what the log hides', () => {
    const before = Date.now();
    logger.info('The engine started');
    logger.warn('A file was refused', { path: '/tmp/\u202egpj', token: 'hft_secret' });
    logger.child('store').error('The disk is full', { error: new Error('ENOSPC') });
    const [error, warning, ...more] = logger.recent(10);
    expect(more).toEqual([]);
    expect(error).toMatchObject({ level: 'error', message: 'The disk is full' });
    expect(error.detail).toContain('ENOSPC');
    expect(error.detail).toContain('store');
    expect(warning.detail).toBe('{"path":"/tmp/\\u{202e}gpj","token":"[hidden]"}');
    expect(warning.timeMs).toBeGreaterThanOrEqual(before);
    expect(logger.recent(1)).toEqual([error]);
  });

  it('follows the level of the log, in children as well', () => {
    const child = logger.child('store');
    logger.setLevel('error');
    child.warn('not said');
    logger.child('api').warn('not said');
    logger.setLevel('warn');
    child.warn('said');
    expect(logger.recent(10).map(({ message }) => message)).toEqual(['said']);
  });

  it('is bounded, also in one line', () => {
    const memory = new LogMemory();
    const line = (msg: string) => JSON.stringify({ level: 'warn', time: new Date(0).toISOString(), msg });
    for (let index = 0; index < 1_200; index++) memory.take(line(`${index}`));
    memory.take(line('x'.repeat(100_000)));
    memory.take('not JSON, and of no level');
    memory.take(line('y'.repeat(10_000)));
    const lines = memory.recent(1_000);
    expect(lines).toHaveLength(500);
    expect(lines[0].message).toHaveLength(300);
    expect(lines[1].message).toBe('1199');
  });
});
