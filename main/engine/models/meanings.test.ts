import { expect, it } from 'vitest';
import { guessMeanings, matrixOf } from './index.ts';

it('guesses what columns hold by their heads and their range', () => {
  const heads = ['protocol_type', 'bytes', 'rate', 'balance', 'same_service_rate'];
  const rows = matrixOf([
    [1, 0, 0.5, -5, 0],
    [2, 300, 0.1, 1e9, 1],
    [1, 9e6, 1, 3, 0.5],
  ]);
  expect(guessMeanings(rows, heads)).toEqual(['name', 'wide-amount', 'amount', 'amount', 'amount']);
});
