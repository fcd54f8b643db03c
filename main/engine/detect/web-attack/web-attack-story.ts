import type { Evidence, Finding } from '../../../../contract/domain.ts';
import { countOf, formatDuration, listOf } from '../finding-text.ts';
import type { AttackCase, AttackTally } from './attack-case.ts';
import { ATTACK_KINDS } from './attack-kinds.ts';
import type { PageSearch } from './page-search.ts';
import { certaintyRank } from './sighting.ts';

/** By the surest sign of a case. */
const CONFIDENCE = [0.5, 0.75, 0.9] as const;
const SUCCESS_CONFIDENCE = 0.98;
const SEARCH_CONFIDENCE = 0.85;
/** A scanner that says its name leaves no doubt. */
const TOOL_CONFIDENCE = 0.95;
const MAX_NAMED_ATTACKS = 3;
const MAX_SHOWN_ATTACKS = 6;

/** Says what one client tried at one server. */
export function describeAttacks(attack: AttackCase, severity: 'low' | 'medium' | 'high'): Finding {
  const ranked = attack.ranked();
  const names = listOf(
    ranked.map((tally) => ATTACK_KINDS[tally.attack].name),
    MAX_NAMED_ATTACKS,
  );
  const worked = ranked.filter((tally) => tally.success !== '');
  const surest = Math.max(...ranked.map((tally) => certaintyRank(tally.surest)));
  const who = attack.isTrusted ? `Somebody behind ${attack.attacker}` : attack.attacker;
  return {
    detector: 'web-attack',
    kind: attack.kind,
    cause: `${attack.kind}/http/${attack.attacker}/${attack.victim}`,
    firstSeenMs: attack.firstUs / 1000,
    lastSeenMs: attack.lastUs / 1000,
    severity,
    confidence: worked.length > 0 ? SUCCESS_CONFIDENCE : CONFIDENCE[surest]!,
    techniques: [...new Set(ranked.flatMap((tally) => ATTACK_KINDS[tally.attack].techniques))],
    attackers: attack.isTrusted ? [] : [attack.attacker],
    victims: [attack.victim],
    attackerCount: attack.isTrusted ? 0 : 1,
    victimCount: 1,
    title:
      worked.length > 0
        ? `${who} attacked the web server ${attack.victim} by ${ATTACK_KINDS[worked[0]!.attack].name}, and it worked`
        : `${who} attacked the web server ${attack.victim}: ${names}`,
    explanation: explain(attack, ranked, worked, who),
    evidence: evidenceOf(attack, ranked),
  };
}

function explain(
  attack: AttackCase,
  ranked: readonly AttackTally[],
  worked: readonly AttackTally[],
  who: string,
): string {
  const seconds = (attack.lastUs - attack.firstUs) / 1e6;
  const main = (worked[0] ?? ranked[0])!;
  const kind = ATTACK_KINDS[main.attack];
  const span = attack.requests > 1 ? ` within ${formatDuration(seconds)}` : '';
  const sentences = [
    `${who} sent ${countOf(attack.requests, 'request')}${span} to ${attack.victim} with what ordinary requests do not have.`,
    `The plainest is ${kind.name}, which ${kind.does}: in the ${main.example.place} it ${main.example.aim}.`,
  ];
  if (worked.length > 0) {
    sentences.push(kind.success, `It showed ${main.success}.`);
  } else sentences.push(answersText(attack));
  if (attack.isTrusted) {
    sentences.push(
      `${attack.attacker} is a part of this network that others speak through, so it is not named as the attacker.`,
    );
  }
  return sentences.join(' ');
}

function answersText({ answers }: AttackCase): string {
  const { accepted, refused, failed } = answers;
  if (accepted + failed === 0)
    return refused > 0 ? 'The server turned all of them down.' : 'How the server answered was not seen.';
  if (failed > 0) return `${countOf(failed, 'request')} made the server fail, so some of it got as far as its program.`;
  return `The server answered ${countOf(accepted, 'of them', 'of them')} as if nothing were wrong; whether they had an effect is not to be seen.`;
}

function evidenceOf(attack: AttackCase, ranked: readonly AttackTally[]): Evidence[] {
  const rows: Evidence[] = [
    {
      name: 'requests with attacks',
      value: attack.requests,
      unit: 'requests',
      usual: '0',
      usualRange: { low: 0, high: 0 },
      meaning: 'Requests in which code stands where a value belongs.',
    },
  ];
  for (const tally of ranked.slice(0, MAX_SHOWN_ATTACKS)) {
    rows.push({
      name: ATTACK_KINDS[tally.attack].name,
      value: tally.example.value === '' ? tally.request : tally.example.value,
      meaning: `In the ${tally.example.place} of ${tally.request}; ${countOf(tally.requests, 'request')} of this kind. It ${tally.example.aim}.`,
    });
    if (tally.success !== '') {
      rows.push({
        name: 'it worked',
        value: tally.success,
        usual: 'none',
        meaning: ATTACK_KINDS[tally.attack].success,
      });
    }
  }
  const { accepted, refused, failed } = attack.answers;
  rows.push({
    name: 'answers',
    value: `${accepted} fine, ${refused} refused, ${failed} failed`,
    meaning: 'How the server took these requests: 2xx and 3xx, 4xx, 5xx.',
  });
  if (attack.pages.size > 0)
    rows.push({ name: 'pages', value: listOf([...attack.pages], 5), meaning: 'What was attacked.' });
  rows.push({ name: 'port', value: attack.port, meaning: 'The web server is reached there.' });
  if (attack.userAgent !== '')
    rows.push({ name: 'program', value: attack.userAgent, meaning: 'What the sender says that it is.' });
  if (attack.forwardedFor !== '') {
    rows.push({ name: 'forwarded for', value: attack.forwardedFor, meaning: 'For whom the sender says that it asks.' });
  }
  return rows;
}

/** Says who goes through a server in search of weak or hidden pages. */
export function describeSearch(search: PageSearch): Finding {
  const { client, server, tool, misses, isTrusted } = search;
  const seconds = (search.lastUs - search.firstUs) / 1e6;
  const pages = Math.max(search.sensitive.size, search.tops.size);
  const who = isTrusted ? `Somebody behind ${client}` : client;
  const kind = ATTACK_KINDS.scan;
  const named = tool === '' ? '' : ` It says that it is ${tool}, a tool that searches for weaknesses.`;
  return {
    detector: 'web-attack',
    kind: 'web-attack',
    cause: `web-attack/search/${client}/${server}`,
    firstSeenMs: search.firstUs / 1000,
    lastSeenMs: search.lastUs / 1000,
    severity: 'medium',
    confidence: tool === '' ? SEARCH_CONFIDENCE : TOOL_CONFIDENCE,
    techniques: kind.techniques,
    attackers: isTrusted ? [] : [client],
    victims: [server],
    attackerCount: isTrusted ? 0 : 1,
    victimCount: 1,
    title: `${who} searched the web server ${server} for weak or hidden pages: ${countOf(misses, 'request')} in vain`,
    explanation:
      `${who} asked ${server} for ${countOf(misses, 'page')} that ${misses === 1 ? 'is' : 'are'} not there, within ${formatDuration(seconds)}; ` +
      `a browser meets a few broken links a day.${named} Such a search ${kind.does}.` +
      (isTrusted
        ? ` ${client} is a part of this network that others speak through, so it is not named as the attacker.`
        : ''),
    evidence: [
      {
        name: 'pages that are not there',
        value: misses,
        unit: 'requests',
        usual: '0 to 5',
        usualRange: { low: 0, high: 5 },
        meaning: 'Each was answered with 404, 403 or another refusal.',
      },
      {
        name: 'different ones',
        value: pages,
        unit: 'pages',
        usual: '0 to 5',
        usualRange: { low: 0, high: 5 },
        meaning: 'A broken link is asked for again and again; a search asks for another page each time.',
      },
      ...(search.sensitive.size === 0
        ? []
        : [
            {
              name: 'what scanners look for',
              value: listOf([...search.sensitive], 5),
              meaning: 'Names of configurations, backups, consoles and of programs with known weaknesses.',
            },
          ]),
      { name: 'port', value: search.port, meaning: 'The web server is reached there.' },
    ],
  };
}
