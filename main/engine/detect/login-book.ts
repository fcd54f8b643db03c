import { parseAddress } from '../runtime/address.ts';
import { AddressTable } from '../runtime/address-table.ts';
import { DecayingCounters } from '../runtime/counters.ts';
import type { LoginFlow } from './login-flow.ts';

/** How far a session may differ from the usual size and still look alike; retries within a session take a tenth. */
const ALIKE_TOLERANCE = 0.25;
/** How fast the usual size follows: the mean of about the last eight. */
const SIZE_WEIGHT = 1 / 8;
const MAX_CAMPAIGNS = 2048;
const MAX_TARGETS = 8192;
const CREDENTIALS_KEPT = 4;
const FORGIVEN_FAILURES = 2;

/**
 * Who tries to log in where. A campaign is one address and one service; its targets are the hosts. Fixed
 * memory.
 */
export class LoginBook {
  readonly campaigns: AddressTable;
  readonly targets: AddressTable;
  /** Per campaign. */
  readonly ids = new Int32Array(MAX_CAMPAIGNS);
  readonly ports = new Int32Array(MAX_CAMPAIGNS);
  readonly failures = new Uint32Array(MAX_CAMPAIGNS);
  readonly alike = new Uint32Array(MAX_CAMPAIGNS);
  readonly breaches = new Uint32Array(MAX_CAMPAIGNS);
  readonly hosts = new Uint32Array(MAX_CAMPAIGNS);
  /** Failures of which it is known that another credential was tried than before. */
  readonly varied = new Uint32Array(MAX_CAMPAIGNS);
  readonly firstUs = new Float64Array(MAX_CAMPAIGNS);
  readonly lastUs = new Float64Array(MAX_CAMPAIGNS);
  readonly quickFailures: DecayingCounters;
  /** Per target. */
  readonly targetFailures = new Uint32Array(MAX_TARGETS);
  readonly targetAlike = new Uint32Array(MAX_TARGETS);
  readonly targetOdd = new Uint32Array(MAX_TARGETS);
  readonly targetBreaches = new Uint32Array(MAX_TARGETS);
  /** Tries of either sort since a login worked last. */
  readonly targetSince = new Uint32Array(MAX_TARGETS);
  /** The latest credentials that failed: a program may have a few accounts with old passwords. */
  private readonly targetCredentials = new Int32Array(MAX_TARGETS * CREDENTIALS_KEPT);
  private readonly targetCredentialNext = new Uint8Array(MAX_TARGETS);
  readonly targetQuick: DecayingCounters;
  /** Usual sizes of the sessions, client and server. */
  readonly targetClientBytes = new Float64Array(MAX_TARGETS);
  readonly targetServerBytes = new Float64Array(MAX_TARGETS);
  /** What `touch` and `find` found; -1 for none. */
  campaignSlot = -1;
  targetSlot = -1;
  private readonly forgetUs: number;
  private nextId = 1;

  constructor(quickSeconds: number, forgetSeconds: number, seed?: number) {
    this.campaigns = new AddressTable(MAX_CAMPAIGNS, { seed });
    this.targets = new AddressTable(MAX_TARGETS, { seed });
    this.forgetUs = forgetSeconds * 1e6;
    this.quickFailures = new DecayingCounters(MAX_CAMPAIGNS, quickSeconds);
    this.targetQuick = new DecayingCounters(MAX_TARGETS, quickSeconds);
  }

  /** Tries of a campaign, of either sort. */
  tries(campaign: number): number {
    return this.failures[campaign]! + this.alike[campaign]!;
  }

  /** The campaign and target of a login, if there are any. */
  find(login: LoginFlow): number {
    this.targetSlot = -1;
    const { client0, client1, client2, client3 } = login;
    this.campaignSlot = this.campaigns.find(client0, client1, client2, client3, login.service);
    if (this.campaignSlot < 0) return -1;
    const id = this.ids[this.campaignSlot]!;
    this.targetSlot = this.targets.find(login.server0, login.server1, login.server2, login.server3, id);
    return this.campaignSlot;
  }

  /** The slot of a host that a campaign tried, by its address as text; -1 when it did not. */
  targetOf(campaign: number, server: string): number {
    const words = parseAddress(server);
    return words === null ? -1 : this.targets.find(...words, this.ids[campaign]!);
  }

  /** The campaign and target of a login, begun if need be. */
  touch(login: LoginFlow, timeUs: number): number {
    const { client0, client1, client2, client3 } = login;
    const campaign = this.campaigns.findOrInsert(client0, client1, client2, client3, login.service);
    if (this.campaigns.inserted || timeUs - this.lastUs[campaign]! > this.forgetUs) {
      this.nextId = (this.nextId + 1) | 0;
      this.ids[campaign] = this.nextId;
      this.ports[campaign] = login.serverPort;
      this.failures[campaign] = 0;
      this.alike[campaign] = 0;
      this.breaches[campaign] = 0;
      this.hosts[campaign] = 0;
      this.varied[campaign] = 0;
      this.firstUs[campaign] = login.firstUs;
      this.lastUs[campaign] = timeUs;
      this.quickFailures.clear(campaign);
    }
    const { server0, server1, server2, server3 } = login;
    const target = this.targets.findOrInsert(server0, server1, server2, server3, this.ids[campaign]!);
    if (this.targets.inserted) {
      this.targetFailures[target] = 0;
      this.targetAlike[target] = 0;
      this.targetOdd[target] = 0;
      this.targetBreaches[target] = 0;
      this.targetSince[target] = 0;
      this.targetCredentials.fill(0, target * CREDENTIALS_KEPT, (target + 1) * CREDENTIALS_KEPT);
      this.targetCredentialNext[target] = 0;
      this.targetClientBytes[target] = 0;
      this.targetServerBytes[target] = 0;
      this.targetQuick.clear(target);
      this.hosts[campaign]!++;
    }
    this.campaignSlot = campaign;
    this.targetSlot = target;
    return campaign;
  }

  /** Failed logins at the touched target: false when it is a credential again (unless 0) that failed, which is no guess. */
  addFailure(timeUs: number, credential: number, count: number): boolean {
    const target = this.targetSlot;
    if (credential !== 0) {
      if (!this.isNewCredential(target, credential)) return false;
      this.varied[this.campaignSlot]! += count;
    }
    this.failures[this.campaignSlot]! += count;
    this.targetFailures[target]! += count;
    this.targetSince[target]! += count;
    this.quickFailures.add(this.campaignSlot, timeUs, count);
    this.advance(timeUs);
    return true;
  }

  /** A login that worked after many that did not, at the touched target. */
  addBreach(timeUs: number): void {
    this.breaches[this.campaignSlot]!++;
    this.targetBreaches[this.targetSlot]!++;
    this.advance(timeUs);
  }

  /**
   * A login worked at the touched target. One or two failures right before it were a slip, or an answer to a challenge
   * that was too old, and do not count: programs do so all day.
   */
  settle(timeUs: number): void {
    const target = this.targetSlot;
    const since = this.targetSince[target]!;
    this.targetSince[target] = 0;
    if (since === 0 || since > FORGIVEN_FAILURES || since > this.targetFailures[target]!) return;
    const campaign = this.campaignSlot;
    this.targetFailures[target]! -= since;
    this.failures[campaign]! -= since;
    this.varied[campaign] = Math.max(0, this.varied[campaign]! - since);
    this.quickFailures.add(campaign, timeUs, -Math.min(since, this.quickFailures.value(campaign, timeUs)));
  }

  /** A session at the touched target, by the bytes of either side. Only a short one can look like the others. */
  addSession(clientBytes: number, serverBytes: number, short: boolean, timeUs: number): void {
    const target = this.targetSlot;
    this.advance(timeUs);
    const usualClient = this.targetClientBytes[target]!;
    const usualServer = this.targetServerBytes[target]!;
    const first = usualClient === 0;
    const alike = short && (first || (isNear(clientBytes, usualClient) && isNear(serverBytes, usualServer)));
    if (!alike) {
      this.targetOdd[target]!++;
      // The first one was perhaps not the usual one.
      if (!short || this.targetAlike[target]! > 1) return;
    }
    const weight = first || !alike ? 1 : SIZE_WEIGHT;
    // At least one byte: 0 stands for nothing known, and of one direction there may be nothing in the capture.
    this.targetClientBytes[target] = Math.max(1, usualClient + (clientBytes - usualClient) * weight);
    this.targetServerBytes[target] = usualServer + (serverBytes - usualServer) * weight;
    if (!alike) return;
    this.targetAlike[target]!++;
    this.targetSince[target]!++;
    this.alike[this.campaignSlot]!++;
    this.targetQuick.add(target, timeUs);
  }

  clear(): void {
    this.campaigns.clear();
    this.targets.clear();
  }

  private isNewCredential(target: number, credential: number): boolean {
    const start = target * CREDENTIALS_KEPT;
    for (let at = start; at < start + CREDENTIALS_KEPT; at++) {
      if (this.targetCredentials[at] === credential) return false;
    }
    const next = this.targetCredentialNext[target]!;
    this.targetCredentials[start + next] = credential;
    this.targetCredentialNext[target] = (next + 1) % CREDENTIALS_KEPT;
    return true;
  }

  private advance(timeUs: number): void {
    if (timeUs > this.lastUs[this.campaignSlot]!) this.lastUs[this.campaignSlot] = timeUs;
  }
}

function isNear(bytes: number, usual: number): boolean {
  return Math.abs(bytes - usual) <= Math.max(1, usual * ALIKE_TOLERANCE);
}
