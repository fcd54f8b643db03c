import { AddressTable } from '../runtime/address-table.ts';
import { DecayingCounters } from '../runtime/counters.ts';
import type { LoginFlow } from './login-flow.ts';

const MAX_SERVICES = 512;
const MAX_SOURCES = 8192;
/** Ten minutes: a botnet gives each of its hosts a try or two and takes its time between them. */
const HALF_LIFE_SECONDS = 600;
/** A failed login counts once; a session that only looks like one counts half. */
const LOOKS_WEIGHT = 0.5;

/**
 * Who fails to log in to one service, all senders together: the other way to look at what `LoginBook` keeps by
 * sender. A service is a host and a port. Fixed memory.
 */
export class LoginCrowd {
  readonly services: AddressTable;
  readonly sources: AddressTable;
  /** Per service. */
  readonly ids = new Int32Array(MAX_SERVICES);
  readonly tries = new Uint32Array(MAX_SERVICES);
  /** Senders that failed, as far as the table holds. */
  readonly senders = new Uint32Array(MAX_SERVICES);
  /** Tries that the server was seen to turn down. */
  readonly read = new Uint32Array(MAX_SERVICES);
  readonly firstUs = new Float64Array(MAX_SERVICES);
  readonly lastUs = new Float64Array(MAX_SERVICES);
  private readonly recentTries = new DecayingCounters(MAX_SERVICES, HALF_LIFE_SECONDS);
  private readonly recentSenders = new DecayingCounters(MAX_SERVICES, HALF_LIFE_SECONDS);
  private readonly recentSuccesses = new DecayingCounters(MAX_SERVICES, HALF_LIFE_SECONDS);
  /** Per (sender, service). */
  readonly sourceTries = new Uint32Array(MAX_SOURCES);
  private readonly sourceWeight = new Float64Array(MAX_SOURCES);
  private readonly sourceLastUs = new Float64Array(MAX_SOURCES);
  private readonly forgetUs: number;
  private nextId = 1;

  constructor(forgetSeconds: number, seed?: number) {
    this.services = new AddressTable(MAX_SERVICES, { seed });
    this.sources = new AddressTable(MAX_SOURCES, { seed });
    this.forgetUs = forgetSeconds * 1e6;
  }

  /** The slot of a login's service, -1 when nobody failed there. */
  find(login: LoginFlow): number {
    return this.services.find(login.server0, login.server1, login.server2, login.server3, keyOf(login));
  }

  /** Failed logins, read in the server's answers or told from the looks of a session. Gives the service's slot. */
  fail(login: LoginFlow, timeUs: number, count: number, isRead: boolean): number {
    const service = this.touch(login, timeUs);
    const { client0, client1, client2, client3 } = login;
    const source = this.sources.findOrInsert(client0, client1, client2, client3, this.ids[service]!);
    const weight = isRead ? 1 : LOOKS_WEIGHT;
    if (this.sources.inserted) {
      this.sourceTries[source] = 0;
      this.sourceWeight[source] = 0;
      this.sourceLastUs[source] = Number.NEGATIVE_INFINITY;
      this.senders[service]!++;
    }
    // Whoever comes back after long is one more of those who try now.
    if (timeUs - this.sourceLastUs[source]! > this.forgetUs) this.recentSenders.add(service, timeUs, weight);
    this.sourceTries[source]! += count;
    this.sourceWeight[source]! += count * weight;
    this.sourceLastUs[source] = timeUs;
    this.tries[service]! += count;
    if (isRead) this.read[service]! += count;
    this.recentTries.add(service, timeUs, count * weight);
    if (timeUs > this.lastUs[service]!) this.lastUs[service] = timeUs;
    return service;
  }

  /** A login that worked: it speaks for the service's users, and for the errors that this one made before. */
  succeed(login: LoginFlow, timeUs: number): void {
    const service = this.find(login);
    if (service < 0) return;
    this.recentSuccesses.add(service, timeUs);
    const { client0, client1, client2, client3 } = login;
    const source = this.sources.find(client0, client1, client2, client3, this.ids[service]!);
    if (source < 0 || this.sourceTries[source]! > FORGIVEN_TRIES) return;
    this.recentTries.add(
      service,
      timeUs,
      -Math.min(this.sourceWeight[source]!, this.recentTries.value(service, timeUs)),
    );
    this.recentSenders.add(service, timeUs, -Math.min(1, this.recentSenders.value(service, timeUs)));
    this.tries[service] = Math.max(0, this.tries[service]! - this.sourceTries[source]!);
    this.read[service] = Math.min(this.read[service]!, this.tries[service]!);
    this.senders[service] = Math.max(0, this.senders[service]! - 1);
    this.sources.delete(source);
  }

  /** Whether so many failed so often lately, and not for every two failures somebody got in. */
  isCrowd(service: number, leastSenders: number, leastTries: number, nowUs: number): boolean {
    const tries = this.recentTries.value(service, nowUs);
    return (
      tries >= leastTries &&
      this.recentSenders.value(service, nowUs) >= leastSenders &&
      tries >= TRIES_PER_SUCCESS * this.recentSuccesses.value(service, nowUs)
    );
  }

  clear(): void {
    this.services.clear();
    this.sources.clear();
  }

  private touch(login: LoginFlow, timeUs: number): number {
    const { server0, server1, server2, server3 } = login;
    const service = this.services.findOrInsert(server0, server1, server2, server3, keyOf(login));
    if (this.services.inserted || timeUs - this.lastUs[service]! > this.forgetUs) {
      this.nextId = (this.nextId + 1) | 0;
      this.ids[service] = this.nextId;
      this.tries[service] = 0;
      this.senders[service] = 0;
      this.read[service] = 0;
      this.firstUs[service] = login.firstUs;
      this.lastUs[service] = timeUs;
      for (const counters of [this.recentTries, this.recentSenders, this.recentSuccesses]) counters.clear(service);
    }
    return service;
  }
}

/** A person who erred so often and then got in has only erred. */
const FORGIVEN_TRIES = 5;
/** Where people log in all day some err; under attack nearly everything fails. */
const TRIES_PER_SUCCESS = 2;

function keyOf(login: LoginFlow): number {
  return (login.service << 16) | login.serverPort;
}
