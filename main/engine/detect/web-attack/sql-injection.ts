import { type Sighting, surer } from './sighting.ts';
import { type SqlTokens, sqlTokens, TOKEN } from './sql-tokens.ts';

/** Functions that make the database wait: the answer's delay tells what it will not print. */
const WAITING = new Set([
  'sleep',
  'benchmark',
  'pg_sleep',
  'dbms_lock.sleep',
  'dbms_pipe.receive_message',
  'randomblob',
]);
/** Those among them that nothing but SQL has. */
const OWN_WAITING = new Set(['pg_sleep', 'dbms_lock.sleep', 'dbms_pipe.receive_message']);
/** Functions that put what they are given into an error message, or ask elsewhere. */
const TELLING = new Set([
  'extractvalue',
  'updatexml',
  'ctxsys.drithsx.sn',
  'utl_inaddr.get_host_address',
  'utl_inaddr.get_host_name',
  'utl_http.request',
  'xmltype',
  'gtid_subset',
  'gtid_subtract',
  'json_keys',
  'geometrycollection',
]);
/** Names that lead to what a database holds, and to files and programs of its host. */
const CATALOGUE = ['information_schema', 'sysobjects', 'syscolumns', 'pg_catalog', 'sqlite_master', 'mysql.user'];
const CATALOGUE_OTHERS = ['all_tables', 'all_tab_columns', 'user_tables', 'sys.tables', 'sys.databases', 'v$version'];
const POWERFUL = new Set(['xp_cmdshell', 'load_file', 'outfile', 'dumpfile', 'xp_dirtree', 'lo_import', 'sp_oacreate']);
/** What an injected condition asks for. */
const QUERIED = new Set([
  ...['ascii', 'ord', 'substring', 'substr', 'mid', 'length', 'len', 'if', 'iif', 'exists', 'char', 'chr', 'hex'],
  ...['version', 'user', 'database', 'current_user', 'concat', 'count', 'cast', 'convert', 'exp', 'rand', 'floor'],
  ...[
    'group_concat',
    'elt',
    'make_set',
    'row',
    'ifnull',
    'nullif',
    'coalesce',
    'unhex',
    'bin',
    'left',
    'right',
    'lower',
  ],
  ...TELLING,
  ...WAITING,
]);
/** What must follow a stacked statement, so that it is one. */
const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  drop: ['table', 'database', 'user', 'view', 'procedure', 'schema', 'column', 'function', 'index'],
  create: ['table', 'database', 'user', 'procedure', 'function', 'login', 'or', 'extension', 'alias', 'trigger'],
  alter: ['table', 'database', 'user', 'login', 'role'],
  truncate: ['table'],
  insert: ['into'],
  delete: ['from'],
  waitfor: ['delay', 'time'],
  attach: ['database'],
};
/** Where a login is got around, the text before the quote is a name. */
const MAX_NAME_TEXT = 40;
/** Tokens behind a word within which what belongs to it is looked for. */
const NEAR = 24;

const LITERALS = `${TOKEN.number}${TOKEN.text}${TOKEN.constant}${TOKEN.variable}`;

/**
 * SQL that was put into a value of a request. The value is read three times: as it is, and as the rest of a text in
 * either kind of quotes. A value that is a whole statement is none: programs for databases send those on purpose.
 *
 * @param text in lower case, decoded
 */
export function findSqlInjection(text: string): Sighting | undefined {
  let best = judge(sqlTokens(text, ''), false);
  for (const quote of ["'", '"']) {
    if (best?.certainty === 'sure') return best;
    if (text.includes(quote)) best = surer(best, judge(sqlTokens(text, quote), true));
  }
  return best;
}

function judge(tokens: SqlTokens, isInText: boolean): Sighting | undefined {
  const lead = leadOf(tokens, isInText);
  if (lead === 'statement') return undefined;
  const isOut = lead === 'broken-out';
  return (
    findUnion(tokens, isOut) ??
    findPower(tokens, isOut) ??
    findWait(tokens, isOut) ??
    (isOut ? findStacked(tokens) : undefined) ??
    findSubquery(tokens, isOut) ??
    findCondition(tokens, isOut, isInText) ??
    (isOut ? findTail(tokens, isInText) : undefined) ??
    (isInText && isOut ? findEnd(tokens) : undefined)
  );
}

/**
 * `broken-out`: the value ends, and code follows. `statement`: all of it is a statement. `open`: words or nothing that
 * could be either.
 */
function leadOf({ shape, words }: SqlTokens, isInText: boolean): 'broken-out' | 'statement' | 'open' {
  if (!isInText && (shape[0] === TOKEN.select || shape[0] === TOKEN.statement)) return 'statement';
  let at = 0;
  if (!isInText) while (shape[at] === TOKEN.operator || shape[at] === '(') at++;
  if (!isInText && !`${LITERALS})`.includes(shape[at] ?? ' ')) {
    return at > 0 && shape[at] === TOKEN.select ? 'broken-out' : 'open';
  }
  at++;
  while (shape[at] === ')') at++;
  const next = shape[at];
  // "1 > 0 and 3 > 2" is arithmetic, "1 like (…)" is not.
  if (!isInText && next === TOKEN.comparison && '=<>!'.includes(words[at]![0]!)) return 'open';
  // Behind a value only these go on with code.
  if (next === undefined) return isInText ? 'broken-out' : 'open';
  return 'LCoU;c,BF'.includes(next) ? 'broken-out' : 'open';
}

function sighting(certainty: Sighting['certainty'], aim: string): Sighting {
  return { attack: 'sql-injection', certainty, aim };
}

/** `union [all] select` and something that is selected. */
function findUnion({ shape, words }: SqlTokens, isOut: boolean): Sighting | undefined {
  for (let i = shape.indexOf(TOKEN.union); i >= 0; i = shape.indexOf(TOKEN.union, i + 1)) {
    let at = i + 1;
    while (shape[at] === '(' || words[at] === 'all' || words[at] === 'distinct') at++;
    if (shape[at] !== TOKEN.select) continue;
    at++;
    while (shape[at] === '(' || words[at] === 'all' || words[at] === 'distinct') at++;
    const what = shape[at];
    if (what === undefined) continue;
    const behind = shape[at + 1];
    const isSelected =
      what === TOKEN.call || what === TOKEN.operator || what === TOKEN.variable || what === TOKEN.select;
    const isListed = behind === undefined || `,)${TOKEN.comment}${TOKEN.clause}${TOKEN.operator};`.includes(behind);
    const isNamed = what === TOKEN.name && (isOut || behind !== undefined);
    if (isSelected || (isListed && (isNamed || LITERALS.includes(what)))) {
      return sighting('sure', 'appends a query of its own (UNION SELECT)');
    }
  }
  return undefined;
}

function findPower({ shape, words }: SqlTokens, isOut: boolean): Sighting | undefined {
  const isQuery = isOut || shape.includes(`(${TOKEN.select}`) || shape.includes(`;${TOKEN.select}`);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (shape[i] === TOKEN.text) continue;
    if (POWERFUL.has(word) && (isOut || shape[i] === TOKEN.call || i > 0)) {
      if (isOut || isQuery) return sighting('sure', 'reads or writes files, or starts programs, through the database');
    }
    if (!isQuery) continue;
    if (CATALOGUE.some((name) => word.startsWith(name)) || CATALOGUE_OTHERS.includes(word)) {
      return sighting('sure', 'asks the database for the names of its tables');
    }
    if (shape[i] === TOKEN.call && TELLING.has(word)) {
      return sighting('sure', 'makes the database tell its data in an error message');
    }
  }
  return undefined;
}

function findWait({ shape, words }: SqlTokens, isOut: boolean): Sighting | undefined {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const isDelay = word === 'waitfor' && words[i + 1] === 'delay';
    if (!isDelay && !(shape[i] === TOKEN.call && WAITING.has(word))) continue;
    const before = shape.slice(0, i);
    const isCode = isOut || before.includes(TOKEN.select) || before.includes(TOKEN.logic) || words.includes('sysdate');
    if (isDelay || isCode || OWN_WAITING.has(word)) {
      return sighting('sure', 'makes the database wait, so that the delay tells what the page does not');
    }
  }
  return undefined;
}

function findStacked({ shape, words }: SqlTokens): Sighting | undefined {
  for (let i = shape.indexOf(';'); i >= 0; i = shape.indexOf(';', i + 1)) {
    const statement = words[i + 1] ?? '';
    const next = words[i + 2] ?? '';
    // Not what every object has: "constructor" is no statement.
    const wanted = Object.hasOwn(OBJECTS, statement) ? OBJECTS[statement] : undefined;
    const isStatement =
      wanted === undefined
        ? (shape[i + 1] === TOKEN.statement &&
            (shape[i + 2] === TOKEN.variable || next.includes('_') || next === 'master..xp_cmdshell')) ||
          (statement === 'update' && words.indexOf('set', i) > 0) ||
          statement === 'shutdown' ||
          (shape[i + 1] === TOKEN.select &&
            `${TOKEN.call}${TOKEN.number}${TOKEN.operator}${TOKEN.text}`.includes(shape[i + 2] ?? ' '))
        : wanted.includes(next);
    if (isStatement) return sighting('sure', `appends a statement of its own (${statement} ${next})`.trim());
  }
  return undefined;
}

function findSubquery({ shape, words }: SqlTokens, isOut: boolean): Sighting | undefined {
  for (let i = shape.indexOf(`(${TOKEN.select}`); i >= 0; i = shape.indexOf(`(${TOKEN.select}`, i + 1)) {
    const what = shape[i + 2] ?? ' ';
    const isValue = `${TOKEN.call}${TOKEN.number}${TOKEN.operator}${TOKEN.text}${TOKEN.variable}(`.includes(what);
    const from = words.indexOf('from', i);
    const hasSource = from > 0 && from < i + NEAR;
    if (isOut ? isValue || hasSource : isValue && (hasSource || what === TOKEN.call)) {
      return sighting('sure', 'asks the database a question of its own (subquery)');
    }
  }
  const isCase = words.indexOf('case') >= 0 && words.indexOf('when') > words.indexOf('case') && words.includes('then');
  return isCase && isOut ? sighting('sure', 'asks the database one question after the other (CASE WHEN)') : undefined;
}

/** `or 1=1`, `and 'a'='b'`, `or true`: conditions that are always or never so, and questions about the database. */
function findCondition({ shape, words }: SqlTokens, isOut: boolean, isInText: boolean): Sighting | undefined {
  for (let i = shape.indexOf(TOKEN.logic); i >= 0; i = shape.indexOf(TOKEN.logic, i + 1)) {
    let at = i + 1;
    while (shape[at] === '(' || shape[at] === TOKEN.logic || shape[at] === TOKEN.operator) at++;
    const left = shape[at] ?? ' ';
    if (left === TOKEN.call && isOut && QUERIED.has(words[at]!)) {
      return sighting('sure', 'asks the database about itself in a condition');
    }
    if (!`${LITERALS}${TOKEN.name}`.includes(left)) continue;
    let next = at + 1;
    while (shape[next] === ')' || (shape[next] === TOKEN.operator && LITERALS.includes(shape[next + 1] ?? ' '))) {
      next += shape[next] === ')' ? 1 : 2;
    }
    if (shape[next] === TOKEN.comparison) {
      let right = next + 1;
      while ('(oCL'.includes(shape[right] ?? ' ')) right++;
      const isLiteral = LITERALS.includes(left) && LITERALS.includes(shape[right] ?? ' ');
      const isNumbers = left === TOKEN.number && shape[right] === TOKEN.number;
      const isEqual = words[next] === '=' || words[next] === '<>' || words[next] === '==';
      if (isLiteral && (isOut || isNumbers))
        return sighting(isOut && (isInText || isEqual) ? 'sure' : 'likely', 'turns a condition of the query on or off');
      if (isInText && isOut && shape[right] !== undefined) return sighting('likely', 'adds a condition to the query');
    } else if (isInText && isOut && left !== TOKEN.name && `c;${TOKEN.tail}`.includes(shape[next] ?? 'c')) {
      return sighting(shape[next] === undefined ? 'likely' : 'sure', 'turns a condition of the query on or off');
    }
  }
  return undefined;
}

/** `order by 5 #`, `having 1=1--`, `limit 1 into …`. */
function findTail({ shape, words }: SqlTokens, isInText: boolean): Sighting | undefined {
  const at = shape.indexOf(TOKEN.tail);
  if (at < 1 || !`${LITERALS})`.includes(shape[at - 1]!)) return undefined;
  const isBy = (words[at] === 'order' || words[at] === 'group') && words[at + 1] === 'by';
  const isCut = shape.endsWith(TOKEN.comment);
  if (isBy && shape[at + 2] === TOKEN.number)
    return sighting(isInText || isCut ? 'sure' : 'likely', 'counts the columns of the query');
  if (isBy || words[at] === 'having') return isInText ? sighting('likely', 'adds to the end of the query') : undefined;
  return undefined;
}

/** `admin'--`: the rest of the query is cut off; `1'`: only the quote, to see whether it breaks something. */
function findEnd({ shape, words }: SqlTokens): Sighting | undefined {
  let at = 1;
  while (shape[at] === ')') at++;
  const name = words[0]!;
  if (shape[at] === TOKEN.comment && name.length <= MAX_NAME_TEXT && !name.includes(' ')) {
    const rest = words[at]!.slice(words[at]!.startsWith('#') ? 1 : 2).trim();
    const isHash = words[at]!.startsWith('#');
    if (rest === '' || rest === '-' || rest === '+') {
      return sighting(isHash ? 'likely' : 'sure', 'cuts off the rest of the query');
    }
    return sighting('weak', 'may cut off the rest of the query');
  }
  if (shape.length > at) return undefined;
  const isNumeric = name === '' || (name.length <= 10 && name.trim() !== '' && !Number.isNaN(Number(name)));
  return isNumeric ? sighting('weak', 'tries whether a quote breaks the query') : undefined;
}
