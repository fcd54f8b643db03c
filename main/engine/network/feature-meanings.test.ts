import { expect, it } from 'vitest';
import { FEATURE_MEANINGS } from './feature-meanings.ts';
import { FEATURES } from './features.ts';

it('says of every feature what it means, and of nothing else', () => {
  expect(Object.keys(FEATURE_MEANINGS).sort()).toEqual(FEATURES.map(({ name }) => name).sort());
  for (const meaning of Object.values(FEATURE_MEANINGS)) expect(meaning).toMatch(/^[A-Z].{15,118}\.$/);
});
