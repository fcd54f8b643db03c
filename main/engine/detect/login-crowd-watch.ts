import { type Finding, MAX_LISTED_HOSTS } from '../../../contract/domain.ts';
import { countOf, formatCount, formatDuration, ratePerSecond } from './finding-text.ts';
import type { Landscape } from './landscape.ts';
import { LoginCrowd } from './login-crowd.ts';
import type { LoginFlow } from './login-flow.ts';
import { type LoginProtocol, loginProtocolOf } from './login-protocols.ts';

export interface CrowdOptions {
  /** Different senders and tries of all of them from which it is one attack by many. */
  readonly leastSenders: number;
  readonly leastTries: number;
  readonly forgetSeconds: number;
  readonly seed?: number | undefined;
  readonly landscape: Landscape;
  report(finding: Finding): void;
}

const MAX_SUSPECTS = 64;
const REPORT_GROWTH = 2;
const REPORT_QUIET_US = 5_000_000;
const REPORT_EVERY_US = 60_000_000;
/** Below this rate the attack is the Internet's ordinary noise at an open door. */
const SLOW_PER_SECOND = 0.1;
/** With fewer tries than this by each, the senders share a list of names: a few passwords for many. */
const SPRAY_TRIES_PER_SENDER = 4;
const READ_CONFIDENCE = 0.9;
const LOOKS_CONFIDENCE = 0.75;

interface Suspect {
  readonly id: number;
  reportedTries: number;
  reportedUs: number;
}

/** Password guessing at one service by many senders, each of which tries too little to be noticed alone. */
export class CrowdWatch {
  private readonly options: CrowdOptions;
  private readonly crowd: LoginCrowd;
  private readonly suspects = new Map<number, Suspect>();

  constructor(options: CrowdOptions) {
    this.options = options;
    this.crowd = new LoginCrowd(options.forgetSeconds, options.seed);
  }

  fail(login: LoginFlow, timeUs: number, count: number, isRead: boolean): void {
    const service = this.crowd.fail(login, timeUs, count, isRead);
    const id = this.crowd.ids[service]!;
    let suspect = this.suspects.get(service);
    if (suspect?.id !== id) {
      const { leastSenders, leastTries } = this.options;
      if (!this.crowd.isCrowd(service, leastSenders, leastTries, timeUs)) return;
      if (this.suspects.size >= MAX_SUSPECTS) {
        const oldest = this.suspects.keys().next();
        if (!oldest.done) this.suspects.delete(oldest.value);
      }
      suspect = { id, reportedTries: 0, reportedUs: 0 };
      this.suspects.set(service, suspect);
    }
    if (this.crowd.tries[service]! >= suspect.reportedTries * REPORT_GROWTH) this.tell(service, suspect, timeUs);
  }

  succeed(login: LoginFlow, timeUs: number): void {
    this.crowd.succeed(login, timeUs);
  }

  /** Whether an attack by many at this service is already told, so that one more sender is no news. */
  covers(login: LoginFlow): boolean {
    if (this.suspects.size === 0) return false;
    const service = this.crowd.find(login);
    return service >= 0 && this.suspects.get(service)?.id === this.crowd.ids[service];
  }

  tick(nowUs: number, stopping: boolean): void {
    for (const [service, suspect] of this.suspects) {
      if (this.crowd.ids[service] !== suspect.id) {
        this.suspects.delete(service);
        continue;
      }
      if (this.crowd.tries[service] === suspect.reportedTries) continue;
      const quiet = nowUs - this.crowd.lastUs[service]! >= REPORT_QUIET_US;
      const due = nowUs - suspect.reportedUs >= REPORT_EVERY_US;
      if (quiet || due || stopping) this.tell(service, suspect, nowUs);
    }
  }

  /** The clock jumped back: tells what is untold and forgets. */
  reset(nowUs: number): void {
    this.tick(nowUs, true);
    this.suspects.clear();
    this.crowd.clear();
  }

  private tell(service: number, suspect: Suspect, nowUs: number): void {
    suspect.reportedTries = this.crowd.tries[service]!;
    suspect.reportedUs = nowUs;
    const key = this.crowd.services.extra(service);
    const protocol = loginProtocolOf(key >>> 16, key & 0xffff);
    if (protocol === undefined) return;
    const attackers = this.attackers(service);
    if (attackers.length > 0) this.options.report(describeCrowd(this.crowd, service, protocol, attackers));
  }

  /** Those who failed, the busiest first, without any that may not be accused. */
  private attackers(service: number): readonly string[] {
    const { sources, sourceTries, ids } = this.crowd;
    const found: { readonly slot: number; readonly tries: number }[] = [];
    for (let slot = 0; slot < sources.capacity; slot++) {
      if (!sources.isUsed(slot) || sources.extra(slot) !== ids[service]) continue;
      if (this.options.landscape.mayBeAttacker(...sources.words(slot))) found.push({ slot, tries: sourceTries[slot]! });
    }
    found.sort((a, b) => b.tries - a.tries);
    return found.slice(0, MAX_LISTED_HOSTS).map((source) => sources.addressText(source.slot));
  }
}

function describeCrowd(
  crowd: LoginCrowd,
  service: number,
  protocol: LoginProtocol,
  attackers: readonly string[],
): Finding {
  const victim = crowd.services.addressText(service);
  const port = crowd.services.extra(service) & 0xffff;
  const tries = crowd.tries[service]!;
  const senders = Math.max(attackers.length, crowd.senders[service]!);
  const seconds = Math.max(0, crowd.lastUs[service]! - crowd.firstUs[service]!) / 1e6;
  const rate = ratePerSecond(tries, seconds);
  const each = Number((tries / Math.max(1, senders)).toPrecision(2));
  const isRead = crowd.read[service]! * 2 >= tries;
  const perMinute = Number((rate * 60).toPrecision(2));
  return {
    detector: 'brute-force',
    kind: 'brute-force',
    cause: `brute-force/many/${victim}/${port}`,
    firstSeenMs: crowd.firstUs[service]! / 1000,
    lastSeenMs: crowd.lastUs[service]! / 1000,
    severity: rate < SLOW_PER_SECOND ? 'low' : 'medium',
    confidence: isRead ? READ_CONFIDENCE : LOOKS_CONFIDENCE,
    techniques: each < SPRAY_TRIES_PER_SENDER ? ['T1110.003', 'T1110.001'] : ['T1110.001'],
    attackers,
    victims: [victim],
    attackerCount: senders,
    victimCount: 1,
    title: `${countOf(senders, 'host')} are guessing passwords for ${protocol.name} on ${victim} together`,
    explanation: [
      `${countOf(senders, 'host')} failed ${countOf(tries, 'time')} to log in to ${protocol.name} on ${victim} within ${formatDuration(seconds)}, about ${formatCount(each)} each and ${formatCount(Math.max(1, perMinute))} a minute in all.`,
      'Each alone tries so little that it could be a person who mistypes; together they are an attack by a network of hijacked computers.',
      isRead
        ? 'Few logins worked in the same time.'
        : 'What was said is encrypted, but sessions in which a login works are longer.',
    ].join(' '),
    evidence: [
      {
        name: 'hosts that failed to log in',
        value: senders,
        unit: 'hosts',
        usual: '0 to 3 in ten minutes',
        usualRange: { low: 0, high: 3 },
        meaning: 'People err one at a time; so many at once follow one plan.',
      },
      {
        name: isRead ? 'failed logins' : 'sessions that look like failed logins',
        value: tries,
        unit: isRead ? 'logins' : 'sessions',
        usual: '0 to 5 in ten minutes',
        usualRange: { low: 0, high: 5 },
        meaning: isRead ? 'The server turned these logins down.' : 'They were too short for anything but a refusal.',
      },
      {
        name: 'tries of each',
        value: each,
        unit: 'tries',
        meaning: 'Few by each keep under the limits that servers set for one address.',
      },
      {
        name: 'pace',
        value: perMinute,
        unit: 'per minute',
        usual: 'under 1',
        usualRange: { low: 0, high: 1 },
        meaning: 'All hosts taken together.',
      },
      { name: 'port', value: port, meaning: `${protocol.name} is reached there.` },
    ],
  };
}
