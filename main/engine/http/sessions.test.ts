import { describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/clock.ts';
import { LINK_MINUTES, SessionBook } from './sessions.ts';

const MINUTE_MS = 60_000;

function book(maxSessions = 3) {
  const clock = new ManualClock(1_700_000_000_000);
  return { clock, sessions: new SessionBook({ clock, idleMs: 60 * MINUTE_MS, maxSessions }) };
}

describe('a link', () => {
  it('works once', () => {
    const { sessions } = book();
    const link = sessions.issueLink('operate');
    const cookie = sessions.redeem(link);
    expect(cookie).toMatch(/^[\w-]{43}$/);
    expect(sessions.find(cookie!)?.role).toBe('operate');
    expect(sessions.redeem(link)).toBeUndefined();
    expect(sessions.size).toBe(1);
  });

  it('works only for a while', () => {
    const { sessions, clock } = book();
    const link = sessions.issueLink('admin');
    clock.advance(LINK_MINUTES * MINUTE_MS);
    expect(sessions.redeem(link)).toBeUndefined();
  });

  it('is not the cookie, nor the other way round', () => {
    const { sessions } = book();
    const link = sessions.issueLink('admin');
    expect(sessions.find(link)).toBeUndefined();
    const cookie = sessions.redeem(link)!;
    expect(sessions.redeem(cookie)).toBeUndefined();
  });

  it('pushes out the oldest of too many', () => {
    const { sessions } = book();
    const links = Array.from({ length: 9 }, () => sessions.issueLink('view'));
    expect(sessions.redeem(links[0])).toBeUndefined();
    expect(sessions.redeem(links[8])).toBeDefined();
  });

  it.each(['', 'x', 'A'.repeat(43), '../../etc', 'é'.repeat(43)])('cannot be %o', (text) => {
    const { sessions } = book();
    sessions.issueLink('admin');
    expect(sessions.redeem(text)).toBeUndefined();
  });
});

describe('a session', () => {
  it('ends when it was not used for long, and tells what is open', () => {
    const { sessions, clock } = book();
    const cookie = sessions.redeem(sessions.issueLink('admin'))!;
    const session = sessions.find(cookie)!;
    let ended = 0;
    session.onEnd.add(() => {
      ended += 1;
    });
    clock.advance(59 * MINUTE_MS);
    expect(sessions.touch(session)).toBe(true);
    clock.advance(59 * MINUTE_MS);
    expect(sessions.find(cookie)).toBe(session);
    clock.advance(60 * MINUTE_MS);
    expect(sessions.find(cookie)).toBeUndefined();
    expect([ended, sessions.touch(session)]).toEqual([1, false]);
  });

  it('gives way to a new one when there are too many, the least used first', () => {
    const { sessions, clock } = book(2);
    const [first, second] = [0, 1].map(() => {
      clock.advance(1);
      return sessions.redeem(sessions.issueLink('view'))!;
    });
    clock.advance(1);
    sessions.find(first);
    sessions.redeem(sessions.issueLink('view'));
    expect(sessions.find(second)).toBeUndefined();
    expect(sessions.find(first)).toBeDefined();
  });

  it('ends with all others', () => {
    const { sessions } = book();
    const link = sessions.issueLink('view');
    const cookie = sessions.redeem(sessions.issueLink('view'))!;
    sessions.clear();
    expect([sessions.find(cookie), sessions.redeem(link)]).toEqual([undefined, undefined]);
  });
});
