import { latin1 } from './bytes.ts';

/** What a dictionary of BitTorrent (BEP 3, "bencoding") holds by its keys; those inside are reached by "a.id". */
export type BencodeValues = ReadonlyMap<string, Uint8Array | number>;

const MAX_DEPTH = 4;
const MAX_VALUES = 64;
const CHARACTER = { dictionary: 0x64, list: 0x6c, number: 0x69, end: 0x65, colon: 0x3a } as const;

/** Reads the dictionary that the bytes begin with, to its end or to where it is cut or broken. Lists are passed by. */
export function readBencode(bytes: Uint8Array): BencodeValues {
  const values = new Map<string, Uint8Array | number>();
  if (bytes[0] === CHARACTER.dictionary) dictionary(bytes, 1, '', MAX_DEPTH, values);
  return values;
}

/** Gives the offset behind the dictionary, or -1. */
function dictionary(
  bytes: Uint8Array,
  start: number,
  prefix: string,
  depth: number,
  values: Map<string, Uint8Array | number>,
): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== CHARACTER.end) {
    const key = text(bytes, at);
    if (key === undefined || values.size >= MAX_VALUES) return -1;
    const name = prefix + latin1(key.value, 0, key.value.length, 32);
    at = value(bytes, key.end, name, depth, values);
    if (at < 0) return -1;
  }
  return at < bytes.length ? at + 1 : -1;
}

function value(
  bytes: Uint8Array,
  at: number,
  name: string,
  depth: number,
  values: Map<string, Uint8Array | number>,
): number {
  switch (bytes[at]) {
    case CHARACTER.dictionary:
      return depth > 1 ? dictionary(bytes, at + 1, `${name}.`, depth - 1, values) : -1;
    case CHARACTER.list:
      return list(bytes, at + 1, name, depth, values);
    case CHARACTER.number: {
      const end = bytes.indexOf(CHARACTER.end, at);
      if (end < 0 || end - at > 20) return -1;
      values.set(name, Number(latin1(bytes, at + 1, end)));
      return end + 1;
    }
    default: {
      const found = text(bytes, at);
      if (found === undefined) return -1;
      values.set(name, found.value);
      return found.end;
    }
  }
}

function list(
  bytes: Uint8Array,
  start: number,
  name: string,
  depth: number,
  values: Map<string, Uint8Array | number>,
): number {
  let at = start;
  while (at >= 0 && at < bytes.length && bytes[at] !== CHARACTER.end) {
    at = depth > 1 ? value(bytes, at, name, depth - 1, values) : -1;
  }
  return at >= 0 && at < bytes.length ? at + 1 : -1;
}

function text(bytes: Uint8Array, at: number): { readonly value: Uint8Array; readonly end: number } | undefined {
  let length = 0;
  let i = at;
  for (; i < at + 6 && bytes[i] >= 0x30 && bytes[i] <= 0x39; i++) length = length * 10 + bytes[i] - 0x30;
  if (i === at || bytes[i] !== CHARACTER.colon || i + 1 + length > bytes.length) return undefined;
  return { value: bytes.subarray(i + 1, i + 1 + length), end: i + 1 + length };
}
