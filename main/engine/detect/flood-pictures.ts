import type { PacketView } from '../../../contract/traffic.ts';
import { DistinctCounters } from '../runtime/counters.ts';
import { addressHash } from './flood-destinations.ts';
import { type HeavySource, HeavySources } from './heavy-sources.ts';

const PORT_DISTINCT_BITS = 7;
const SOURCE_DISTINCT_BITS = 10;

/** Where the packets of a target go to; cumulative since `forget`. */
export interface TargetPorts {
  readonly distinct: number;
  /** How many packets went into it. */
  readonly packets: number;
  /** The port that three of four packets or more go to, 0 where there is none. */
  readonly dominant: number;
}

/** The senders of what a target gets; cumulative since `forget`. */
export interface TargetSources {
  /** Distinct senders of packets that nobody asked for, nearly (±3 %). */
  readonly distinct: number;
  /** How many packets went into `distinct` and `heaviest`. */
  readonly packets: number;
  readonly heaviest: readonly HeavySource[];
}

/** Who sends to each target, and to which of its ports, over many windows. */
export class FloodPictures {
  private readonly distinctSources: DistinctCounters;
  private readonly distinctPorts: DistinctCounters;
  private readonly heavySources: HeavySources;
  private readonly sourcePackets: Float64Array;
  private readonly portPackets: Float64Array;
  /** The destination port that most packets name, by majority vote (Boyer and Moore, 1981). */
  private readonly portCandidate: Int32Array;
  private readonly portVotes: Float64Array;

  constructor(capacity: number) {
    this.distinctSources = new DistinctCounters(capacity, SOURCE_DISTINCT_BITS);
    this.distinctPorts = new DistinctCounters(capacity, PORT_DISTINCT_BITS);
    this.heavySources = new HeavySources(capacity);
    this.sourcePackets = new Float64Array(capacity);
    this.portPackets = new Float64Array(capacity);
    this.portCandidate = new Int32Array(capacity);
    this.portVotes = new Float64Array(capacity);
  }

  /** @param hash the `addressHash` of the packet's source */
  countSource(slot: number, packet: PacketView, hash: number): void {
    this.sourcePackets[slot]!++;
    this.distinctSources.add(slot, hash);
    this.heavySources.add(slot, hash, packet.source0, packet.source1, packet.source2, packet.source3);
  }

  /** What the target says of itself to a sender. Handshakes, resets and ICMP do not count: those it must send. */
  countAnswer(slot: number, packet: PacketView): void {
    const { destination0, destination1, destination2, destination3 } = packet;
    const hash = addressHash(destination0, destination1, destination2, destination3);
    this.heavySources.answer(slot, hash, destination0, destination1, destination2, destination3);
  }

  countPort(slot: number, port: number): void {
    this.portPackets[slot]!++;
    if (this.portCandidate[slot] === port && this.portVotes[slot]! > 0) {
      this.portVotes[slot]!++;
      return;
    }
    this.distinctPorts.add(slot, port);
    if (this.portVotes[slot]! > 0) this.portVotes[slot]!--;
    else {
      this.portCandidate[slot] = port;
      this.portVotes[slot] = 1;
    }
  }

  sources(slot: number): TargetSources {
    return {
      distinct: this.distinctSources.estimate(slot),
      packets: this.sourcePackets[slot]!,
      heaviest: this.heavySources.list(slot),
    };
  }

  ports(slot: number): TargetPorts {
    const packets = this.portPackets[slot]!;
    // Half of the votes left over means that three packets of four named the port.
    const dominant = this.portVotes[slot]! * 2 > packets ? this.portCandidate[slot]! : 0;
    return { distinct: this.distinctPorts.estimate(slot), packets, dominant };
  }

  /** Forgets the sources and ports of a target, so that the next picture is of the present. */
  forget(slot: number): void {
    this.distinctSources.clear(slot);
    this.distinctPorts.clear(slot);
    this.heavySources.clear(slot);
    this.sourcePackets[slot] = 0;
    this.portPackets[slot] = 0;
    this.portVotes[slot] = 0;
  }
}
