import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, LoginEvent, NetworkConnectionEvent } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding } from './host-finding.ts';
import { RecentMap } from './recent-map.ts';

const settings = {
  failures: {
    type: 'number',
    default: 10,
    min: 2,
    max: 10_000,
    integer: true,
    unit: 'logins',
    reason: 'People who forgot a password try three or four times and then ask; sshd itself hangs up after six.',
  },
  users: {
    type: 'number',
    default: 5,
    min: 2,
    max: 1_000,
    integer: true,
    unit: 'users',
    reason: 'One person has one name, and sometimes mistypes it; so many names are a list.',
  },
  windowSeconds: {
    type: 'number',
    default: 600,
    min: 10,
    max: 86_400,
    unit: 's',
    reason: 'Guessing programs try some a minute where they are slowed down; this joins them.',
  },
  failuresBeforeSuccess: {
    type: 'number',
    default: 5,
    min: 1,
    max: 10_000,
    integer: true,
    unit: 'logins',
    reason: 'After so many failures a success is not a person who remembered.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_SOURCES = 4_096;
const MAX_NAMES = 64;
const MAX_NAME = 64;
/** Which of our addresses somebody spoke to, to name the victim as the network's detectors do. */
const MAX_ADDRESSES = 4_096;
/** Once told, the numbers are brought up to date whenever they have grown by this. */
const GROWTH = 2;

interface Source {
  firstSeenMs: number;
  lastSeenMs: number;
  failures: number;
  readonly users: Map<string, number>;
  /** Failures when it was told last; 0 before. */
  told: number;
  /** Name of who got in after failures. */
  success: string | undefined;
}

/** Passwords are guessed, as the logs of this computer tell it. */
class LoginGuessingWatcher implements Behaviour {
  readonly #context: Context;
  readonly #sources = new RecentMap<string, Source>(MAX_SOURCES);
  readonly #ownAddresses = new RecentMap<string, string>(MAX_ADDRESSES);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'login') this.#login(event);
    else if (event.type === 'network-connection') this.#connect(event);
  }

  #connect({ direction, remoteAddress, localAddress }: NetworkConnectionEvent): void {
    if (direction === 'inbound') this.#ownAddresses.set(remoteAddress, localAddress);
  }

  #login(event: LoginEvent): void {
    const { isSuccess, timeMs } = event;
    const key = sourceKey(event);
    const known = this.#sources.get(key);
    const { windowSeconds, failuresBeforeSuccess } = this.#context.settings;
    const isOpen = known !== undefined && timeMs - known.lastSeenMs <= windowSeconds * 1_000;
    if (isSuccess) {
      if (!isOpen || known.failures < failuresBeforeSuccess) return;
      // Keys are not guessed: whoever logs in by one beside the failures is somebody else behind the same address.
      if (event.method === 'publickey') return;
      known.success = event.targetUser ?? event.user;
      known.lastSeenMs = timeMs;
      this.#tell(key, event, known);
      this.#sources.delete(key);
      return;
    }
    const source = isOpen ? known : emptySource(timeMs);
    if (!isOpen) this.#sources.set(key, source);
    source.failures++;
    source.lastSeenMs = timeMs;
    const user = event.user.slice(0, MAX_NAME);
    if (source.users.has(user) || source.users.size < MAX_NAMES) {
      source.users.set(user, (source.users.get(user) ?? 0) + 1);
    }
    const { failures, users } = this.#context.settings;
    const isGuessing = source.failures >= failures || (source.users.size >= users && event.remoteAddress !== undefined);
    if (isGuessing && source.failures >= source.told * GROWTH) this.#tell(key, event, source);
  }

  #tell(key: string, event: LoginEvent, source: Source): void {
    source.told = source.failures;
    const { remoteAddress, service } = event;
    const shown = plainText(service, 40);
    const isSpraying = source.users.size >= this.#context.settings.users;
    const names = [...source.users].sort(([, a], [, b]) => b - a).map(([name]) => plainText(name, 40));
    const victim = remoteAddress === undefined ? undefined : this.#ownAddresses.get(remoteAddress);
    const who = remoteAddress === undefined ? plainText(event.user, 40) : plainText(remoteAddress, 64);
    const severity: Severity =
      source.success !== undefined ? 'high' : remoteAddress === undefined || isSpraying ? 'medium' : 'low';
    const whom = names.slice(0, 3).join(', ');
    const finding = hostFinding(
      {
        detector: 'login-guessing',
        kind: 'brute-force',
        cause: `login-guessing/${plainText(key, 120)}`,
        firstSeenMs: source.firstSeenMs,
        lastSeenMs: source.lastSeenMs,
        severity,
        confidence: source.success === undefined ? 0.75 : 0.85,
        techniques: [
          isSpraying ? 'T1110.003' : 'T1110.001',
          ...(source.success === undefined ? [] : [remoteAddress === undefined ? 'T1548.003' : 'T1078']),
        ],
        title:
          source.success === undefined
            ? `${who} guesses passwords (${shown})`
            : `${who} got in as ${plainText(source.success, 40)} after ${source.failures} failures (${shown})`,
        explanation: `${source.failures} logins failed within ${Math.max(1, Math.round((source.lastSeenMs - source.firstSeenMs) / 1_000))} s, for ${source.users.size === 1 ? `the user ${whom}` : `${source.users.size} users`}. People who forgot a password try a few times. ${source.success === undefined ? 'None of them worked so far.' : 'Then one worked: the password was guessed, unless its owner was the one who tried.'}`,
        evidence: [
          {
            name: 'failed logins',
            value: source.failures,
            unit: 'logins',
            usual: '0–4',
            usualRange: { low: 0, high: 4 },
            meaning: 'How often it was refused.',
          },
          {
            name: 'users',
            value: source.users.size,
            unit: 'users',
            usual: '1',
            meaning: `Tried were ${names.slice(0, 8).join(', ')}.`,
          },
          { name: 'service', value: shown, meaning: 'What asked for the password.' },
        ],
        ...(event.process !== undefined && { process: event.process }),
      },
      this.#context.processes,
    );
    if (remoteAddress === undefined) {
      this.#context.report(finding);
      return;
    }
    this.#context.report({
      ...finding,
      attackers: [remoteAddress],
      attackerCount: 1,
      ...(victim !== undefined && { victims: [victim], victimCount: 1 }),
    });
  }
}

function emptySource(timeMs: number): Source {
  return { firstSeenMs: timeMs, lastSeenMs: timeMs, failures: 0, users: new Map(), told: 0, success: undefined };
}

/** Who tries: an address from outside; on this computer the user who asks to become another one. */
function sourceKey({ remoteAddress, user, service }: LoginEvent): string {
  return remoteAddress === undefined || remoteAddress === ''
    ? `${service.slice(0, MAX_NAME)}/${user.slice(0, MAX_NAME)}`
    : remoteAddress.slice(0, MAX_NAME);
}

export const loginGuessingBehaviour = defineBehaviour({
  id: 'login-guessing',
  kinds: ['brute-force'],
  summary: 'Logins fail again and again, and sometimes one works in the end, as the logs tell.',
  techniques: ['T1110.001', 'T1110.003', 'T1078', 'T1548.003'],
  settings,
  events: ['login', 'network-connection'],
  memoryBound: '4,096 sources of up to 64 names, and 4,096 addresses of 200 B',
  create: (context) => new LoginGuessingWatcher(context),
});
