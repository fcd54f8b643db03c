import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fitProfile, type ModelDocument, Random, TABLE_COLUMNS } from './models/index.ts';
import { type ProfileOrigin, profileFileBytes, readProfileFile } from './profile-file.ts';
import { FailureError } from './runtime/failure.ts';

const origin: ProfileOrigin = {
  table: 'flow',
  trainedMs: 1_700_000_000_000,
  source: 'capture office.pcap',
  rows: 120,
  fromMs: null,
  untilMs: null,
  digest: 'ab',
  metrics: { calibrationRows: 1, validationRows: 1, onePercent: 0, oneInThousand: 0, seconds: 1, loss: null },
};
const { privateKey } = generateKeyPairSync('ed25519');
let document: ModelDocument;
let bytes: Buffer;

beforeAll(async () => {
  const columns = TABLE_COLUMNS.flow.length;
  const random = new Random(1);
  const data = Float64Array.from({ length: 120 * columns }, () => random.below(100));
  const groups = [{ group: 'tcp' as const, rows: { rows: 120, columns, data } }];
  const hooks = { onProgress: () => {}, signal: new AbortController().signal };
  document = (await fitProfile({ table: 'flow', kinds: ['baseline'], groups, seed: 1 }, hooks)).document;
  bytes = profileFileBytes(origin, document, privateKey);
});

function codeOf(given: Buffer): string {
  try {
    readProfileFile(given, 'x.hfmodel');
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(FailureError);
    return (error as FailureError).failure.code;
  }
}

describe('the file of a profile', () => {
  it('comes back as it was written, with who signed it', () => {
    const file = readProfileFile(bytes, 'x.hfmodel');
    expect(file.origin).toEqual(origin);
    expect(JSON.stringify(file.document)).toBe(JSON.stringify(document));
    expect(file.profile.groups).toEqual(['tcp']);
    expect(file.signer).toMatch(/^[0-9a-f]{64}$/);
    expect(readProfileFile(profileFileBytes(origin, document), 'x').signer).toBeNull();
  });

  it('is refused when it is something else, cut off, changed or signed by nobody', () => {
    expect(codeOf(Buffer.from('\x1f\x8b anything'))).toBe('not-a-profile');
    expect(codeOf(Buffer.alloc(0))).toBe('not-a-profile');
    expect(codeOf(Buffer.from('{"format":"holdfast-profile","version":2}\n'))).toBe('profile-too-new');
    expect(codeOf(bytes.subarray(0, bytes.length - 1))).toBe('profile-damaged');
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const end = bytes.indexOf(0x0a);
    const head = JSON.parse(bytes.subarray(0, end).toString());
    const forged = Buffer.from(`${JSON.stringify({ ...head, signer: other })}\n`);
    expect(codeOf(Buffer.concat([forged, bytes.subarray(end + 1)]))).toBe('profile-damaged');
    expect(codeOf(profileFileBytes({ ...origin, table: 'host' }, document))).toBe('profile-damaged');
    expect(codeOf(profileFileBytes(origin, { ...document, groups: 'x' }))).toBe('profile-damaged');
  });

  it('never throws anything but a failure', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, value, isCut) => {
        const changed = Buffer.from(isCut ? bytes.subarray(0, at) : bytes);
        if (!isCut) changed[at] = changed[at] === value ? value ^ 1 : value;
        codeOf(changed);
      }),
      { numRuns: 200 },
    );
  });
});
