import { describe, expect, it } from 'vitest';
import { socketActor } from './actor.ts';

describe('socketActor', () => {
  it('names who the rights of the socket let in', () => {
    expect(socketActor('admin', { id: 0, name: 'root' })).toBe('local administrator');
    expect(socketActor('admin', { id: 1000, name: 'ada' })).toBe('user ada');
    expect(socketActor('admin', { id: 1000, name: undefined })).toBe('user 1000');
    expect(socketActor('view', { id: 0, name: 'root' })).toBe('local viewer');
  });

  it('knows the user of this process', () => {
    expect(socketActor('admin')).toMatch(/^(local administrator|user \S+)$/);
  });
});
