import { describe, expect, it } from 'vitest';
import type { Learning } from '../../../contract/api-models.ts';
import { learntText } from './learnt-text.ts';

const of = (...states: readonly (readonly [Learning['state'], number?])[]) =>
  learntText(states.map(([state, progress = null]) => ({ state, progress })));

describe('learntText', () => {
  it('says what most needs to be known', () => {
    expect(of(['ready'], ['drifted'], ['training'])).toBe('what is usual has changed');
    expect(of(['learning', 0.9], ['training'])).toBe('training');
    expect(of(['ready'], ['off'])).toBe('knows what is usual');
    expect(of(['off'], ['off'])).toBe('learns nothing');
    expect(of()).toBe('');
  });

  it('says how far learning is by what is least far, and never more than there is', () => {
    expect(of(['learning', 0.639], ['learning', 0.9], ['ready'])).toBe('learning 63 %');
    expect(of(['learning', 0.999])).toBe('learning 99 %');
    expect(of(['learning'])).toBe('learning 0 %');
  });
});
