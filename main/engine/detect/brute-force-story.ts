import { type Evidence, type Finding, MAX_LISTED_HOSTS } from '../../../contract/domain.ts';
import { countOf, formatCount, formatDuration, ratePerSecond, sharedSubnet } from './finding-text.ts';
import type { LoginBook } from './login-book.ts';
import type { LoginProtocol } from './login-protocols.ts';

/** From so many hosts on it is a few passwords tried everywhere, and not many at one. */
const SPRAYED_HOSTS = 4;
/** Below this rate a forgotten program with an old password is as likely as an attacker. */
const SLOW_PER_SECOND = 0.1;
/** What the server says is nearly certain; the look of encrypted sessions a little less. */
const READ_CONFIDENCE = 0.95;
const LOOKS_CONFIDENCE = 0.85;
const ROUTINE_CONFIDENCE = 0.6;

interface TriedHost {
  readonly address: string;
  readonly tries: number;
  readonly breaches: number;
}

/** Says what is known of a campaign of password guessing. Reads all targets: not for the hot path. */
export function describeBruteForce(book: LoginBook, campaign: number, protocol: LoginProtocol): Finding {
  const attacker = book.campaigns.addressText(campaign);
  const hosts = triedHosts(book, campaign);
  const names = hosts.slice(0, MAX_LISTED_HOSTS).map((host) => host.address);
  const breached = hosts.filter((host) => host.breaches > 0);
  const failures = book.failures[campaign]!;
  const tries = book.tries(campaign);
  const seconds = Math.max(0, book.lastUs[campaign]! - book.firstUs[campaign]!) / 1e6;
  const rate = ratePerSecond(tries, seconds);
  const readable = failures > 0;
  const slow = rate < SLOW_PER_SECOND;
  // Different passwords, read in clear text, are no program with an old one, however slow.
  const certain = readable && protocol.credential !== undefined;
  const routine = !readable && protocol.session?.isRoutine === true;
  const mild = routine || (slow && !certain);
  const where = whereText(names, hosts.length);
  const sprayed = hosts.length >= SPRAYED_HOSTS;
  const techniques = [sprayed ? 'T1110.003' : 'T1110.001', ...(breached.length > 0 ? ['T1078'] : [])];
  return {
    detector: 'brute-force',
    kind: 'brute-force',
    cause: `brute-force/${attacker}/${protocol.service}`,
    firstSeenMs: book.firstUs[campaign]! / 1000,
    lastSeenMs: book.lastUs[campaign]! / 1000,
    severity: breached.length > 0 ? 'high' : mild ? 'low' : 'medium',
    confidence: readable ? READ_CONFIDENCE : routine ? ROUTINE_CONFIDENCE : LOOKS_CONFIDENCE,
    techniques,
    attackers: [attacker],
    victims: names,
    attackerCount: 1,
    victimCount: hosts.length,
    title:
      breached.length > 0
        ? `${attacker} guessed a password for ${protocol.name} on ${where} and got in`
        : `${attacker} is guessing passwords for ${protocol.name} on ${where}`,
    explanation: explain(),
    evidence: evidence(),
  };

  function explain(): string {
    const pace = `within ${formatDuration(seconds)}, about ${formatCount(Math.max(1, rate * 60))} a minute; a person makes one to three mistakes`;
    const sentences = readable
      ? [`${attacker} failed ${countOf(tries, 'time')} to log in to ${protocol.name} on ${where} ${pace}.`]
      : [
          `${attacker} opened ${countOf(tries, 'short session')} of the same size to ${protocol.name} on ${where} ${pace}.`,
          'What was answered cannot be read, but sessions in which a login works are longer and differ from each other.',
        ];
    if (breached.length > 0) {
      sentences.push(
        `Then a login at ${breached[0]!.address} worked: whoever it was is now in, and the password should be changed.`,
      );
    } else if (routine) {
      sentences.push('Programs that log in for others, such as a webmail server, can look the same.');
    } else if (slow && !certain) {
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
