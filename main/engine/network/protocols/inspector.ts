import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import { END_REASON, type EndReason, type FlowView, type PacketView, PROTOCOL } from '../../../../contract/traffic.ts';
import { type Candidates, Conversation, type InspectedFlow, type Listener } from './conversation.ts';
import { ExpectedConnections } from './expected.ts';
import type { InspectionLimits } from './limits.ts';
import type { ProtocolDefinition } from './protocol.ts';

export interface InspectorOptions extends InspectionLimits {
  readonly protocols: readonly ProtocolDefinition[];
  /** The flow is valid during the call. */
  readonly tell: (flow: FlowView, fact: Fact) => void;
  /** The protocol that a flow begins in is told; called before the fact. */
  readonly told?: (flow: FlowView, protocol: ProtocolId) => void;
}

export interface InspectorCounters {
  readonly conversations: number;
  /** No longer followed before their time, because there were too many or too much was held. */
  readonly givenUp: number;
  readonly facts: number;
  /** Conversations whose parser met what its protocol does not allow, or failed. */
  readonly broken: number;
}

type Group = Map<number, Conversation>;

/** Of all conversations, those of datagrams: an answer comes within seconds, and after it they only wait to be forgotten. */
const EXCHANGES_SHARE = 0.25;

/** Looks into conversations: puts them in order, tells their protocol, and lets its parser read them. */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #byTransport: ReadonlyMap<number, Candidates>;
  readonly #byId: ReadonlyMap<ProtocolId, ProtocolDefinition>;
  /**
   * By the id of the flow, in the order in which they began. Datagrams by themselves: nothing says that they have
   * ended, and their many must not push connections out.
   */
  readonly #connections = new Map<number, Conversation>();
  readonly #exchanges = new Map<number, Conversation>();
  readonly #listener: Listener;
  readonly #expected = new ExpectedConnections();
  /** The flow at hand. */
  #flow: FlowView | undefined;
  #held = 0;
  #givenUp = 0;
  #facts = 0;
  #broken = 0;

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#byId = new Map(options.protocols.map((protocol) => [protocol.id, protocol]));
    const transports = new Set(options.protocols.flatMap((protocol) => protocol.transports));
    this.#byTransport = new Map(
      [...transports].map((transport) => [
        transport,
        candidatesOf(options.protocols.filter((protocol) => protocol.transports.includes(transport))),
      ]),
    );
    this.#listener = {
      fact: (fact) => {
        if (this.#flow === undefined) return;
        this.#facts++;
        options.tell(this.#flow, fact);
      },
      told: (protocol) => {
        if (this.#flow !== undefined) options.told?.(this.#flow, protocol);
      },
      expected: (connection, timeUs) => {
        if (this.#flow !== undefined) this.#expected.announce(this.#flow, connection, timeUs);
      },
    };
  }

  /** Takes a packet with payload in. False: nothing more of this flow is of interest. */
  segment(flow: InspectedFlow, packet: PacketView, fromInitiator: boolean): boolean {
    const conversation = this.#groupOf(flow).get(flow.id) ?? this.#begin(flow, packet);
    if (conversation === undefined) return false;
    this.#flow = flow;
    const before = conversation.heldBytes;
    const wantsMore = conversation.take(packet, fromInitiator);
    this.#held += conversation.heldBytes - before;
    if (wantsMore && this.#held <= this.#options.maxHeldBytes) return true;
    if (wantsMore) this.#givenUp++;
    this.#close(this.#groupOf(flow), flow.id, conversation);
    return false;
  }

  /** A flow that the active timeout cuts goes on: see `renewed`, which must follow. */
  flowEnd(flow: FlowView, reason: EndReason): void {
    if (reason === END_REASON.activeTimeout) return;
    const group = this.#groupOf(flow);
    const conversation = group.get(flow.id);
    if (conversation === undefined) return;
    this.#flow = flow;
    this.#close(group, flow.id, conversation);
  }

  /** The conversation of the flow `formerId` goes on in `flow`. */
  renewed(formerId: number, flow: FlowView): void {
    const group = this.#groupOf(flow);
    const conversation = group.get(formerId);
    if (conversation === undefined) return;
    group.delete(formerId);
    group.set(flow.id, conversation);
  }

  counters(): InspectorCounters {
    return {
      conversations: this.#connections.size + this.#exchanges.size,
      givenUp: this.#givenUp,
      facts: this.#facts,
      broken: this.#broken,
    };
  }

  /** Bytes held for all conversations together. */
  get heldBytes(): number {
    return this.#held;
  }

  /** A connection is followed from its first payload or not at all; datagrams can be taken up again at any of them. */
  #begin(flow: InspectedFlow, packet: PacketView): Conversation | undefined {
    const candidates = this.#byTransport.get(flow.protocol);
    if (candidates === undefined) return undefined;
    const isConnection = flow.protocol === PROTOCOL.tcp;
    const payloadBytes = flow.initiatorPayloadBytes + flow.responderPayloadBytes;
    if (isConnection && payloadBytes > packet.payloadBytes) return undefined;
    const { bytesPerSide, maxConversations } = this.#options;
    const group = this.#groupOf(flow);
    const share = group === this.#exchanges ? EXCHANGES_SHARE : 1 - EXCHANGES_SHARE;
    if (group.size >= maxConversations * share) this.#giveUpOldest(group);
    const expected = isConnection ? this.#expected.take(flow, packet.timeUs) : undefined;
    const conversation = new Conversation(flow, candidates, this.#byId, bytesPerSide, this.#listener, expected);
    group.set(flow.id, conversation);
    return conversation;
  }

  /** Its last facts are lost with it: the flow that they are about is not at hand. */
  #giveUpOldest(group: Group): void {
    for (const [id, conversation] of group) {
      this.#flow = undefined;
      this.#givenUp++;
      this.#close(group, id, conversation);
      return;
    }
  }

  #groupOf(flow: FlowView): Group {
    return flow.protocol === PROTOCOL.tcp ? this.#connections : this.#exchanges;
  }

  #close(group: Group, id: number, conversation: Conversation): void {
    this.#held -= conversation.heldBytes;
    group.delete(id);
    conversation.end();
    if (conversation.isBroken) this.#broken++;
  }
}

function candidatesOf(protocols: readonly ProtocolDefinition[]): Candidates {
  const ports = new Set(protocols.flatMap((protocol) => protocol.ports));
  const byPort = new Map(
    [...ports].map((port) => [port, protocols.filter((protocol) => protocol.ports.includes(port))]),
  );
  return { all: protocols, byPort };
}
