import { describe, expect, it } from 'vitest';
import { wordLikeness } from './character-model.ts';
import { LETTERS, textSource } from './dns-testing.ts';

describe('the character model', () => {
  it.each(['stackoverflow', 'thedailyplanet', 'universitaet', 'meteofrance', 'nihonjikan', 'newsletter'])(
    'takes %s for words',
    (text) => expect(wordLikeness(text)).toBeGreaterThan(0),
  );

  it('takes letters drawn by lot for what they are', () => {
    const text = textSource(11);
    const scores = Array.from({ length: 500 }, () => wordLikeness(text(LETTERS, 14)));
    expect(scores.filter((score) => score < -0.9).length).toBeGreaterThan(450);
  });

  it('says nothing of texts without letters', () => {
    for (const text of ['', 'a', '12345', '-----', 'é']) expect(wordLikeness(text)).toBe(0);
  });

  it('does not care for case, and reads no more than it must', () => {
    expect(wordLikeness('WeatherStation')).toBe(wordLikeness('weatherstation'));
    expect(Number.isFinite(wordLikeness('qx'.repeat(1_000_000)))).toBe(true);
  });
});
