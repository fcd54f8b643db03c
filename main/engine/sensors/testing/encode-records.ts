/** Writes records as sense does, for tests of those who read them. */
import { FIXED_BYTES, HEADER_BYTES, RECORD_TYPE } from '../records.ts';

function record(type: number, slot: number, bytes: number, fill: (view: DataView) => void): Uint8Array {
  const padded = Math.ceil(bytes / HEADER_BYTES) * HEADER_BYTES;
  const view = new DataView(new ArrayBuffer(padded));
  view.setUint32(0, padded, true);
  view.setUint16(4, type, true);
  view.setUint16(6, slot, true);
  fill(view);
  return new Uint8Array(view.buffer);
}

export function helloRecord(slots = 1, magic = 0x4e534648, version = 1): Uint8Array {
  return record(RECORD_TYPE.hello, 0, FIXED_BYTES.hello, (view) => {
    for (const [at, value] of [magic, version, 65_535, slots].entries()) {
      view.setUint32(HEADER_BYTES + 4 * at, value, true);
    }
  });
}

export interface PacketFields {
  readonly slot: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly bytes: Uint8Array;
  readonly wireBytes: number;
}

export function packetRecord({ slot, seconds, nanoseconds, bytes, wireBytes }: PacketFields): Uint8Array {
  return record(RECORD_TYPE.packet, slot, FIXED_BYTES.packet + bytes.length, (view) => {
    for (const [at, value] of [seconds, nanoseconds, bytes.length, wireBytes].entries()) {
      view.setUint32(HEADER_BYTES + 4 * at, value, true);
    }
    new Uint8Array(view.buffer).set(bytes, FIXED_BYTES.packet);
  });
}

export function tickRecord(seconds: number, nanoseconds = 0): Uint8Array {
  return record(RECORD_TYPE.tick, 0, FIXED_BYTES.tick, (view) => {
    view.setUint32(HEADER_BYTES, seconds, true);
    view.setUint32(HEADER_BYTES + 4, nanoseconds, true);
  });
}

export function statisticsRecord(slot: number, counts: readonly [number, number, number, number]): Uint8Array {
  return record(RECORD_TYPE.statistics, slot, FIXED_BYTES.statistics, (view) => {
    for (const [at, value] of counts.entries()) {
      view.setBigUint64(HEADER_BYTES + 8 * at, BigInt(value), true);
    }
  });
}

export interface InterfaceFields {
  readonly slot?: number;
  readonly name: string;
  readonly linkType?: number;
  /** 1 up, 2 down, 3 missing, 4 failed. */
  readonly state?: number;
  readonly error?: number;
  readonly detail?: string;
}

export function interfaceRecord(fields: InterfaceFields): Uint8Array {
  const detail = new TextEncoder().encode(fields.detail ?? '');
  return record(RECORD_TYPE.interface, fields.slot ?? 0, FIXED_BYTES.interface + detail.length, (view) => {
    view.setUint32(8, 4, true);
    view.setUint32(12, fields.linkType ?? 1, true);
    view.setUint16(16, fields.state ?? 1, true);
    view.setUint16(18, fields.error ?? 0, true);
    view.setUint32(20, detail.length, true);
    const bytes = new Uint8Array(view.buffer);
    bytes.set(new TextEncoder().encode(fields.name).subarray(0, 16), 24);
    bytes.set(detail, FIXED_BYTES.interface);
  });
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
