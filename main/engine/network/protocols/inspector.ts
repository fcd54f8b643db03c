import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import { END_REASON, type EndReason, type FlowView, type PacketView, PROTOCOL } from '../../../../contract/traffic.ts';
import { type Candidates, Conversation, type InspectedFlow, type Listener } from './conversation.ts';
import { ExpectedConnections } from './expected.ts';
import type { ProtocolDefinition } from './protocol.ts';

export interface InspectorOptions {
  readonly protocols: readonly ProtocolDefinition[];
  /** The flow is valid during the call. */
  readonly tell: (flow: FlowView, fact: Fact) => void;
  /** The protocol that a flow begins in is told; called before the fact. */
  readonly told?: (flow: FlowView, protocol: ProtocolId) => void;
  /** How much of each direction is looked at. */
  readonly bytesPerSide: number;
  /** Conversations that are looked into at once; beyond, the oldest is no longer followed. */
  readonly maxConversations: number;
  /** Most bytes held for all conversations together: out of order, or not yet a whole message. */
  readonly maxHeldBytes: number;
}

export interface InspectorCounters {
  readonly conversations: number;
  /** No longer followed before their time, because there were too many or too much was held. */
  readonly givenUp: number;
  readonly facts: number;
  /** Conversations whose parser met what its protocol does not allow, or failed. */
  readonly broken: number;
}

/** Looks into conversations: puts them in order, tells their protocol, and lets its parser read them. */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #byTransport: ReadonlyMap<number, Candidates>;
  readonly #byId: ReadonlyMap<ProtocolId, ProtocolDefinition>;
  /** By the id of the flow, in the order in which they began. */
  readonly #conversations = new Map<number, Conversation>();
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
    const conversation = this.#conversations.get(flow.id) ?? this.#begin(flow, packet);
    if (conversation === undefined) return false;
    this.#flow = flow;
    const before = conversation.heldBytes;
    const wantsMore = conversation.take(packet, fromInitiator);
    this.#held += conversation.heldBytes - before;
    if (wantsMore && this.#held <= this.#options.maxHeldBytes) return true;
    if (wantsMore) this.#givenUp++;
    this.#close(flow.id, conversation);
    return false;
  }

  /** A flow that the active timeout cuts goes on: see `renewed`, which must follow. */
  flowEnd(flow: FlowView, reason: EndReason): void {
    if (reason === END_REASON.activeTimeout) return;
    const conversation = this.#conversations.get(flow.id);
    if (conversation === undefined) return;
    this.#flow = flow;
    this.#close(flow.id, conversation);
  }

  /** The conversation of the flow `formerId` goes on in `flow`. */
  renewed(formerId: number, flow: FlowView): void {
    const conversation = this.#conversations.get(formerId);
    if (conversation === undefined) return;
    this.#conversations.delete(formerId);
    this.#conversations.set(flow.id, conversation);
  }

  counters(): InspectorCounters {
    return {
      conversations: this.#conversations.size,
      givenUp: this.#givenUp,
      facts: this.#facts,
      broken: this.#broken,
    };
  }

  /** Bytes held for all conversations together. */
  get heldBytes(): number {
    return this.#held;
  }

  /** A conversation is followed from its first payload or not at all. */
  #begin(flow: InspectedFlow, packet: PacketView): Conversation | undefined {
    const candidates = this.#byTransport.get(flow.protocol);
    if (candidates === undefined) return undefined;
    if (flow.initiatorPayloadBytes + flow.responderPayloadBytes > packet.payloadBytes) return undefined;
    if (this.#conversations.size >= this.#options.maxConversations) this.#giveUpOldest();
    const { bytesPerSide } = this.#options;
    const expected = flow.protocol === PROTOCOL.tcp ? this.#expected.take(flow, packet.timeUs) : undefined;
    const conversation = new Conversation(flow, candidates, this.#byId, bytesPerSide, this.#listener, expected);
    this.#conversations.set(flow.id, conversation);
    return conversation;
  }

  /** Its last facts are lost with it: the flow that they are about is not at hand. */
  #giveUpOldest(): void {
    for (const [id, conversation] of this.#conversations) {
      this.#flow = undefined;
      this.#givenUp++;
      this.#close(id, conversation);
      return;
    }
  }

  #close(id: number, conversation: Conversation): void {
    this.#held -= conversation.heldBytes;
    this.#conversations.delete(id);
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
