import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideUpdate, rolloutPlace } from './decide.ts';
import { openManifest, type ReleaseManifest, trustedKeys } from './manifest.ts';
import { makeReleaseKey, signManifest } from './signing.ts';
import { compareVersions, isVersion } from './version.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const KEY = makeReleaseKey();
const KEYS = trustedKeys([KEY.publicKey]);
const HOST = { platform: 'linux', arch: 'x64', format: 'AppImage' } as const;

const MANIFEST: ReleaseManifest = {
  product: 'holdfast',
  format: 1,
  channel: 'stable',
  sequence: 7,
  issued: '2026-11-20T00:00:00Z',
  expires: '2026-12-20T00:00:00Z',
  version: '1.2.0',
  notes: 'Better.',
  rollout: 1,
  recalled: [],
  files: [
    {
      platform: 'linux',
      arch: 'x64',
      format: 'AppImage',
      name: 'h-linux-x64.AppImage',
      size: 3,
      sha512: `${'A'.repeat(86)}==`,
    },
  ],
};

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return (error as { failure?: { code: string } }).failure?.code ?? String(error);
  }
}

const open = (text: string, nowMs = NOW) => openManifest(text, KEYS, 'stable', nowMs);
const signed = (change: Partial<ReleaseManifest> = {}, key = KEY) => signManifest({ ...MANIFEST, ...change }, [key]);

describe('the signed list', () => {
  it('is accepted as it was signed', () => {
    expect(open(signed())).toEqual(MANIFEST);
  });

  it.each([
    ['another key', signed({}, makeReleaseKey()), 'update-not-signed'],
    ['no signature', JSON.stringify({ payload: 'e30=', signatures: [] }), 'update-malformed'],
    ['an expired list', signed({ expires: '2026-11-21T11:59:59Z' }), 'update-expired'],
    ['a list from the future', signed({ issued: '2026-11-24T00:00:00Z' }), 'update-expired'],
    ['a list that is good for ever', signed({ expires: '2036-01-01T00:00:00Z' }), 'update-expired'],
    ['another channel', signed({ channel: 'beta' }), 'update-malformed'],
    [
      'a path for a name',
      signed({ files: [{ ...MANIFEST.files[0], name: '../x-linux-x64.AppImage' }] }),
      'update-malformed',
    ],
    ['an unknown field', signManifest({ ...MANIFEST, extra: 1 } as ReleaseManifest, [KEY]), 'update-malformed'],
    ['another shape', '[]', 'update-malformed'],
    ['nothing', '', 'update-malformed'],
  ])('refuses %s', (_what, text, code) => {
    expect(codeOf(() => open(text))).toBe(code);
  });

  it('refuses the signature of one list under the text of another', () => {
    const other = JSON.parse(signed({ version: '9.9.9' })) as { payload: string };
    expect(codeOf(() => open(JSON.stringify({ ...JSON.parse(signed()), payload: other.payload })))).toBe(
      'update-not-signed',
    );
  });

  it('is refused after any one character of it was changed, and never throws anything else', () => {
    const text = signed();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const outcome = codeOf(() => open(changed));
        // Base64 has spellings of the same bytes, JSON has spaces: what is accepted must say the same.
        if (outcome === 'accepted') expect(open(changed)).toEqual(MANIFEST);
        else expect(outcome).toMatch(/^update-/);
      }),
    );
  });
});

describe('the decision', () => {
  const memory = { installId: 'x', sequences: { stable: 7 } };
  const decide = (change: Partial<ReleaseManifest>, current = '1.1.0') =>
    decideUpdate({ ...MANIFEST, ...change }, current, memory, HOST);

  it('offers what is newer and nothing else', () => {
    expect(decide({}).offer).toEqual(MANIFEST.files[0]);
    for (const current of ['1.2.0', '1.2.1', '2.0.0-beta.1']) expect(decide({}, current).offer).toBeUndefined();
    expect(decide({}, '1.2.0-rc.1').offer).toBeDefined();
  });

  it('refuses lists that go back, releases that were called back and systems without a package', () => {
    expect(codeOf(() => decide({ sequence: 6 }))).toBe('update-replayed');
    expect(codeOf(() => decide({ recalled: [{ version: '1.2.0', reason: 'eats disks' }] }))).toBe('update-recalled');
    expect(codeOf(() => decideUpdate(MANIFEST, '1.0.0', memory, { ...HOST, arch: 'arm64' }))).toBe('update-no-file');
  });

  it('hands a release out to the wanted part of all installs, and to more only as the part grows', () => {
    const installs = Array.from({ length: 4_000 }, (_, index) => `install-${index}`);
    const offered = (rollout: number) =>
      installs.filter(
        (installId) => decideUpdate({ ...MANIFEST, rollout }, '1.1.0', { ...memory, installId }, HOST).offer,
      );
    const tenth = offered(0.1);
    expect(tenth.length / installs.length).toBeGreaterThan(0.08);
    expect(tenth.length / installs.length).toBeLessThan(0.12);
    expect(offered(0)).toEqual([]);
    expect(offered(1)).toEqual(installs);
    const half = new Set(offered(0.5));
    expect(tenth.every((install) => half.has(install))).toBe(true);
    expect(rolloutPlace('a', '1.0.0')).not.toBe(rolloutPlace('a', '1.0.1'));
  });
});

describe('versions', () => {
  it('are ordered by their numbers, candidates before the release', () => {
    const inOrder = [
      '0.9.9',
      '1.0.0-alpha.1',
      '1.0.0-beta.1',
      '1.0.0-beta.2',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.10',
      '1.2.0',
    ];
    for (const [a, first] of inOrder.entries()) {
      for (const [b, second] of inOrder.entries())
        expect(Math.sign(compareVersions(first, second))).toBe(Math.sign(a - b));
    }
  });

  it.each(['1.0', 'v1.0.0', '1.0.0+build', '01.0.0', '1.0.0-nightly.1', '1.0.0-beta', '1.0.0\n'])(
    'do not include %j',
    (text) => {
      expect(isVersion(text)).toBe(false);
    },
  );
});
