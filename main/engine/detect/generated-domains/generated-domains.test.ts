import { describe, expect, it } from 'vitest';
import { DNS_CLIENT, LETTERS, type Lookup, lookUp, textSource } from '../dns-testing.ts';
import { NO_ROLES, Player } from '../testing.ts';
import { generatedDomainsDetector } from './generated-domains.ts';

type Text = ReturnType<typeof textSource>;

function played(
  count: number,
  lookupOf: (index: number, text: Text) => Lookup,
  everySeconds = 1,
  landscape = NO_ROLES,
): Player {
  const player = new Player(generatedDomainsDetector, landscape);
  const text = textSource(13);
  for (let index = 0; index < count; index++) {
    lookUp(player, lookupOf(index, text));
    player.wait(everySeconds);
  }
  player.finish();
  return player;
}

const TOP_LEVELS = ['com', 'net', 'org', 'info', 'biz', 'ru', 'co.uk'];
const topLevel = (index: number) => TOP_LEVELS[index % TOP_LEVELS.length] ?? 'com';
const WORDS = ['river', 'stone', 'market', 'silver', 'garden', 'winter', 'paper', 'island', 'copper', 'village'];
const word = (index: number) => WORDS[index % WORDS.length] ?? 'river';

describe('the detector of generated domains', () => {
  it.each<[string, number, number, (index: number, text: Text) => Lookup]>([
    ['letters by lot', 40, 0.3, (index, text) => ({ name: `${text(LETTERS, 12)}.${topLevel(index)}` })],
    ['short letters by lot', 40, 1, (_, text) => ({ name: `${text(LETTERS, 9)}.com` })],
    ['letters and digits', 40, 1, (_, text) => ({ name: `${text(`${LETTERS}0123456789`, 20)}.net` })],
    ['one a minute', 40, 60, (index, text) => ({ name: `www.${text(LETTERS, 14)}.${topLevel(index)}` })],
    ['names of a giver of names', 40, 1, (_, text) => ({ name: `${text(LETTERS, 11)}.ddns.net` })],
    ['names that lead nowhere', 40, 1, (_, text) => ({ name: `${text(LETTERS, 14)}.com`, answers: ['0.0.0.0'] })],
    [
      'a laboratory that answers everything',
      40,
      1,
      (_, text) => ({ name: `${text(LETTERS, 14)}.com`, answers: ['192.0.2.1'] }),
    ],
    ['words put together', 90, 1, (index) => ({ name: `${word(index)}${word(((index * 7) / 3) | 0)}${index}.com` })],
  ])('finds %s', (_name, count, everySeconds, lookup) => {
    const player = played(count, lookup, everySeconds);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      kind: 'command-and-control',
      victims: [DNS_CLIENT],
      attackers: [],
      techniques: ['T1568.002'],
    });
  });

  it('names the controller that is found in the end', () => {
    const player = played(60, (index, text) => ({
      name: `${text(LETTERS, 13)}.${topLevel(index)}`,
      ...(index === 40 ? { answers: ['198.51.100.66'] } : {}),
    }));
    expect(player.alerts[0]).toMatchObject({ attackers: ['198.51.100.66'], severity: 'high' });
  });

  it('never names whom the landscape protects', () => {
    const lookup = (index: number, text: Text) => ({
      name: `${text(LETTERS, 13)}.com`,
      ...(index === 40 ? { answers: ['198.51.100.66'] } : {}),
    });
    const player = played(60, lookup, 1, { ...NO_ROLES, mayBeAttacker: () => false });
    expect(player.alerts[0]?.attackers).toEqual([]);
  });

  it.each<[string, number, number, (index: number, text: Text) => Lookup]>([
    ['a browser that tries single words', 300, 1, (_, text) => ({ name: text(LETTERS, 12) })],
    [
      'names tried below the company’s domain',
      300,
      1,
      (_, text) => ({ name: `${text(LETTERS, 12)}.corp.example.org` }),
    ],
    ['names of the local network', 300, 1, (_, text) => ({ name: `${text(LETTERS, 12)}.local` })],
    ['hashed hosts that are gone', 300, 1, (_, text) => ({ name: `${text(LETTERS, 14)}.cdn.example.net` })],
    ['block lists', 500, 0.2, (index) => ({ name: `${index % 251}.1.0.192.zen.example.org` })],
    ['reverse look-ups', 500, 0.2, (index) => ({ name: `${index % 251}.1.0.192.in-addr.arpa` })],
    ['a few mistyped names', 6, 10, (_, text) => ({ name: `${text(LETTERS, 10)}.com` })],
    ['one missing name, again and again', 2_000, 1, () => ({ name: 'xkqvzwjdbnq.com' })],
    [
      'dead links among live ones',
      200,
      1,
      (index) => ({
        name: `${word(index)}${word(index >> 3)}${index}.com`,
        ...(index % 3 === 0 ? {} : { answers: [`198.51.100.${index}`] }),
      }),
    ],
    [
      'odd names that exist',
      200,
      1,
      (index, text) => ({ name: `${text(LETTERS, 9)}.com`, answers: [`198.51.${index}.7`] }),
    ],
    ['a mail server that checks senders', 200, 1, (_, text) => ({ name: `${text(LETTERS, 12)}.com`, type: 'MX' })],
    ['mistyped names over a day', 60, 1_200, (_, text) => ({ name: `${text(LETTERS, 10)}.com` })],
  ])('is silent about %s', (_name, count, everySeconds, lookup) => {
    expect(played(count, lookup, everySeconds).findings).toEqual([]);
  });

  it('asks more of a resolver, which asks for all of its clients', () => {
    const lookup = (_: number, text: Text) => ({ name: `${text(LETTERS, 12)}.com` });
    const landscape = { ...NO_ROLES, isDnsServer: () => true };
    expect(played(60, lookup, 1, landscape).findings).toEqual([]);
    expect(played(150, lookup, 1, landscape).alerts).toHaveLength(1);
  });

  it('speaks early, seldom, and last of all', () => {
    const player = played(3_000, (_, text) => ({ name: `${text(LETTERS, 12)}.com` }), 0.05);
    expect(player.findings.length).toBeLessThan(15);
    expect(player.findings[0]?.evidence[0]?.value).toBeLessThan(20);
    expect(player.findings.at(-1)?.evidence[0]?.value).toBeGreaterThan(2_900);
  });
});
