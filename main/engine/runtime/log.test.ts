import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, createQuietLogger, logSettings } from './log.ts';
import { defaultsOf } from './settings.ts';

const settings = defaultsOf(logSettings);
let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'holdfast-log-'));
});

afterEach(() => {
  rmSync(place, { recursive: true });
  vi.restoreAllMocks();
});

describe('createLogger', () => {
  it('writes JSON lines to a private file, with the module, and hides secrets', async () => {
    const directory = join(place, 'logs');
    const logger = await createLogger({ settings, directory });
    logger.child('store').warn('The disk is full', { token: 'abc', nested: { password: 'x', rows: 3 } });
    logger.debug('Not at this level');
    logger.error('Failed', { error: new Error('why') });
    await logger.close();
    const file = join(directory, 'holdfast.log');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const lines = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      level: 'warn',
      module: 'store',
      msg: 'The disk is full',
      token: '[hidden]',
      nested: { password: '[hidden]', rows: 3 },
    });
    expect(lines[1].error).toMatchObject({ message: 'why' });
  });

  it('falls back to standard error, and says why once', async () => {
    symlinkSync('/tmp', join(place, 'logs'));
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
      written.push(String(line));
      return true;
    });
    const reasons: string[] = [];
    const logger = await createLogger({
      settings,
      directory: join(place, 'logs'),
      onFallback: (reason) => reasons.push(reason),
    });
    logger.info('Started');
    await logger.close();
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain('is a symbolic link');
    expect(JSON.parse(written[0])).toMatchObject({ msg: 'Started' });
  });
});

describe('createQuietLogger', () => {
  it('says warnings in plain words and nothing else', () => {
    const lines: string[] = [];
    const logger = createQuietLogger((line) => lines.push(line));
    logger.info('Unheard');
    logger.child('store').error('The store is locked', { error: new Error('busy') });
    expect(lines).toEqual(['The store is locked: busy\n']);
  });
});
