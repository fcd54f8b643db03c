import { describe, expect, it } from 'vitest';
import { colorsAllowed, type Output, OutputClosed } from './output.ts';
import { Screen } from './screen.ts';

function terminal(write: (text: string) => void): Output {
  return { isTerminal: true, hasColor: false, columns: 80, rows: 24, write: (text) => write(String(text)) };
}

describe('Screen', () => {
  it('gives the first screen and the cursor back, once', () => {
    const written: string[] = [];
    const listeners = process.listenerCount('exit');
    const screen = new Screen(terminal((text) => written.push(text)));
    screen.draw(['one', 'two']);
    screen.close();
    screen.close();
    screen.draw(['late']);
    expect(written).toHaveLength(3);
    expect(written[0]).toBe('\x1b[?1049h\x1b[?25l');
    expect(written[1]).toContain('one\x1b[K\r\ntwo\x1b[K\x1b[J');
    expect(written[2]).toBe('\x1b[?25h\x1b[?1049l');
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('closes when the terminal has gone', () => {
    let isGone = false;
    const screen = new Screen(
      terminal(() => {
        if (isGone) throw new OutputClosed();
      }),
    );
    isGone = true;
    expect(() => screen.close()).not.toThrow();
  });
});

describe('colorsAllowed', () => {
  it.each([
    [{}, true],
    [{ NO_COLOR: '' }, true],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
    [{ TERM: 'xterm-256color' }, true],
  ])('%o: %s', (environment, allowed) => {
    expect(colorsAllowed(environment)).toBe(allowed);
  });
});
