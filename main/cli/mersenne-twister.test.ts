import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MersenneTwister } from './mersenne-twister.ts';

it('draws what the standard of C++ says its mt19937 draws', () => {
  const twister = new MersenneTwister(5489);
  const drawn = Array.from({ length: 10_000 }, () => twister.uint32());
  expect(drawn[0]).toBe(3_499_211_612);
  expect(drawn[1]).toBe(581_869_302);
  expect(drawn[9_999]).toBe(4_123_659_995);
});

it('draws orders as RandomState(0) of NumPy 1.24 does, one after another', () => {
  const twister = new MersenneTwister(0);
  expect([...twister.permutation(10)]).toEqual([2, 8, 4, 9, 1, 6, 7, 3, 0, 5]);
  expect([...twister.permutation(7)]).toEqual([3, 1, 2, 6, 5, 0, 4]);
  const many = new MersenneTwister(0).permutation(1000);
  expect([...many.slice(0, 5), ...many.slice(-3)]).toEqual([993, 859, 298, 553, 672, 629, 559, 684]);
});

it('has every number once, whatever the seed', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), fc.nat(200), (seed, count) => {
      const order = new MersenneTwister(seed).permutation(count);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, place) => place));
    }),
  );
});
