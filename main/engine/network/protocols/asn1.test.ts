import { describe, expect, it } from 'vitest';
import { BER, berFrameBytes, berInteger, berOid, expectBer, findBer, nextInteger, readBer } from './asn1.ts';
import { ByteReader } from './bytes.ts';
import { ber, bytesOf, fromHex } from './service-testing.ts';

const reader = (hex: string) => new ByteReader(fromHex(hex));

describe('BER', () => {
  it('reads elements with short and long lengths', () => {
    expect(readBer(reader('0403616263'))).toMatchObject({ tag: BER.octetString, isWhole: true });
    const long = readBer(new ByteReader(ber(4, 'x'.repeat(300))));
    expect(long?.content.left).toBe(300);
    expect(berFrameBytes(ber(4, 'x'.repeat(300)), 0)).toBe(304);
  });

  it('gives what is there of an element that is cut, and never more than what is around it', () => {
    const cut = readBer(reader('0405616263'));
    expect(cut?.isWhole).toBe(false);
    expect(cut?.content.left).toBe(3);
    const outer = readBer(reader('3004047f6162ffff'));
    expect(readBer(outer?.content as ByteReader)?.content.left).toBe(2);
  });

  it('refuses lengths without end, lengths of more than four bytes, and long tags', () => {
    expect(readBer(reader('3080020101'))).toBeUndefined();
    expect(readBer(reader('30850000000001ff'))).toBeUndefined();
    expect(readBer(reader('1f8101020304'))).toBeUndefined();
    expect(berFrameBytes(fromHex('3080'), 0)).toBe(-1);
    expect(berFrameBytes(fromHex('308201'), 0)).toBe(0);
  });

  it('reads integers with their sign', () => {
    expect(nextInteger(reader('020100'))).toBe(0);
    expect(nextInteger(reader('0201ff'))).toBe(-1);
    expect(nextInteger(reader('02020100'))).toBe(256);
    expect(berInteger(reader('00112233445566'))).toBeNaN();
    expect(nextInteger(reader('0401ff'))).toBeNaN();
  });

  it('reads object identifiers', () => {
    expect(berOid(reader('2b06010201010500'))).toBe('1.3.6.1.2.1.1.5.0');
    expect(berOid(reader('2a864886f712010202'))).toBe('1.2.840.113554.1.2.2');
    expect(berOid(reader('883703'))).toBe('2.999.3');
    expect(berOid(reader('ff'))).toBe('ff');
  });

  it('finds an element behind others, and takes nothing where another one comes', () => {
    expect(findBer(new ByteReader(bytesOf(ber(2, 1), ber(1, 0), ber(4, 'ab'))), BER.octetString).left).toBe(2);
    const unexpected = reader('020101');
    expect(expectBer(unexpected, BER.octetString).left).toBe(0);
    expect(unexpected.position).toBe(0);
  });
});
