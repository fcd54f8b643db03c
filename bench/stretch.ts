/** Makes long captures of a short one: the same traffic again and again, later and between other hosts. */
import { type PcapRecord, writePcap } from './pcap-file.ts';

const ETHERNET_BYTES = 14;
const VLAN_TAG_BYTES = 4;
const TYPE_OFFSET = 12;
const IPV4 = 0x0800;
const VLAN_TYPES = [0x8100, 0x88a8];
const IPV4_SOURCE_OFFSET = 12;
const IPV4_ADDRESSES_BYTES = 8;
const IPV4_HEADER_BYTES = 20;
const ADDRESS_BYTES = 4;
const FIRST_MULTICAST = 224;
const LOOPBACK = 127;
/** Between two passes, so that the flows of one have ended when the next begins. */
const PAUSE_US = 200_000_000;
/** Odd, so that every pass gets other bits: Knuth's multiplicative hash. */
const PASS_HASH = 2_654_435_761;

/**
 * Writes exactly `packets` packets. Checksums are left as they were: network cards fill them in after the
 * capture, so nothing that reads captures may rely on them.
 */
export function stretchCapture(base: readonly PcapRecord[], path: string, packets: number): void {
  if (base.length === 0) throw new RangeError('a capture without packets cannot be stretched');
  const times = base.map(({ timeUs }) => timeUs);
  const passUs = times.reduce((a, b) => Math.max(a, b)) - times.reduce((a, b) => Math.min(a, b)) + PAUSE_US;
  const copy = new Uint8Array(base.reduce((longest, { frame }) => Math.max(longest, frame.length), 0));
  writePcap(path, (writer) => {
    for (let pass = 0; writer.packets < packets; pass++) {
      for (const { timeUs, wireBytes, frame } of base) {
        if (writer.packets === packets) break;
        const moved = copy.subarray(0, frame.length);
        moved.set(frame);
        if (pass > 0) moveHosts(moved, Math.imul(pass, PASS_HASH) >>> 16);
        writer.write(timeUs + pass * passUs, moved, wireBytes);
      }
    }
  });
}

/** Changes the two middle bytes of both IPv4 addresses; multicast, loopback and "no address" stay what they are. */
function moveHosts(frame: Uint8Array, mask: number): void {
  let typeAt = TYPE_OFFSET;
  while (typeAt + 1 < frame.length && VLAN_TYPES.includes((frame[typeAt] << 8) | frame[typeAt + 1])) {
    typeAt += VLAN_TAG_BYTES;
  }
  const ip = typeAt + ETHERNET_BYTES - TYPE_OFFSET;
  if (frame.length < ip + IPV4_HEADER_BYTES || ((frame[typeAt] << 8) | frame[typeAt + 1]) !== IPV4) return;
  const addresses = ip + IPV4_SOURCE_OFFSET;
  for (let at = addresses; at < addresses + IPV4_ADDRESSES_BYTES; at += ADDRESS_BYTES) {
    const first = frame[at];
    if (first === 0 || first === LOOPBACK || first >= FIRST_MULTICAST) continue;
    frame[at + 1] ^= mask >> 8;
    frame[at + 2] ^= mask & 0xff;
  }
}
