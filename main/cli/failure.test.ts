import { describe, expect, it } from 'vitest';
import { EXIT } from './exit-codes.ts';
import { CommandError, explain, failureText, stackText, wrongInput } from './failure.ts';

/** As the engine throws it. */
function carrying(code: string): Error {
  return Object.assign(new Error('x'), { failure: { code, message: 'It did not work.', hint: 'Do this.' } });
}

describe('explain', () => {
  it('takes what cannot be read for wrong input, and what cannot be done for a failure', () => {
    expect(explain(carrying('not-a-capture')).exitCode).toBe(EXIT.wrongInput);
    expect(explain(carrying('bad-config')).exitCode).toBe(EXIT.wrongInput);
    expect(explain(carrying('already-running')).exitCode).toBe(EXIT.failed);
    expect(explain(carrying('no-directory')).exitCode).toBe(EXIT.failed);
    expect(explain(wrongInput('a', 'b', 'c')).exitCode).toBe(EXIT.wrongInput);
    expect(explain(new CommandError({ code: 'x', message: '', hint: '' }, EXIT.failed)).exitCode).toBe(EXIT.failed);
  });

  it.each([new TypeError('x is undefined'), 'text', undefined, null, { failure: 'no' }])(
    'has words for %o',
    (thrown) => {
      const { failure, exitCode } = explain(thrown);
      expect(exitCode).toBe(EXIT.failed);
      expect(failure.code).toBe('internal');
      expect(failure.hint).toContain('--verbose');
    },
  );
});

describe('stackText', () => {
  it('keeps the lines and obeys nothing in them', () => {
    const error = new Error('no file \u001b[2J');
    expect(stackText(error)).toBe(`${error.stack?.replace('\u001b', '\\u{1b}')}\n`);
    expect(stackText('thrown \u009b')).toBe('thrown \\u{9b}\n');
  });
});

describe('failureText', () => {
  it('says what happened, then what to do, and obeys nothing in it', () => {
    const message = 'Line 1 \u001b[2J\nLine 2';
    expect(failureText({ code: 'x', message, hint: 'Do this.' })).toBe(
      'holdfast: Line 1 \\u{1b}[2J\n  Line 2\n  Do this.\n',
    );
    expect(failureText({ code: 'x', message: 'Only this.', hint: '' })).toBe('holdfast: Only this.\n');
  });
});
