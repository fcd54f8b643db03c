import type { Fact } from '../../../../contract/facts.ts';
import type { FlowView } from '../../../../contract/traffic.ts';
import { BoundedMap } from '../bounded-map.ts';
import { initiatorText, isInitiatorInside, responderText } from '../ends.ts';
import type { JndiLookup } from './jndi.ts';

/** Lookups whose address may still be called. */
const MAX_WAITING = 512;
const MAX_NAME = 253;
/** Labels before the name that is waited for. */
const MAX_LEVELS = 4;
/** Where lookups go that name no port: LDAP, LDAPS, RMI, CORBA's naming service. */
const LOOKUP_PORTS: ReadonlySet<number> = new Set([389, 636, 1099, 900]);

export interface Callback<T> {
  readonly owner: T;
  /** Who called. */
  readonly caller: string;
  readonly isName: boolean;
  readonly target: string;
  readonly port: number;
}

/** Who attacks, and who is attacked. */
interface Sides {
  readonly attacker: string;
  readonly victim: string;
}

interface Waiting<T> extends Sides {
  readonly owner: T;
  readonly port: number;
  readonly untilUs: number;
}

/** Waits for the computers that took a lookup in: they call the address that it names. */
export class Callbacks<T> {
  readonly #waiting = new BoundedMap<string, Waiting<T>>(MAX_WAITING);
  readonly #waitUs: number;
  /** When the last of them is over: then connections cost nothing again. */
  #untilUs = 0;

  constructor(waitUs: number) {
    this.#waitUs = waitUs;
  }

  expect(lookup: JndiLookup, { attacker, victim }: Sides, owner: T, nowUs: number): void {
    const { port } = lookup;
    // What stood before the first dot was itself looked up: a variable of the computer, to be told by its name.
    const host = lookup.host.startsWith('.') ? lookup.host.slice(1) : lookup.host;
    if (host.length > MAX_NAME || !(host.includes('.') || host.includes(':'))) return;
    const untilUs = nowUs + this.#waitUs;
    this.#untilUs = Math.max(this.#untilUs, untilUs);
    this.#waiting.set(host, { owner, attacker, victim, port, untilUs });
  }

  /** A connection begins. */
  connection(flow: FlowView, nowUs: number): Callback<T> | undefined {
    if (!this.#isWaiting(nowUs)) return undefined;
    const target = responderText(flow);
    const waiting = this.#waiting.peek(target);
    if (waiting === undefined || nowUs > waiting.untilUs) return undefined;
    if (waiting.port !== 0 && waiting.port !== flow.responderPort) return undefined;
    const caller = initiatorText(flow);
    if (caller === waiting.attacker) return undefined;
    // Anybody may name an address that others call all day: only the victim, or a neighbour at a port of such lookups.
    const isNeighbour = isInitiatorInside(flow) && (waiting.port !== 0 || LOOKUP_PORTS.has(flow.responderPort));
    if (caller !== waiting.victim && !isNeighbour) return undefined;
    this.#waiting.delete(target);
    return { owner: waiting.owner, caller, isName: false, target, port: flow.responderPort };
  }

  /** A name is looked up: where a lookup names no address, that already shows that it was taken in. */
  fact(flow: FlowView, fact: Fact): Callback<T> | undefined {
    if (fact.type !== 'dns' || fact.isResponse || !this.#isWaiting(fact.timeUs)) return undefined;
    const name = this.#waitedFor(fact.questions[0]?.name.toLowerCase() ?? '');
    const waiting = this.#waiting.peek(name);
    if (waiting === undefined || fact.timeUs > waiting.untilUs) return undefined;
    const caller = fact.fromInitiator ? initiatorText(flow) : responderText(flow);
    if (caller === waiting.attacker) return undefined;
    this.#waiting.delete(name);
    return { owner: waiting.owner, caller, isName: true, target: name, port: 0 };
  }

  #isWaiting(nowUs: number): boolean {
    if (this.#waiting.size > 0 && nowUs > this.#untilUs) this.clear();
    return this.#waiting.size > 0;
  }

  /** The name itself, or the one above it that is waited for. */
  #waitedFor(name: string): string {
    let candidate = name;
    for (let level = 0; level < MAX_LEVELS && !this.#waiting.peek(candidate); level++) {
      const dot = candidate.indexOf('.');
      if (dot < 0) return name;
      candidate = candidate.slice(dot + 1);
    }
    return candidate;
  }

  clear(): void {
    this.#untilUs = 0;
    this.#waiting.clear();
  }
}
