/** Tells by its first bytes, never by its name, what a file is. */
import type { Failure } from '../../../../contract/domain.ts';
import { isPcap } from './pcap.ts';
import { isPcapng, PCAPNG_HEAD_BYTES } from './pcapng.ts';

/** How many bytes of the beginning are looked at; the tar magic is the furthest, at 257. */
export const HEAD_BYTES = 512;

export type Compression = 'gzip' | 'zstd';
export type Identity = 'pcap' | 'pcapng' | Compression | 'unknown';

interface ForeignFormat {
  /** As in "This is …". */
  readonly name: string;
  /** Bytes as latin1 text. */
  readonly magic: string;
  readonly at?: number;
  readonly remedy: 'convert' | 'none' | { readonly command: string };
}

/** Formats that people hand over in good faith, with what to do about each. */
const FOREIGN_FORMATS: readonly ForeignFormat[] = [
  { name: 'a Microsoft Network Monitor 2 capture', magic: 'GMBU', remedy: 'convert' },
  { name: 'a Microsoft Network Monitor 1 capture', magic: 'RTSS', remedy: 'convert' },
  { name: 'a snoop capture', magic: 'snoop\0', remedy: 'convert' },
  { name: 'a Bluetooth HCI log', magic: 'btsnoop\0', remedy: 'convert' },
  { name: 'a Sniffer capture', magic: 'TRSNIFF data', remedy: 'convert' },
  { name: 'a NetXRay or Windows Sniffer capture', magic: 'XCP\0', remedy: 'convert' },
  { name: 'an iptrace capture', magic: 'iptrace ', remedy: 'convert' },
  { name: 'an EtherPeek or OmniPeek capture', magic: '\x7fver', remedy: 'convert' },
  { name: 'an IXIA capture', magic: '\xac\x01\x00\x1c', remedy: 'convert' },
  { name: 'an IXIA capture', magic: '\xab\x01\x00\x1c', remedy: 'convert' },
  { name: 'an xz-compressed file', magic: '\xfd7zXZ\0', remedy: { command: 'xz -d' } },
  { name: 'a bzip2-compressed file', magic: 'BZh', remedy: { command: 'bzip2 -d' } },
  { name: 'an lz4-compressed file', magic: '\x04\x22\x4d\x18', remedy: { command: 'lz4 -d' } },
  { name: 'a zip archive', magic: 'PK\x03\x04', remedy: { command: 'unzip' } },
  { name: 'a 7-Zip archive', magic: '7z\xbc\xaf\x27\x1c', remedy: { command: '7z x' } },
  { name: 'a RAR archive', magic: 'Rar!\x1a\x07', remedy: { command: 'unrar x' } },
  { name: 'a tar archive', magic: 'ustar', at: 257, remedy: { command: 'tar -xf' } },
  { name: 'a program (ELF)', magic: '\x7fELF', remedy: 'none' },
  { name: 'a Windows program', magic: 'MZ', remedy: 'none' },
  { name: 'a PDF document', magic: '%PDF-', remedy: 'none' },
  { name: 'a PNG picture', magic: '\x89PNG', remedy: 'none' },
  { name: 'a JPEG picture', magic: '\xff\xd8\xff', remedy: 'none' },
  { name: 'an SQLite database', magic: 'SQLite format 3\0', remedy: 'none' },
  { name: 'a Windows event log', magic: 'ElfFile\0', remedy: 'none' },
];

const GZIP_MAGIC = '\x1f\x8b';
const ZSTD_MAGIC = '\x28\xb5\x2f\xfd';
/** Zstandard skippable frames, which may come first, begin with 0x184D2A50 to 0x184D2A5F (RFC 8878). */
const ZSTD_SKIPPABLE_REST = '\x2a\x4d\x18';

const CAPTURE_HINT = 'Give a capture as tcpdump, dumpcap or Wireshark write it: pcap or pcapng, plain, gzip or zstd.';

/** @param head the first HEAD_BYTES bytes, or all there are */
export function identify(head: Uint8Array): Identity {
  const text = latin1(head);
  if (text.startsWith(GZIP_MAGIC)) return 'gzip';
  if (
    text.startsWith(ZSTD_MAGIC) ||
    (text[0] >= '\x50' && text[0] <= '\x5f' && text.startsWith(ZSTD_SKIPPABLE_REST, 1))
  )
    return 'zstd';
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length >= 4 && isPcap(view, 0)) return 'pcap';
  if (head.length >= PCAPNG_HEAD_BYTES && isPcapng(view, 0)) return 'pcapng';
  return 'unknown';
}

/**
 * What to say about a file that is no capture.
 *
 * @param path as the person gave it
 * @param head its first bytes, at least one
 * @param wrapping what it was unpacked from
 */
export function describeForeign(path: string, head: Uint8Array, wrapping: Compression | null): Failure {
  const text = latin1(head);
  const inside = wrapping === null ? '' : `, once unpacked with ${wrapping},`;
  const foreign = FOREIGN_FORMATS.find(({ magic, at = 0 }) => text.startsWith(magic, at));
  if (foreign === undefined) {
    const what = isText(head) ? 'a text file' : (nested(text) ?? 'not in any format that is known here');
    return { code: 'not-a-capture', message: `${path}${inside} is ${what}, not a capture.`, hint: CAPTURE_HINT };
  }
  const message = `${path}${inside} is ${foreign.name}, which cannot be read directly.`;
  const { remedy } = foreign;
  if (remedy === 'none') {
    return {
      code: 'not-a-capture',
      message: `${path}${inside} is ${foreign.name}, not a capture.`,
      hint: CAPTURE_HINT,
    };
  }
  if (remedy === 'convert') {
    const hint = "Convert it with Wireshark's editcap: editcap -F pcapng IN OUT";
    return { code: 'unsupported-capture-format', message, hint };
  }
  const hint = `Unpack it first (${remedy.command}), then give the capture that is inside.`;
  return { code: 'unsupported-compression', message, hint };
}

/** A compressed file inside a compressed file. */
function nested(text: string): string | undefined {
  if (text.startsWith(GZIP_MAGIC) || text.startsWith(ZSTD_MAGIC)) return 'compressed a second time';
  return undefined;
}

function latin1(head: Uint8Array): string {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
}

/** Whether the bytes are text: nothing but printable characters, white space and bytes of UTF-8. */
function isText(head: Uint8Array): boolean {
  return head.every((byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 0x09 && byte <= 0x0d));
}
