/** Addresses inside messages, as text. */
import { formatAddress, formatMac } from '../../runtime/address.ts';
import { type ByteReader, u32At } from './bytes.ts';

export function ipv4From(reader: ByteReader): string {
  return formatAddress(0, 0, 0xffff, reader.u32() | 0);
}

/** The caller knows that the four bytes are there. */
export function ipv4At(bytes: Uint8Array, at: number): string {
  return formatAddress(0, 0, 0xffff, u32At(bytes, at) | 0);
}

/** An IPv4 address in its IPv6 form keeps that form: "::ffff:192.0.2.1". */
export function ipv6From(reader: ByteReader): string {
  const words = [reader.u32() | 0, reader.u32() | 0, reader.u32() | 0, reader.u32() | 0] as const;
  const text = formatAddress(...words);
  return text.includes(':') ? text : `::ffff:${text}`;
}

/** "00:0b:82:01:fc:42"; empty where it is not there. */
export function macFrom(reader: ByteReader): string {
  const bytes = reader.take(6);
  return bytes.length < 6 ? '' : macAt(bytes, 0);
}

/** The caller knows that the six bytes are there. */
export function macAt(bytes: Uint8Array, at: number): string {
  return formatMac((bytes[at] << 8) | bytes[at + 1], u32At(bytes, at + 2));
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
