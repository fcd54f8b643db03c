import { MAX_FACT_TEXT } from '../../../../../contract/facts.ts';
import { ipv4From, ipv6From } from '../addresses.ts';
import { ByteReader, hexText, latin1, utf8Text, viewOf } from '../bytes.ts';
import { type NameCharset, nameAt, skipName } from './name.ts';
import { RECORD_TYPE, typeName } from './numbers.ts';

/** The data of one record: bytes [start, end) of the message, whose names may point to anywhere before. */
class RecordReader extends ByteReader {
  readonly charset: NameCharset;

  constructor(message: Uint8Array, start: number, end: number, charset: NameCharset) {
    super(message, start, end);
    this.charset = charset;
  }

  name(): string {
    const text = this.overrun ? undefined : nameAt(this.bytes, this.position, this.charset);
    const next = this.overrun ? -1 : skipName(this.bytes, this.position);
    if (text === undefined || next < 0 || next > this.end) {
      this.overrun = true;
      return '';
    }
    this.position = next;
    return text;
  }

  /** A text with its length before it (RFC 1035 3.3), of either charset that people use. */
  text(): string {
    const bytes = this.take(this.u8());
    return bytes.every((byte) => byte < 0x80) ? latin1(bytes) : utf8Text(bytes);
  }

  base64(): string {
    const bytes = this.rest();
    return viewOf(bytes, 0, (MAX_FACT_TEXT / 4) * 3).toString('base64');
  }

  hex(): string {
    return hexText(this.rest());
  }
}

const oneName = (reader: RecordReader): string => reader.name();

/** So many texts of a TXT record are put together; the result is bounded all the same. */
const MAX_TEXTS = 256;

function texts(reader: RecordReader): string {
  let text = '';
  for (let i = 0; i < MAX_TEXTS && reader.left > 0 && text.length < MAX_FACT_TEXT; i++) text += reader.text();
  return text;
}

/** How the data of a type is written, after the presentation formats of the RFCs, without quotes. */
const WRITERS: Readonly<Record<number, (reader: RecordReader) => string>> = {
  [RECORD_TYPE.A]: (reader) => ipv4From(reader),
  [RECORD_TYPE.AAAA]: (reader) => ipv6From(reader),
  [RECORD_TYPE.NS]: oneName,
  [RECORD_TYPE.MD]: oneName,
  [RECORD_TYPE.MF]: oneName,
  [RECORD_TYPE.CNAME]: oneName,
  [RECORD_TYPE.DNAME]: oneName,
  [RECORD_TYPE.MB]: oneName,
  [RECORD_TYPE.MG]: oneName,
  [RECORD_TYPE.MR]: oneName,
  [RECORD_TYPE.PTR]: oneName,
  [RECORD_TYPE.MINFO]: (reader) => `${reader.name()} ${reader.name()}`,
  [RECORD_TYPE.RP]: (reader) => `${reader.name()} ${reader.name()}`,
  [RECORD_TYPE.MX]: (reader) => `${reader.u16()} ${reader.name()}`,
  [RECORD_TYPE.AFSDB]: (reader) => `${reader.u16()} ${reader.name()}`,
  [RECORD_TYPE.RT]: (reader) => `${reader.u16()} ${reader.name()}`,
  [RECORD_TYPE.KX]: (reader) => `${reader.u16()} ${reader.name()}`,
  [RECORD_TYPE.TXT]: texts,
  [RECORD_TYPE.SPF]: texts,
  [RECORD_TYPE.HINFO]: (reader) => `${reader.text()} ${reader.text()}`,
  [RECORD_TYPE.SOA]: (reader) => {
    const names = `${reader.name()} ${reader.name()}`;
    return `${names} ${reader.u32()} ${reader.u32()} ${reader.u32()} ${reader.u32()} ${reader.u32()}`;
  },
  [RECORD_TYPE.SRV]: (reader) => `${reader.u16()} ${reader.u16()} ${reader.u16()} ${reader.name()}`,
  [RECORD_TYPE.NAPTR]: (reader) => {
    const numbers = `${reader.u16()} ${reader.u16()}`;
    return `${numbers} ${reader.text()} ${reader.text()} ${reader.text()} ${reader.name()}`;
  },
  [RECORD_TYPE.SVCB]: serviceBinding,
  [RECORD_TYPE.HTTPS]: serviceBinding,
  [RECORD_TYPE.CAA]: (reader) => {
    const flags = reader.u8();
    const tag = reader.text();
    return `${flags} ${tag} ${latin1(reader.rest())}`;
  },
  [RECORD_TYPE.URI]: (reader) => `${reader.u16()} ${reader.u16()} ${latin1(reader.rest())}`,
  [RECORD_TYPE.DS]: (reader) => `${reader.u16()} ${reader.u8()} ${reader.u8()} ${reader.hex()}`,
  [RECORD_TYPE.CDS]: (reader) => `${reader.u16()} ${reader.u8()} ${reader.u8()} ${reader.hex()}`,
  [RECORD_TYPE.DLV]: (reader) => `${reader.u16()} ${reader.u8()} ${reader.u8()} ${reader.hex()}`,
  [RECORD_TYPE.DNSKEY]: (reader) => `${reader.u16()} ${reader.u8()} ${reader.u8()} ${reader.base64()}`,
  [RECORD_TYPE.CDNSKEY]: (reader) => `${reader.u16()} ${reader.u8()} ${reader.u8()} ${reader.base64()}`,
  [RECORD_TYPE.RRSIG]: signature,
  [RECORD_TYPE.SIG]: signature,
  [RECORD_TYPE.NSEC]: (reader) => `${reader.name()} ${typeBitmap(reader)}`.trimEnd(),
  [RECORD_TYPE.NSEC3]: (reader) => {
    const numbers = `${reader.u8()} ${reader.u8()} ${reader.u16()}`;
    const salt = hexText(reader.take(reader.u8())) || '-';
    const hash = hexText(reader.take(reader.u8()));
    return `${numbers} ${salt} ${hash} ${typeBitmap(reader)}`.trimEnd();
  },
  [RECORD_TYPE.NSEC3PARAM]: (reader) => {
    const numbers = `${reader.u8()} ${reader.u8()} ${reader.u16()}`;
    return `${numbers} ${hexText(reader.take(reader.u8())) || '-'}`;
  },
  [RECORD_TYPE.SSHFP]: (reader) => `${reader.u8()} ${reader.u8()} ${reader.hex()}`,
  [RECORD_TYPE.TLSA]: (reader) => `${reader.u8()} ${reader.u8()} ${reader.u8()} ${reader.hex()}`,
  [RECORD_TYPE.SMIMEA]: (reader) => `${reader.u8()} ${reader.u8()} ${reader.u8()} ${reader.hex()}`,
  [RECORD_TYPE.OPT]: options,
  [RECORD_TYPE.TSIG]: oneName,
  [RECORD_TYPE.TKEY]: oneName,
};

/**
 * The data of a record as text; as hexadecimal where the type has no writer, or the data is not what the type asks
 * for.
 */
export function recordData(
  type: number,
  message: Uint8Array,
  start: number,
  end: number,
  charset: NameCharset,
): string {
  const writer = WRITERS[type];
  if (writer !== undefined) {
    const reader = new RecordReader(message, start, end, charset);
    const text = writer(reader);
    if (!reader.overrun) return text.length <= MAX_FACT_TEXT ? text : text.slice(0, MAX_FACT_TEXT);
  }
  return hexText(message.subarray(start, end));
}

/** RFC 4034 3.1. */
function signature(reader: RecordReader): string {
  const covered = typeName(reader.u16());
  const numbers = `${reader.u8()} ${reader.u8()} ${reader.u32()} ${reader.u32()} ${reader.u32()} ${reader.u16()}`;
  return `${covered} ${numbers} ${reader.name()} ${reader.base64()}`;
}

const MAX_LISTED_TYPES = 64;

/** RFC 4034 4.1.2: windows of up to 32 bytes, a bit for each type. */
function typeBitmap(reader: RecordReader): string {
  const names: string[] = [];
  while (reader.left >= 2) {
    const window = reader.u8();
    const bits = reader.take(reader.u8());
    for (let i = 0; i < bits.length * 8 && names.length < MAX_LISTED_TYPES; i++) {
      if (bits[i >> 3] & (0x80 >> (i & 7))) names.push(typeName(window * 256 + i));
    }
  }
  return names.join(' ');
}

/** RFC 9460 14.3.2, and RFC 9461 and 9540 for what came later. */
const SERVICE_KEYS = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
];
const MAX_SERVICE_PARAMETERS = 32;

/** RFC 9460 2.2: "1 . alpn=h3,h2 ipv4hint=192.0.2.1". */
function serviceBinding(reader: RecordReader): string {
  let text = `${reader.u16()} ${reader.name()}`;
  for (let i = 0; i < MAX_SERVICE_PARAMETERS && reader.left >= 4; i++) {
    const key = reader.u16();
    const value = serviceValue(key, reader.part(reader.u16()));
    text += ` ${SERVICE_KEYS[key] ?? `key${key}`}${value === '' ? '' : `=${value}`}`;
  }
  return text;
}

function serviceValue(key: number, part: ByteReader): string {
  switch (SERVICE_KEYS[key]) {
    case 'mandatory':
      return listOf(part, 2, () => {
        const number = part.u16();
        return SERVICE_KEYS[number] ?? `key${number}`;
      });
    case 'alpn':
      return listOf(part, 1, () => part.latin1(part.u8()));
    case 'port':
      return String(part.u16());
    case 'ipv4hint':
      return listOf(part, 4, () => ipv4From(part));
    case 'ipv6hint':
      return listOf(part, 16, () => ipv6From(part));
    case 'dohpath':
      return part.latin1(part.left);
    case 'ech':
      return viewOf(part.rest()).toString('base64');
    default:
      return hexText(part.rest());
  }
}

const MAX_LISTED_VALUES = 32;

function listOf(part: ByteReader, itemBytes: number, read: () => string): string {
  const items: string[] = [];
  while (part.left >= itemBytes && items.length < MAX_LISTED_VALUES) items.push(read());
  return items.join(',');
}

const MAX_OPTIONS = 32;

/** RFC 6891 6.1.2: the numbers and sizes of the options, "10:8 12:123". */
function options(reader: RecordReader): string {
  const found: string[] = [];
  while (reader.left >= 4 && found.length < MAX_OPTIONS) {
    const code = reader.u16();
    const length = reader.u16();
    reader.skip(length);
    found.push(`${code}:${length}`);
  }
  return found.join(' ');
}
