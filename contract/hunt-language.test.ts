import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  completeHunt,
  HUNT_KEYWORDS,
  HUNT_OPERATORS,
  HUNT_TABLES,
  huntTokens,
  MAX_COMPARISONS,
  MAX_DEPTH,
  MAX_PROBLEMS,
  MAX_QUERY_LENGTH,
  momentOf,
  parseHunt,
  printHunt,
} from './hunt-language.ts';

const NOW = Date.UTC(2026, 10, 21, 12);

function query(text: string) {
  const parsed = parseHunt(text);
  expect(parsed.problems, text).toEqual([]);
  if (parsed.query === null) throw new Error('no query and no problem');
  return parsed.query;
}

function problem(text: string) {
  const { query: none, problems } = parseHunt(text);
  expect(none, text).toBeNull();
  const first = problems[0];
  if (first === undefined) throw new Error(`${text} has no problem`);
  return { ...first, at: text.slice(first.start, first.end) };
}

/** Pieces that queries are made of, right and wrong. */
const PIECES = [
  ...HUNT_TABLES.flatMap(({ name, fields }) => [name, ...fields.map((field) => field.name)]),
  ...Object.keys(HUNT_KEYWORDS),
  ...HUNT_OPERATORS.map(({ symbol }) => symbol),
  ...['count', 'sum', 'avg', 'min', '|', '(', ')', ',', '"', "'", '"a b"', '\\', '10.0.0.0/8', '10.0.0.5', '::1'],
  ...['fe80::/10', '24h', '1MB', '22', 'high', 'tcp', 'dns', '2026-11-20', '2026-11-20T10:00:00Z', '=', '!', '0'],
];
const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join(' '));
const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), soup);

/** Queries that are right: put together by the rules. */
const comparison = fc.constantFrom(
  ...['port = 22', 'bytes > 1.5MB', 'host in 10.0.0.0/8', 'responder not in (10.0.0.1, fe80::/10)', 'duration <= 90s'],
  ...['time >= 24h', 'time < 2026-11-20T10:00Z', 'service = dns', 'id matches "s-*"', 'transport in (tcp, udp, 89)'],
  ...['initiator contains "1\\"0"', 'bytes in (1KiB, 3)', 'packets = 0', 'end != idle', "id = 'a b'"],
);
const condition = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    comparison,
    tie('node').map((inner) => `not ${inner}`),
    fc
      .tuple(tie('node'), fc.constantFrom('and', 'or'), tie('node'))
      .map(([left, word, right]) => `(${left} ${word} ${right})`),
    fc.tuple(tie('node'), tie('node')).map(([left, right]) => `${left} and ${right}`),
  ),
})).node;
const ending = fc.constantFrom(
  ...[
    '',
    'since 24h',
    'since 2026-11-20 until 1h',
    'sort by bytes desc, time',
    'limit 5',
    'since now sort by id limit 1',
  ],
  ...['| count', '| count by host, 1h | sort by count desc', '| sum bytes by responder limit 3'],
  ...['| count distinct responder by initiator', '| avg duration by 90m, service | sort by average, time desc'],
);
const right = fc.tuple(condition, ending).map(([where, end]) => `flows where ${where} ${end}`);

describe('parseHunt', () => {
  it('reads what the guide shows', () => {
    expect(
      query('flows where port = 22 and bytes > 1MB and initiator in 10.0.0.0/8 since 24h sort by bytes desc limit 50'),
    ).toEqual({
      table: 'flows',
      where: {
        type: 'and',
        conditions: [
          { type: 'compare', field: 'port', operator: '=', values: [{ type: 'number', value: 22 }] },
          { type: 'compare', field: 'bytes', operator: '>', values: [{ type: 'number', value: 1_000_000 }] },
          {
            type: 'compare',
            field: 'initiator',
            operator: 'in',
            values: [{ type: 'network', address: '10.0.0.0', prefix: 8 }],
          },
        ],
      },
      since: { type: 'ago', ms: 86_400_000 },
      until: null,
      aggregate: null,
      sort: [{ name: 'bytes', direction: 'desc' }],
      limit: 50,
    });
    expect(query('flows | sum bytes by host, 1h').aggregate).toEqual({
      function: 'sum',
      field: 'bytes',
      by: [
        { type: 'field', name: 'host' },
        { type: 'span', ms: 3_600_000 },
      ],
    });
    expect(query('alerts where severity >= high and title contains "ssh"').table).toBe('alerts');
  });

  it('takes names and words in any case', () => {
    expect(query('FLOWS WHERE ResponderPORT = 22 AND Service = DNS')).toEqual(
      query('flows where responderPort = 22 and service = dns'),
    );
  });

  it.each([
    ['', '', 'flows or alerts'],
    ['flow', 'flow', 'Did you mean flows?'],
    ['flows where', '', 'For example'],
    ['flows where prot = 22', 'prot', 'Did you mean port?'],
    ['flows where service = sssh', 'sssh', 'Did you mean ssh?'],
    ['flows where bytes > lots', 'lots', '1MB'],
    ['flows where port = 70000', '70000', '22'],
    ['flows where initiator in 10.0.0.0/33', '10.0.0.0/33', '0 to 32'],
    ['flows where initiator = 300.1.1.1', '300.1.1.1', '10.0.0.5'],
    ['flows where initiator > 10.0.0.1', '>', 'Use one of'],
    ['flows where (port = 22', '(', 'Add ")"'],
    ['flows where id = "x', '"x', 'closing quote'],
    ['flows where port in (22, 23', '(', 'commas'],
    ['flows where port = 22 adn bytes > 1', 'adn', 'Did you mean and?'],
    ['flows since yesterday', 'yesterday', '24h'],
    ['flows since 2026-02-30', '2026-02-30', '2026-11-20'],
    ['flows sort by host', 'host', 'another field'],
    ['flows | count by host | where port = 22', 'where', 'sort and limit'],
    ['flows | count by host | sort by bytes', 'bytes', 'host, count'],
    ['flows | sum service', 'service', 'bytes'],
    ['flows limit 0', '0', 'whole number'],
    ['flows limit 5 limit 6', 'limit', 'Once'],
    ['flows |', '', 'begins with'],
  ])('says where %s is wrong and what to do', (text, at, hint) => {
    const found = problem(text);
    expect(found.at).toBe(at);
    expect(found.hint).toContain(hint);
    expect(found.message).not.toBe('');
  });

  it('tells several wrong values at once', () => {
    const { problems } = parseHunt('flows where port = x and bytes > y and service = dnss');
    expect(problems.map(({ start }) => start)).toEqual([19, 33, 49]);
  });

  it('is bounded', () => {
    expect(problem(`flows where ${'('.repeat(MAX_DEPTH * 3)}`).message).toContain('nested');
    expect(problem(`flows where ${'not '.repeat(MAX_DEPTH * 3)} port = 1`).message).toContain('nested');
    const comparisons = Array.from({ length: MAX_COMPARISONS + 1 }, () => 'port = 1').join(' or ');
    expect(problem(`flows where ${comparisons}`).message).toContain('comparisons');
    expect(problem('x'.repeat(MAX_QUERY_LENGTH + 1)).message).toContain('characters');
    const wrong = Array.from({ length: 20 }, () => 'port = x').join(' or ');
    expect(parseHunt(`flows where ${wrong}`).problems).toHaveLength(MAX_PROBLEMS);
  });

  it('never throws, and says something within the text about whatever it does not take', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const { query: found, problems } = parseHunt(text);
        expect(found === null).toBe(problems.length > 0);
        for (const { start, end, message, hint } of problems) {
          expect(start <= end && start >= 0 && end <= text.length).toBe(true);
          expect(message.length * hint.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('printHunt', () => {
  it('gives a query that reads the same', () => {
    fc.assert(
      fc.property(right, (text) => {
        const first = query(text);
        const printed = printHunt(first);
        expect(query(printed)).toEqual(first);
        expect(printHunt(query(printed))).toBe(printed);
      }),
    );
  });

  it('does so for whatever is taken at all', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const { query: found } = parseHunt(text);
        if (found !== null && printHunt(found).length <= MAX_QUERY_LENGTH) {
          expect(parseHunt(printHunt(found)).query).toEqual(found);
        }
      }),
    );
  });

  it('writes units as people do', () => {
    expect(printHunt(query('flows where bytes>=1500000 and duration<7200s since 1440m'))).toBe(
      'flows where bytes >= 1500kB and duration < 2h since 1d',
    );
  });
});

describe('momentOf', () => {
  it('counts back from now, and takes a date as it is written', () => {
    expect(momentOf({ type: 'ago', ms: 1000 }, NOW)).toBe(NOW - 1000);
    expect(momentOf({ type: 'at', text: '2026-11-20T10:00:00+02:00' }, NOW)).toBe(Date.UTC(2026, 10, 20, 8));
    expect(momentOf({ type: 'at', text: '2026-11-20' }, NOW)).toBe(new Date(2026, 10, 20).getTime());
    expect(momentOf({ type: 'at', text: '2026-11-31' }, NOW)).toBeNaN();
  });
});

describe('completeHunt', () => {
  const labels = (text: string) => completeHunt(text, text.length).suggestions.map(({ label }) => label);

  it('knows what can follow', () => {
    expect(labels('')).toEqual(HUNT_TABLES.map(({ name }) => name));
    expect(labels('flows ')).toEqual(expect.arrayContaining(['where', 'since', 'sort by', 'limit', 'count', '|']));
    expect(labels('flows where ')).toEqual(expect.arrayContaining(['initiator', 'bytes', 'not', '(']));
    expect(labels('flows where port ')).toEqual(['=', '!=', '<', '<=', '>', '>=', 'in']);
    expect(labels('flows where service = ')).toEqual(expect.arrayContaining(['dns', 'ssh']));
    expect(labels('flows where port = 22 ')).toEqual(expect.arrayContaining(['and', 'or', 'since', '|']));
    expect(labels('flows | sum ')).toEqual(expect.arrayContaining(['bytes', 'duration']));
    expect(labels('flows | sum ')).not.toContain('service');
    expect(labels('flows | count by host | sort by ')).toEqual(['host', 'count']);
    expect(labels('flows since ')).toContain('24h');
    expect(labels('flows sort ')).toEqual(['by']);
  });

  it('replaces the word that is being written, also in the middle of a query', () => {
    expect(completeHunt('flows where resp', 16)).toMatchObject({ start: 12, end: 16, values: null });
    expect(labels('flows where resp').slice(0, 3)).toEqual(['responder', 'responderPort', 'responderBytes']);
    const text = 'flows where servi = dns';
    expect(completeHunt(text, 15)).toMatchObject({ start: 12, end: 17, suggestions: [{ label: 'service' }] });
  });

  it('tells which field a value is for', () => {
    expect(completeHunt('flows where initiator = 10.0', 28).values).toEqual({ field: 'initiator', prefix: '10.0' });
    expect(completeHunt('alerts where title contains "ss', 31)).toMatchObject({
      start: 28,
      values: { field: 'title', prefix: 'ss' },
    });
  });

  it('never throws and stays inside the text', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: -5, max: 300 }), (text, position) => {
        const { start, end } = completeHunt(text, position);
        expect(start <= end && start >= 0 && end <= text.length).toBe(true);
      }),
    );
  });
});

describe('huntTokens', () => {
  it('says what each piece is', () => {
    const text = 'flows where host in (10.0.0.0/8) and bytes > 1MB since 24h | count by service sort by count';
    expect(huntTokens(text).map(({ kind, start, end }) => `${kind}:${text.slice(start, end)}`)).toEqual([
      ...['table:flows', 'keyword:where', 'field:host', 'operator:in', 'punctuation:(', 'address:10.0.0.0/8'],
      ...['punctuation:)', 'keyword:and', 'field:bytes', 'operator:>', 'number:1MB', 'keyword:since', 'time:24h'],
      ...[
        'punctuation:|',
        'function:count',
        'keyword:by',
        'field:service',
        'keyword:sort',
        'keyword:by',
        'field:count',
      ],
    ]);
  });

  it('covers the text in order, whatever it is', () => {
    fc.assert(
      fc.property(anything, (text) => {
        let at = 0;
        for (const { start, end } of huntTokens(text)) {
          expect(text.slice(at, start).trim()).toBe('');
          expect(end).toBeGreaterThan(start);
          at = end;
        }
      }),
    );
  });
});
