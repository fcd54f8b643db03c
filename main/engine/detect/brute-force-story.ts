import { type Evidence, type Finding, MAX_LISTED_HOSTS, type Severity } from '../../../contract/domain.ts';
import { countOf, formatCount, formatDuration, ratePerSecond, sharedSubnet } from './finding-text.ts';
import type { LoginBook } from './login-book.ts';
import type { TriedNames } from './login-names.ts';
import type { LoginProtocol } from './login-protocols.ts';
import { isPrivileged, nameEvidence, readNames } from './name-guessing.ts';

/** From so many hosts on it is a few passwords tried everywhere, and not many at one. */
const SPRAYED_HOSTS = 4;
/** Below this rate a forgotten program with an old password is as likely as an attacker. */
const SLOW_PER_SECOND = 0.1;
/** What the server says is nearly certain; the look of encrypted sessions a little less. */
const READ_CONFIDENCE = 0.95;
const LOOKS_CONFIDENCE = 0.85;
const ROUTINE_CONFIDENCE = 0.6;
/** One name at this pace or slower, with a password that nobody can compare, is what a program with an old one does. */
const ONE_NAME_PER_SECOND = 1 / 3;
/** Slow tries under so many names are no forgotten program, which has one or two. */
const MANY_NAMES = 4;
/** When most failures were seen to bring another password, it is guessing at any pace. */
const VARIED_SHARE = 0.5;

/** A login that worked after many that did not. */
export interface Breach {
  /** Empty where it cannot be read. */
  readonly user: string;
  readonly server: string;
  /** As people call the service where it worked. */
  readonly service: string;
  readonly timeUs: number;
}

interface TriedHost {
  readonly address: string;
  readonly tries: number;
  readonly breaches: number;
}

/** Says what is known of a campaign of password guessing. Reads all targets: not for the hot path. */
export function describeBruteForce(
  book: LoginBook,
  campaign: number,
  protocol: LoginProtocol,
  tried: TriedNames | undefined,
  breach: Breach | undefined,
): Finding {
  const attacker = book.campaigns.addressText(campaign);
  const hosts = triedHosts(book, campaign);
  const names = hosts.slice(0, MAX_LISTED_HOSTS).map((host) => host.address);
  const breached = hosts.filter((host) => host.breaches > 0);
  const failures = book.failures[campaign]!;
  const tries = book.tries(campaign);
  const seconds = Math.max(0, book.lastUs[campaign]! - book.firstUs[campaign]!) / 1e6;
  const rate = ratePerSecond(tries, seconds);
  const readable = failures > 0;
  const accounts = readNames(tried);
  const slow = rate < SLOW_PER_SECOND;
  // Different passwords, read in clear text, are no program with an old one, however slow.
  const certain = readable && book.varied[campaign]! >= failures * VARIED_SHARE;
  const routine = !readable && protocol.session?.isRoutine === true;
  const isOneName = accounts.count === 1 && hosts.length === 1 && rate < ONE_NAME_PER_SECOND;
  const isProgram = !certain && (isOneName || (slow && accounts.count < MANY_NAMES));
  const mild = routine || isProgram;
  const where = whereText(names, hosts.length);
  const sprayed = hosts.length >= SPRAYED_HOSTS;
  const techniques = [
    ...(accounts.techniques.length > 0 ? accounts.techniques : [sprayed ? 'T1110.003' : 'T1110.001']),
    ...(breached.length > 0 ? ['T1078'] : []),
  ];
  return {
    detector: 'brute-force',
    kind: 'brute-force',
    cause: `brute-force/${attacker}/${protocol.service}`,
    firstSeenMs: book.firstUs[campaign]! / 1000,
    lastSeenMs: book.lastUs[campaign]! / 1000,
    severity: severity(),
    confidence: readable ? READ_CONFIDENCE : routine ? ROUTINE_CONFIDENCE : LOOKS_CONFIDENCE,
    techniques,
    attackers: [attacker],
    victims: names,
    attackerCount: 1,
    victimCount: hosts.length,
    title: title(),
    explanation: explain(),
    evidence: evidence(),
  };

  function severity(): Severity {
    if (breached.length > 0) return isPrivileged(breach?.user ?? '') ? 'critical' : 'high';
    return mild ? 'low' : 'medium';
  }

  function title(): string {
    if (breached.length === 0)
      return `${attacker} is guessing ${accounts.isSearch ? 'account names' : 'passwords'} for ${protocol.name} on ${where}`;
    if (breach === undefined || breach.user === '')
      return `${attacker} guessed a password for ${protocol.name} on ${where} and got in`;
    return `${attacker} got into ${breach.server} as ${breach.user} after ${countOf(tries, 'failed login')}`;
  }

  function explain(): string {
    const pace = `within ${formatDuration(seconds)}, about ${formatCount(Math.max(1, rate * 60))} a minute; a person makes one to three mistakes`;
    const sentences = readable
      ? [`${attacker} failed ${countOf(tries, 'time')} to log in to ${protocol.name} on ${where} ${pace}.`]
      : [
          `${attacker} opened ${countOf(tries, 'short session')} of the same size to ${protocol.name} on ${where} ${pace}.`,
          'What was answered cannot be read, but sessions in which a login works are longer and differ from each other.',
        ];
    sentences.push(...accounts.sentences);
    if (breached.length > 0) {
      const as = breach === undefined || breach.user === '' ? '' : ` as ${breach.user}`;
      const over = breach === undefined || breach.service === protocol.name ? '' : ` over ${breach.service}`;
      sentences.push(
        `Then a login at ${breach?.server ?? breached[0]!.address}${as}${over} worked: whoever it was is now in, and the password should be changed.`,
      );
    } else if (routine) {
      sentences.push('Programs that log in for others, such as a webmail server, can look the same.');
    } else if (isProgram) {
      sentences.push('This is slow: a program with an outdated password looks the same.');
    } else {
      sentences.push('No login was seen to work.');
    }
    return sentences.join(' ');
  }

  function evidence(): Evidence[] {
    const rows: Evidence[] = [
      {
        name: readable ? 'failed logins' : 'sessions that look alike',
        value: tries,
        unit: readable ? 'logins' : 'sessions',
        usual: readable ? '0 to 3' : '0 to 5 in two minutes',
        usualRange: { low: 0, high: readable ? 3 : 5 },
        meaning: readable
          ? 'The server turned these logins down.'
          : 'Short, of the same size and one after the other: a program tries passwords.',
      },
      {
        name: 'pace',
        value: Number((rate * 60).toPrecision(2)),
        unit: 'per minute',
        usual: 'under 2',
        usualRange: { low: 0, high: 2 },
        meaning: 'Nobody types passwords so fast.',
      },
      {
        name: 'hosts',
        value: hosts.length,
        unit: 'hosts',
        usual: '1',
        usualRange: { low: 1, high: 1 },
        meaning: sprayed ? 'The same was tried on many hosts.' : 'All tries went to few hosts.',
      },
      {
        name: 'port',
        value: book.ports[campaign]!,
        meaning: `${protocol.name} is reached there.`,
      },
      ...nameEvidence(tried),
    ];
    if (breached.length > 0) {
      rows.push({
        name: 'logins that worked afterwards',
        value: book.breaches[campaign]!,
        unit: 'logins',
        usual: '0',
        usualRange: { low: 0, high: 0 },
        meaning: 'After so many failures, a success means that a password was found.',
      });
      if (breach !== undefined && breach.user !== '') {
        rows.push({ name: 'account', value: breach.user, meaning: `It worked for ${breach.service}.` });
      }
    }
    return rows;
  }
}

/** Hosts of a campaign, those where it got in first, then by the number of tries. */
function triedHosts(book: LoginBook, campaign: number): readonly TriedHost[] {
  const id = book.ids[campaign]!;
  const hosts: TriedHost[] = [];
  for (let target = 0; target < book.targets.capacity; target++) {
    if (!book.targets.isUsed(target) || book.targets.extra(target) !== id) continue;
    const tries = book.targetFailures[target]! + book.targetAlike[target]!;
    if (tries === 0) continue;
    hosts.push({ address: book.targets.addressText(target), tries, breaches: book.targetBreaches[target]! });
  }
  return hosts.sort((a, b) => b.breaches - a.breaches || b.tries - a.tries);
}

function whereText(names: readonly string[], hostCount: number): string {
  if (hostCount === 1) return names[0] ?? 'a host';
  const subnet = sharedSubnet(names);
  return subnet === null ? countOf(hostCount, 'host') : `${countOf(hostCount, 'host')} of ${subnet}`;
}
