/** Addresses inside messages, as text. */
import { formatAddress } from '../../runtime/address.ts';
import { type ByteReader, hexText } from './bytes.ts';

export function ipv4From(reader: ByteReader): string {
  return formatAddress(0, 0, 0xffff, reader.u32() | 0);
}

/** An IPv4 address in its IPv6 form keeps that form: "::ffff:192.0.2.1". */
export function ipv6From(reader: ByteReader): string {
  const words = [reader.u32() | 0, reader.u32() | 0, reader.u32() | 0, reader.u32() | 0] as const;
  const text = formatAddress(...words);
  return text.includes(':') ? text : `::ffff:${text}`;
}

/** "00:0b:82:01:fc:42" */
export function macFrom(reader: ByteReader): string {
  const hex = hexText(reader.take(6));
  if (hex.length < 12) return '';
  const pairs = [hex.slice(0, 2), hex.slice(2, 4), hex.slice(4, 6), hex.slice(6, 8), hex.slice(8, 10), hex.slice(10)];
  return pairs.join(':');
}

/** As many addresses as are there, up to `max`. */
export function ipv4List(reader: ByteReader, max: number): string[] {
  const found: string[] = [];
  while (reader.left >= 4 && found.length < max) found.push(ipv4From(reader));
  return found;
}

export function ipv6List(reader: ByteReader, max: number): string[] {
  const found: string[] = [];
  while (reader.left >= 16 && found.length < max) found.push(ipv6From(reader));
  return found;
}
