import type { FlowView } from '../../../contract/traffic.ts';
import type { QuotedPacket } from './icmp-error.ts';

/**
 * First packets that wait for an answer: a ring in the order in which their flows began, found by flow id
 * without hashing. When it is full the oldest one makes room.
 */
export class PendingProbes {
  /** Probes that had to make room before their time. */
  overwritten = 0;
  private readonly mask: number;
  private readonly flowIds: Float64Array;
  private readonly timesUs: Float64Array;
  private readonly fields: Int32Array;
  /** Every probe of a flow below this id is settled. */
  private oldestId = 1;
  private newestId = 0;

  /** @param capacityBits two to the power of it is the capacity; 60 bytes each */
  constructor(capacityBits: number) {
    const capacity = 2 ** capacityBits;
    this.mask = capacity - 1;
    this.flowIds = new Float64Array(capacity);
    this.timesUs = new Float64Array(capacity);
    this.fields = new Int32Array(capacity * FIELDS);
  }

  /**
   * @param giveUp called with the index of an older probe that makes room, when it came from the same sender:
   * one host that asks so fast is heard, a flood of invented senders is not
   */
  add(flow: FlowView, technique: number, giveUp: (index: number) => void): void {
    const index = flow.id & this.mask;
    const start = index * FIELDS;
    const { fields } = this;
    if (this.flowIds[index] !== SETTLED) {
      this.overwritten++;
      const sameSender =
        fields[start + 3] === flow.initiator3 &&
        fields[start + 2] === flow.initiator2 &&
        fields[start + 1] === flow.initiator1 &&
        fields[start] === flow.initiator0;
      if (sameSender) giveUp(index);
    }
    this.flowIds[index] = flow.id;
    this.timesUs[index] = flow.firstUs;
    fields[start] = flow.initiator0;
    fields[start + 1] = flow.initiator1;
    fields[start + 2] = flow.initiator2;
    fields[start + 3] = flow.initiator3;
    fields[start + 4] = flow.responder0;
    fields[start + 5] = flow.responder1;
    fields[start + 6] = flow.responder2;
    fields[start + 7] = flow.responder3;
    fields[start + 8] = (flow.protocol << 16) | flow.responderPort;
    fields[start + 9] = flow.initiatorPort;
    fields[start + 10] = technique;
    this.newestId = flow.id;
  }

  /** The technique of a flow's probe, if it still waited; it no longer does. -1 otherwise. */
  settle(flowId: number): number {
    const index = flowId & this.mask;
    if (this.flowIds[index] !== flowId) return -1;
    this.flowIds[index] = SETTLED;
    return this.fields[index * FIELDS + 10]!;
  }

  /** Gives up on every probe that began before `beforeUs`. */
  expire(beforeUs: number, giveUp: (index: number) => void): void {
    const { flowIds, mask } = this;
    // What is further back was overwritten.
    if (this.newestId - this.oldestId > mask) this.oldestId = this.newestId - mask;
    for (; this.oldestId <= this.newestId; this.oldestId++) {
      const index = this.oldestId & mask;
      if (flowIds[index] !== this.oldestId) continue;
      if (this.timesUs[index]! >= beforeUs) return;
      flowIds[index] = SETTLED;
      giveUp(index);
    }
  }

  /** Takes a late probe that an ICMP error quotes out of the ring: its index, or -1. Looks at the newest few. */
  settleQuoted(quoted: QuotedPacket): number {
    const key = (quoted.protocol << 16) | quoted.destinationPort;
    const last = Math.max(this.oldestId, this.newestId - LOOK_BACK);
    for (let id = this.newestId; id >= last; id--) {
      const index = id & this.mask;
      const start = index * FIELDS;
      const { fields } = this;
      if (
        this.flowIds[index] === id &&
        fields[start + 8] === key &&
        fields[start + 9] === quoted.sourcePort &&
        fields[start + 7] === quoted.destination3 &&
        fields[start + 3] === quoted.source3 &&
        fields[start + 6] === quoted.destination2 &&
        fields[start + 2] === quoted.source2 &&
        fields[start + 5] === quoted.destination1 &&
        fields[start + 1] === quoted.source1 &&
        fields[start + 4] === quoted.destination0 &&
        fields[start] === quoted.source0
      ) {
        this.flowIds[index] = SETTLED;
        return index;
      }
    }
    return -1;
  }

  clear(): void {
    this.flowIds.fill(SETTLED);
    this.oldestId = this.newestId + 1;
  }

  timeUs(index: number): number {
    return this.timesUs[index]!;
  }

  /** Word 0 to 3 of the sender, 4 to 7 of the target. */
  word(index: number, word: number): number {
    return this.fields[index * FIELDS + word]!;
  }

  /** The protocol in the upper half, the port tried in the lower. */
  port(index: number): number {
    return this.fields[index * FIELDS + 8]!;
  }

  technique(index: number): number {
    return this.fields[index * FIELDS + 10]!;
  }
}

const FIELDS = 11;
/** Flow ids begin at 1. */
const SETTLED = 0;
/** Errors come within a round trip; so many probes of all senders may have begun meanwhile. */
const LOOK_BACK = 128;
