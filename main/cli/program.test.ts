import { describe, expect, it } from 'vitest';
import { usageErrorText } from './program.ts';

describe('usageErrorText', () => {
  it('says whose error it is, and obeys nothing that the line held', () => {
    expect(usageErrorText("error: unknown option '--\u001b[2J'\n(Did you mean --json?)\n")).toBe(
      "holdfast: unknown option '--\\u{1b}[2J'\n(Did you mean --json?)\n",
    );
  });
});
