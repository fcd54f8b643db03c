import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import { END_REASON, type EndReason, type FlowView, type PacketView, PROTOCOL } from '../../../../contract/traffic.ts';
import { Connection } from './connection.ts';
import type { Candidates, Conversation, InspectedFlow, Listener, Surroundings } from './conversation.ts';
import { ConversationTable } from './conversation-table.ts';
import { Exchange } from './exchange.ts';
import { ExpectedConnections } from './expected.ts';
import type { InspectionLimits } from './limits.ts';
import type { ProtocolDefinition } from './protocol.ts';
import type { HeldMemory } from './stream.ts';

export interface InspectorOptions extends InspectionLimits {
  readonly protocols: readonly ProtocolDefinition[];
  /** The flow is valid during the call. */
  readonly tell: (flow: FlowView, fact: Fact) => void;
  /** Whether anybody wants to hear of such facts; of all where it is left out. */
  readonly isWanted?: (type: Fact['type'], protocol: ProtocolId | undefined, name: string | undefined) => boolean;
  /** Whether files are told with their MD5; they are where it is left out. */
  readonly wantsMd5?: boolean;
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

/** Of all conversations, those of datagrams: an answer comes within seconds, and after it they only wait to be forgotten. */
const EXCHANGES_SHARE = 0.25;

/** Looks into conversations: puts them in order, tells their protocol, and lets its parser read them. */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #byTransport: ReadonlyMap<number, Surroundings>;
  readonly #table = new ConversationTable();
  readonly #held: HeldMemory = { bytes: 0 };
  readonly #expected = new ExpectedConnections();
  /** The flow at hand. */
  #flow: FlowView | undefined;
  /** Of the flow that the active timeout has just cut. */
  #cut: Conversation | undefined;
  #givenUp = 0;
  #facts = 0;
  #broken = 0;

  constructor(options: InspectorOptions) {
    this.#options = options;
    const { protocols, bytesPerSide } = options;
    const byId = new Map(protocols.map((protocol) => [protocol.id, protocol]));
    const listener = this.#createListener();
    const transports = new Set(protocols.flatMap((protocol) => protocol.transports));
    this.#byTransport = new Map(
      [...transports].map((transport) => {
        const candidates = candidatesOf(protocols.filter((protocol) => protocol.transports.includes(transport)));
        return [transport, { candidates, byId, bytesPerSide, listener, held: this.#held }];
      }),
    );
  }

  /** Takes a packet with payload in. False: nothing more of this flow is of interest. */
  segment(flow: InspectedFlow, packet: PacketView, fromInitiator: boolean): boolean {
    const conversation = this.#table.get(flow.slot) ?? this.#begin(flow, packet);
    if (conversation === undefined) return false;
    this.#flow = flow;
    const wantsMore = conversation.take(packet, fromInitiator);
    if (wantsMore && this.#held.bytes <= this.#options.maxHeldBytes) return true;
    if (wantsMore) this.#givenUp++;
    this.#close(conversation);
    return false;
  }

  /** A flow that the active timeout cuts goes on: see `renewed`, which must follow. */
  flowEnd(flow: InspectedFlow, reason: EndReason): void {
    const conversation = this.#table.get(flow.slot);
    if (conversation === undefined) return;
    if (reason === END_REASON.activeTimeout) {
      this.#table.remove(conversation);
      this.#cut = conversation;
      return;
    }
    this.#flow = flow;
    this.#close(conversation);
  }

  /** The conversation of the flow that was just cut goes on in `flow`. */
  renewed(flow: InspectedFlow): void {
    if (this.#cut === undefined) return;
    this.#table.add(flow.slot, this.#cut);
    this.#cut = undefined;
  }

  counters(): InspectorCounters {
    return {
      conversations: this.#table.size,
      givenUp: this.#givenUp,
      facts: this.#facts,
      broken: this.#broken,
    };
  }

  /** Bytes held for all conversations together. */
  get heldBytes(): number {
    return this.#held.bytes;
  }

  #createListener(): Listener {
    const { tell, told, isWanted, wantsMd5 = true } = this.#options;
    return {
      isWanted: (type, protocol, name) => isWanted === undefined || isWanted(type, protocol, name),
      wantsMd5,
      fact: (fact) => {
        if (this.#flow === undefined) return;
        this.#facts++;
        tell(this.#flow, fact);
      },
      told: (protocol) => {
        if (this.#flow !== undefined) told?.(this.#flow, protocol);
      },
      expected: (connection, timeUs) => {
        if (this.#flow !== undefined) this.#expected.announce(this.#flow, connection, timeUs);
      },
    };
  }

  /** A connection is followed from its first payload or not at all; datagrams can be taken up again at any of them. */
  #begin(flow: InspectedFlow, packet: PacketView): Conversation | undefined {
    const transport = flow.protocol;
    const surroundings = this.#byTransport.get(transport);
    if (surroundings === undefined) return undefined;
    const isConnection = transport === PROTOCOL.tcp;
    const payloadBytes = flow.initiatorPayloadBytes + flow.responderPayloadBytes;
    if (isConnection && payloadBytes > packet.payloadBytes) return undefined;
    const share = isConnection ? 1 - EXCHANGES_SHARE : EXCHANGES_SHARE;
    if (this.#table.sizeOf(transport) >= this.#options.maxConversations * share) this.#giveUpOldest(transport);
    const conversation = isConnection
      ? new Connection(flow, surroundings, this.#expected.take(flow, packet.timeUs))
      : new Exchange(flow, surroundings);
    this.#table.add(flow.slot, conversation);
    return conversation;
  }

  /** Its last facts are lost with it: the flow that they are about is not at hand. */
  #giveUpOldest(transport: number): void {
    const oldest = this.#table.oldestOf(transport);
    if (oldest === undefined) return;
    this.#flow = undefined;
    this.#givenUp++;
    this.#close(oldest);
  }

  #close(conversation: Conversation): void {
    this.#table.remove(conversation);
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
