import { describe, expect, it } from 'vitest';
import { isOwnPage } from './sender.ts';

const mainFrame = { url: 'app://holdfast/#/alerts', origin: 'app://holdfast' };
const own = { mainFrame };

describe('a message', () => {
  it('is heard from the main frame of our window', () => {
    expect(isOwnPage({ sender: own, senderFrame: mainFrame }, own)).toBe(true);
  });

  it.each([
    ['another page', { sender: { mainFrame }, senderFrame: mainFrame }, own],
    ['a frame in our page', { sender: own, senderFrame: { ...mainFrame } }, own],
    ['a frame that is gone', { sender: own, senderFrame: null }, own],
    ['no window of ours', { sender: undefined, senderFrame: mainFrame }, undefined],
  ])('is not heard from %s', (_what, message, window) => {
    expect(isOwnPage(message, window)).toBe(false);
  });

  it.each([
    ['https://holdfast/', 'https://holdfast'],
    ['app://holdfast.example/', 'app://holdfast.example'],
    ['app://holdfast@example/', 'app://example'],
    ['about:blank', 'null'],
    ['app://holdfast/', 'null'],
  ])('is not heard from our window at %s of %s', (url, origin) => {
    const frame = { url, origin };
    expect(isOwnPage({ sender: frame, senderFrame: frame }, { mainFrame: frame })).toBe(false);
    const window = { mainFrame: frame };
    expect(isOwnPage({ sender: window, senderFrame: frame }, window)).toBe(false);
  });
});
