import { PROTOCOL } from '../../../../contract/traffic.ts';
import type { Conversation } from './conversation.ts';

/** Conversations in the order in which they began, linked through themselves. */
class Queue {
  size = 0;
  oldest: Conversation | undefined = undefined;
  #newest: Conversation | undefined = undefined;

  add(conversation: Conversation): void {
    conversation.older = this.#newest;
    conversation.newer = undefined;
    if (this.#newest === undefined) this.oldest = conversation;
    else this.#newest.newer = conversation;
    this.#newest = conversation;
    this.size++;
  }

  remove(conversation: Conversation): void {
    const { older, newer } = conversation;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    conversation.older = undefined;
    conversation.newer = undefined;
    this.size--;
  }
}

/**
 * All conversations that are being looked into, by the slots of their flows: found without a search, and without
 * anything that a flood of flows could make slow.
 */
export class ConversationTable {
  readonly #bySlot: (Conversation | undefined)[] = [];
  readonly #connections = new Queue();
  /** Datagrams by themselves: nothing says that they have ended, and their many must not push connections out. */
  readonly #exchanges = new Queue();

  get size(): number {
    return this.#connections.size + this.#exchanges.size;
  }

  get(slot: number): Conversation | undefined {
    return this.#bySlot[slot];
  }

  add(slot: number, conversation: Conversation): void {
    const bySlot = this.#bySlot;
    // Without holes: an array that has some is a slow one.
    while (bySlot.length <= slot) bySlot.push(undefined);
    bySlot[slot] = conversation;
    conversation.slot = slot;
    this.#queueOf(conversation.transport).add(conversation);
  }

  remove(conversation: Conversation): void {
    this.#bySlot[conversation.slot] = undefined;
    this.#queueOf(conversation.transport).remove(conversation);
  }

  /** Of one transport's kind, over TCP or of datagrams. See PROTOCOL in contract/traffic.ts. */
  sizeOf(transport: number): number {
    return this.#queueOf(transport).size;
  }

  oldestOf(transport: number): Conversation | undefined {
    return this.#queueOf(transport).oldest;
  }

  #queueOf(transport: number): Queue {
    return transport === PROTOCOL.tcp ? this.#connections : this.#exchanges;
  }
}
