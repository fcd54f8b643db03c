import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { detectInput } from '../../../contract/api-models.ts';
import { inputProblems } from './input-problems.ts';

function problems(schema: z.ZodType, input: unknown, limit = 3): string[] {
  const parsed = schema.safeParse(input);
  return parsed.success ? [] : inputProblems(parsed.error, limit);
}

describe('what is wrong with an input', () => {
  const row = { 'Flow Duration': 1 };

  it.each([
    [{ features: [row, row, row, { 'Flow Duration': 'x' }] }, 'features[3].Flow Duration: expected number'],
    [{ features: { 'Flow Duration': true } }, 'features.Flow Duration: expected number'],
    [{ features: [1, 2, 'x'] }, 'features[2]: expected number'],
    [
      {
        features: [
          [1, 2],
          [1, 'x'],
        ],
      },
      'features[1][1]: expected number',
    ],
    [{ features: 'x' }, 'features: expected object or array, received string'],
    [{}, 'features: expected object or array, received nothing'],
    [{ features: [] }, 'features: Too small'],
    [{ features: row, table: 'disk' }, 'table: Invalid option'],
    [{ features: row, colour: 1 }, 'Unrecognized key: "colour"'],
    [[], 'expected object, received array'],
  ])('%j: %s', (input, text) => {
    expect(problems(detectInput, input)[0]).toContain(text);
  });

  it('tells so many as are wanted', () => {
    const schema = z.object({ a: z.number(), b: z.number() });
    expect(problems(schema, {}, 1)).toEqual(['a: expected number, received nothing']);
    expect(problems(schema, {})).toHaveLength(2);
  });

  it('always says something of what does not fit', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (features) => {
        const parsed = detectInput.safeParse({ features });
        if (parsed.success) return;
        const [first] = inputProblems(parsed.error, 3);
        expect(first).toMatch(/^features/);
        expect(first).not.toContain('undefined');
      }),
    );
  });
});
