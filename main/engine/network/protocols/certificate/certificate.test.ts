import { createHash, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FACT_LIST, MAX_FACT_TEXT } from '../../../../../contract/facts.ts';
import { mutations } from '../testing.ts';
import { certificateFact } from './certificate.ts';
import { DerReader, objectIdText, TAG } from './der.ts';
import { attribute, certificate, commonName, der, dnsName, name, objectId, utcTime } from './testing.ts';
import { certificateTime } from './time.ts';

function subjectOf(...components: readonly (readonly Uint8Array[])[]): string | undefined {
  return certificateFact(certificate({ subject: name(...components) }), 0)?.subject;
}

function timeOf(text: string, tag: number = TAG.utcTime): string | undefined {
  const time = certificateTime({ tag, content: Buffer.from(text, 'latin1'), whole: Buffer.alloc(0) });
  return time === undefined ? undefined : new Date(time).toISOString();
}

describe('a certificate', () => {
  it('tells names, validity, serial number and fingerprints', () => {
    const bytes = certificate({
      subject: commonName('www.example.org'),
      issuer: commonName('Example CA'),
      serial: [0x00, 0xf9, 0x43],
      notBefore: utcTime('691231235959Z'),
      notAfter: der(TAG.generalizedTime, Buffer.from('20500101000000Z')),
      names: [
        dnsName('www.example.org'),
        der(0x87, Buffer.from([192, 0, 2, 1])),
        der(0x87, Buffer.from('20010db8000000000000000000000001', 'hex')),
        der(0x81, Buffer.from('mail@example.org')),
      ],
    });
    expect(certificateFact(bytes, 1)).toEqual({
      type: 'certificate',
      position: 1,
      subject: 'CN=www.example.org,C=DE',
      issuer: 'CN=Example CA,C=DE',
      commonName: 'www.example.org',
      issuerCommonName: 'Example CA',
      serial: 'f943',
      names: ['www.example.org', '192.0.2.1', '2001:db8::1'],
      notBeforeMs: -1_000,
      notAfterMs: Date.UTC(2050, 0, 1),
      sha1: createHash('sha1').update(bytes).digest('hex'),
      sha256: createHash('sha256').update(bytes).digest('hex'),
      isSelfSigned: false,
    });
  });

  it('is self-signed where subject and issuer are the same', () => {
    expect(certificateFact(certificate(), 0)?.isSelfSigned).toBe(true);
  });

  it('is read from shared memory', () => {
    const bytes = certificate();
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    expect(certificateFact(shared, 0)).toEqual(certificateFact(bytes, 0));
  });

  it('bounds the list of names', () => {
    const names = Array.from({ length: 300 }, (_, i) => dnsName(`host${i}.example.org`));
    expect(certificateFact(certificate({ names }), 0)?.names).toHaveLength(MAX_FACT_LIST);
  });

  it('reads what a well-known parser reads', () => {
    const bytes = certificate({ names: [dnsName('a.example.org'), dnsName('b.example.org')] });
    const theirs = new X509Certificate(bytes);
    const ours = certificateFact(bytes, 0);
    expect(theirs.subject.split('\n').reverse().join()).toBe(ours?.subject);
    expect(theirs.subjectAltName).toBe(ours?.names.map((text) => `DNS:${text}`).join(', '));
    expect(Date.parse(theirs.validTo)).toBe(ours?.notAfterMs);
    expect(theirs.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(ours?.sha256);
  });

  it('is none where a part is missing or damaged', () => {
    const bytes = certificate();
    for (let end = 0; end < bytes.length; end++) expect(certificateFact(bytes.subarray(0, end), 0)).toBeUndefined();
    expect(certificateFact(certificate({ notBefore: utcTime('240230000000Z') }), 0)).toBeUndefined();
    expect(certificateFact(certificate({ subject: der(TAG.sequence, der(TAG.sequence)) }), 0)).toBeUndefined();
  });

  it('survives whatever is done to it', () => {
    const bytes = certificate({ names: [dnsName('example.org')] });
    for (const damaged of mutations(new Uint8Array(bytes), 7, 3_000)) {
      const fact = certificateFact(damaged, 0);
      if (fact === undefined) continue;
      expect(fact.subject.length).toBeLessThanOrEqual(MAX_FACT_TEXT);
      expect(Number.isFinite(fact.notBeforeMs) && Number.isFinite(fact.notAfterMs)).toBe(true);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (random) => certificateFact(random, 0) === undefined));
  });
});

describe('a distinguished name', () => {
  it('has its last component first', () => {
    expect(subjectOf([attribute('2.5.4.6', 'US')], [attribute('2.5.4.10', 'A')], [attribute('2.5.4.3', 'b')])).toBe(
      'CN=b,O=A,C=US',
    );
    expect(subjectOf([attribute('2.5.4.3', 'a'), attribute('2.5.4.7', 'b')])).toBe('L=b+CN=a');
  });

  it('escapes what has a meaning (RFC 4514)', () => {
    expect(subjectOf([attribute('2.5.4.10', ' #A, "B"+\\<C>;\r ')])).toBe('O=\\ #A\\, \\"B\\"\\+\\\\\\<C\\>\\;\\0D\\ ');
    expect(subjectOf([attribute('2.5.4.10', '#A')])).toBe('O=\\#A');
  });

  it('reads all types of strings', () => {
    const wide = Buffer.from('Ä€', 'utf16le').swap16();
    expect(subjectOf([attribute('2.5.4.10', wide, TAG.bmpString)])).toBe('O=Ä€');
    expect(subjectOf([attribute('2.5.4.10', Buffer.from('0001f600', 'hex'), TAG.universalString)])).toBe('O=😀');
    expect(subjectOf([attribute('2.5.4.10', Buffer.from('7fffffff', 'hex'), TAG.universalString)])).toBe('O=\ufffd');
    expect(subjectOf([attribute('2.5.4.10', Buffer.from([0xc4]), TAG.teletexString)])).toBe('O=Ä');
    expect(subjectOf([attribute('2.5.4.10', 'Ä', TAG.utf8String)])).toBe('O=Ä');
  });

  it('writes what it does not know as RFC 4514 says', () => {
    expect(subjectOf([attribute('1.3.6.1.4.1.99999.1', 'x')])).toBe('1.3.6.1.4.1.99999.1=#0c0178');
    expect(subjectOf([attribute('2.5.4.10', Buffer.from([1]), TAG.integer)])).toBe('O=#020101');
  });
});

describe('a time', () => {
  it.each([
    ['240229120000Z', '2024-02-29T12:00:00.000Z'],
    ['491231235959Z', '2049-12-31T23:59:59.000Z'],
    ['500101000000Z', '1950-01-01T00:00:00.000Z'],
    ['9901010000Z', '1999-01-01T00:00:00.000Z'],
    ['990101000000+0130', '1998-12-31T22:30:00.000Z'],
    ['990101000000-0130', '1999-01-01T01:30:00.000Z'],
  ])('of UTCTime %s is %s', (text, expected) => expect(timeOf(text)).toBe(expected));

  it.each([
    ['00990101000000Z', '0099-01-01T00:00:00.000Z'],
    ['99991231235959Z', '9999-12-31T23:59:59.000Z'],
    ['20240101000000.123Z', '2024-01-01T00:00:00.000Z'],
  ])('of GeneralizedTime %s is %s', (text, expected) => expect(timeOf(text, TAG.generalizedTime)).toBe(expected));

  it.each([
    '',
    '24',
    '240230000000Z',
    '241301000000Z',
    '240101240000Z',
    '240101000000X',
    '240101000000+1',
    'x40101000000Z',
  ])('is none of %j', (text) => expect(timeOf(text)).toBeUndefined());
});

describe('DER', () => {
  it.each([
    ['an indefinite length', [0x30, 0x80, 0, 0]],
    ['a length longer than it must be', [0x30, 0x81, 0x01, 0]],
    ['a length with a leading zero', [0x30, 0x82, 0x00, 0x80, ...new Array(128).fill(0)]],
    ['a length beyond the end', [0x30, 0x02, 0]],
    ['a length of eight octets', [0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 1, 0]],
    ['a tag of several octets', [0x1f, 0x81, 0x01, 0x00]],
    ['half a header', [0x30]],
  ])('refuses %s', (_, bytes) => {
    const reader = new DerReader(Uint8Array.from(bytes));
    expect(reader.next()).toBeUndefined();
    expect(reader.failed).toBe(true);
    expect(reader.isAtEnd).toBe(true);
  });

  it('writes object identifiers', () => {
    const text = (id: string): string => objectIdText(new DerReader(objectId(id)).required(TAG.objectId).content);
    expect(text('1.2.840.113549.1.1.11')).toBe('1.2.840.113549.1.1.11');
    expect(text('2.5.29.17')).toBe('2.5.29.17');
    expect(objectIdText(Uint8Array.from([0x88, 0x37]))).toBe('2.999');
    expect(objectIdText(Uint8Array.from([0x2a, 0x80]))).toBe('');
    expect(objectIdText(new Uint8Array(20).fill(0xff))).toBe('');
  });
});
