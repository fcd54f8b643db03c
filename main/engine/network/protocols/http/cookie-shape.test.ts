import { expect, it } from 'vitest';
import { cookieShape } from './cookie-shape.ts';

it.each([
  ['session=PUunM3Evfi7eNGnewIf2TSOx7U8=', 'base64:28'],
  ['SID=0123456789abcdef', 'hex:16'],
  ['k=abcd+/==', 'base64:8'],
  ['token=a-b_c-d_e', 'url-safe:9'],
  ['a=1', undefined],
  ['a=12345678; b=2', undefined],
  ['lang=en us please; x', undefined],
  ['', undefined],
])('the only cookie of %j', (header, shape) => expect(cookieShape(header)).toBe(shape));
