import { describe, expect, it } from 'vitest';
import { whyNoElectron } from './electron.mjs';

const FINE = { environment: { DISPLAY: ':0' }, platform: 'linux', userId: 1_000, binary: '/electron' };

describe('whether the desktop app can be shown', () => {
  it('needs the binary, a display and a user that is not root', () => {
    expect(whyNoElectron(FINE)).toBeUndefined();
    expect(whyNoElectron({ ...FINE, environment: { WAYLAND_DISPLAY: 'wayland-0' } })).toBeUndefined();
    expect(whyNoElectron({ ...FINE, environment: {} })).toContain('no display');
    expect(whyNoElectron({ ...FINE, userId: 0 })).toContain('root');
    expect(whyNoElectron({ ...FINE, environment: {}, platform: 'darwin' })).toBeUndefined();
  });
});
