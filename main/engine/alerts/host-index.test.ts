import { expect, it } from 'vitest';
import { AlertEntry } from './entry.ts';
import { HostIndex } from './host-index.ts';
import { statementOf } from './statement.ts';

/** Many forged sources of one flood. */
function entry(sequence: number, attackers: readonly string[]): AlertEntry {
  const statement = statementOf({
    detector: 'flood',
    kind: 'denial-of-service',
    cause: `flood ${sequence}`,
    firstSeenMs: 0,
    lastSeenMs: 1_000,
    severity: 'high',
    confidence: 0.9,
    techniques: [],
    attackers,
    victims: [],
    attackerCount: attackers.length,
    victimCount: 0,
    title: 'flood',
    explanation: 'flood',
    evidence: [],
  });
  const made = new AlertEntry(`a-${sequence}`, sequence, statement);
  made.say(statement);
  return made;
}

it('finds the latest of each host, and no more of all together than can be compared with one finding', () => {
  const index = new HostIndex();
  const sources = Array.from({ length: 64 }, (_, number) => `192.0.2.${number}`);
  const entries = sources.flatMap((source, host) =>
    Array.from({ length: 128 }, (_, number) => entry(host * 128 + number, [source])),
  );
  for (const each of entries) index.put(each);
  expect(index.sharing(sources.slice(0, 1)).size).toBe(128);
  const found = index.sharing(sources);
  expect(found.size).toBe(2_048);
  for (let host = 0; host < sources.length; host++) expect(found).toContain(entries[host * 128 + 127]);
});
