import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PathOwners } from './path-owners.ts';

it('knows what a map would, of owners of the same path the last', () => {
  const additions = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.nat(5)), { maxLength: 200 });
  fc.assert(
    fc.property(additions, fc.array(fc.string({ maxLength: 3 })), (added, others) => {
      const owners = new PathOwners();
      const names = ['a', 'b', 'c', 'd', 'e', 'f'];
      for (const name of names) owners.owner(name);
      const expected = new Map<string, string>();
      for (const [path, owner] of added.sort((a, b) => a[1] - b[1])) {
        owners.add(path, owner);
        expected.set(path, names[owner]);
      }
      owners.seal();
      expect(owners.size).toBe(expected.size);
      for (const path of [...added.map(([each]) => each), ...others]) {
        expect(owners.ownerOf(path)).toBe(expected.get(path));
      }
    }),
  );
});

it('keeps many paths', () => {
  const owners = new PathOwners();
  const numbers = ['even', 'odd'].map((name) => owners.owner(name));
  for (let index = 0; index < 10_000; index++) owners.add(`/usr/bin/program-${index}`, numbers[index % 2]);
  owners.seal();
  expect(owners.ownerOf('/usr/bin/program-9998')).toBe('even');
  expect(owners.ownerOf('/usr/bin/program-1')).toBe('odd');
  expect(owners.ownerOf('/usr/bin/program-10000')).toBeUndefined();
});
