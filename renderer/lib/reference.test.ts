import { expect, it } from 'vitest';
import { referenceOf } from './reference.ts';

it('links to MITRE by id, and to nothing else', () => {
  expect(referenceOf('T1110.001')).toBe('https://attack.mitre.org/techniques/T1110/001/');
  expect(referenceOf('T1046')).toBe('https://attack.mitre.org/techniques/T1046/');
  for (const id of ['', 'T1', 'T1046/../x', 'javascript:1', 'T1046.1']) expect(referenceOf(id)).toBeNull();
});
