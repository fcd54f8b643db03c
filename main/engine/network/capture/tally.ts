/** What is counted over a whole capture. The readers of the formats write it; the summary is made from it. */
import { NoteCollector } from './notes.ts';
import { MAX_LINK_TYPES } from './summary.ts';

export class Tally {
  readonly notes = new NoteCollector();
  readonly linkTypes: number[] = [];
  packets = 0;
  /** Captured bytes. */
  bytes = 0;
  truncatedPackets = 0;
  /** Oldest, newest and latest read timestamp; infinite and NaN before the first. */
  firstUs = Number.POSITIVE_INFINITY;
  lastUs = Number.NEGATIVE_INFINITY;
  previousUs = Number.NaN;

  #backwards = 0;
  #largestJumpUs = 0;
  #backwardsOffset = 0;
  #backwardsPacket = 0;

  addLinkType(linkType: number): void {
    if (this.linkTypes.length < MAX_LINK_TYPES && !this.linkTypes.includes(linkType)) this.linkTypes.push(linkType);
  }

  /** A packet that is older than the one before it, by `jumpUs`. */
  timeWentBack(jumpUs: number, byteOffset: number, packetNumber: number): void {
    if (this.#backwards === 0) {
      this.#backwardsOffset = byteOffset;
      this.#backwardsPacket = packetNumber;
    }
    this.#backwards++;
    if (jumpUs > this.#largestJumpUs) this.#largestJumpUs = jumpUs;
  }

  /** Notes that can only be written when everything was read. */
  finish(): void {
    if (this.packets === 0) this.notes.add('no-packets', () => 'The capture holds no packets.', null, null);
    if (this.#backwards === 0) return;
    const times = this.#backwards === 1 ? 'once' : `${this.#backwards} times`;
    this.notes.add(
      'time-backwards',
      () =>
        `The timestamps jump back ${times}, by at most ${inWords(this.#largestJumpUs)}; ` +
        `first at packet ${this.#backwardsPacket}.`,
      this.#backwardsOffset,
      this.#backwardsPacket,
      this.#backwards,
    );
  }
}

function inWords(us: number): string {
  if (us < 1000) return `${Number(us.toPrecision(3))} µs`;
  if (us < 1e6) return `${Number((us / 1e3).toPrecision(3))} ms`;
  const seconds = us / 1e6;
  return seconds < 120 ? `${Number(seconds.toPrecision(3))} s` : `${Math.round(seconds).toLocaleString('en')} s`;
}
