import { ByteReader, viewOf } from '../bytes.ts';

/** What a client says of itself in the settings that begin a session (MS-RDPBCGR 2.2.1.3). */
export interface ClientSettings {
  readonly name: string;
  readonly build: number;
  readonly keyboard: number;
  readonly screen: string;
  readonly productId: string;
  readonly channels: readonly string[];
}

/** Key before the client's settings in the request for a conference (T.124, "Duca"). */
const CLIENT_KEY = 'Duca';
const BLOCK = { core: 0xc001, network: 0xc003 } as const;
const MAX_BLOCKS = 12;
const MAX_CHANNELS = 31;
const NAME_BYTES = 32;
const CHANNEL_NAME_BYTES = 8;
const PRODUCT_ID_BYTES = 64;

/** Reads them from an MCS Connect Initial; nothing where they are not there. */
export function readClientSettings(bytes: Uint8Array): ClientSettings | undefined {
  const key = viewOf(bytes).indexOf(CLIENT_KEY, 0, 'latin1');
  if (key < 0) return undefined;
  const reader = new ByteReader(bytes, key + CLIENT_KEY.length);
  // A length of one or two bytes (PER, X.691).
  if (reader.u8() >= 0x80) reader.skip(1);
  let settings: ClientSettings | undefined;
  let channels: readonly string[] = [];
  for (let i = 0; i < MAX_BLOCKS && reader.left >= 4; i++) {
    const type = reader.u16le();
    const length = reader.u16le();
    if (length < 4) break;
    const block = reader.part(Math.min(length - 4, reader.left));
    if (type === BLOCK.core) settings = core(block);
    if (type === BLOCK.network) channels = network(block);
  }
  return settings === undefined ? undefined : { ...settings, channels };
}

function core(block: ByteReader): ClientSettings | undefined {
  block.skip(4);
  const screen = `${block.u16le()}x${block.u16le()}`;
  block.skip(4);
  const keyboard = block.u32le();
  const build = block.u32le();
  const name = untilZero(block.utf16le(NAME_BYTES));
  if (block.overrun) return undefined;
  // Type of the keyboard and other settings; the product's identity is newer and may be missing.
  block.skip(12 + 64 + 2 + 2 + 4 + 2 + 2 + 2);
  const productId = untilZero(block.utf16le(PRODUCT_ID_BYTES));
  return { name, build, keyboard, screen, productId, channels: [] };
}

function network(block: ByteReader): string[] {
  const count = Math.min(block.u32le(), MAX_CHANNELS);
  const channels: string[] = [];
  for (let i = 0; i < count; i++) {
    const name = untilZero(block.latin1(CHANNEL_NAME_BYTES));
    block.skip(4);
    if (block.overrun) break;
    channels.push(name);
  }
  return channels;
}

function untilZero(text: string): string {
  const zero = text.indexOf('\0');
  return zero < 0 ? text : text.slice(0, zero);
}
