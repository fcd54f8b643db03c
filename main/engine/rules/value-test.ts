/** From a field with its modifiers and values to statements. */
import { parseAddress } from '../runtime/address.ts';
import { applyModifiers, type ModifiedValue, type ModifierState, type Placeholders } from './modifiers.ts';
import { quoted, RuleError } from './problem.ts';
import { LinearRegex } from './regex.ts';
import { neededTexts } from './regex-needs.ts';
import { RegexError } from './regex-syntax.ts';
import { textPattern } from './text-pattern.ts';
import { ALL_TEXT, type Statement, type ValueTest } from './types.ts';
import type { YamlScalar } from './yaml.ts';

/** Values of one field; the largest list of the rules that were seen has some hundreds. */
const MAX_VALUES = 50_000;

/**
 * The statement of `field|modifiers: values`. Without a field the values are keywords, which may stand anywhere.
 *
 * @throws RuleError
 */
export function fieldStatement(
  key: string,
  values: readonly YamlScalar[],
  line: number,
  placeholders: Placeholders,
): Statement {
  const [field, ...names] = key.split('|');
  if (values.length === 0) throw new RuleError(line, `${quoted(key)} has no values.`);
  if (values.length > MAX_VALUES) throw new RuleError(line, `${quoted(key)} has more than ${MAX_VALUES} values.`);
  const isOpen = names.some((name) => ['contains', 'startswith', 'endswith', 're', 'cidr', 'exists'].includes(name));
  const all = field === ALL_TEXT && !isOpen ? [...names, 'contains'] : names;
  const state = applyModifiers(all, values, line, placeholders);
  const tests = state.values.map((value): Statement => ({ kind: 'field', field, test: testOf(value, state) }));
  const joined: Statement = tests.length === 1 ? tests[0] : { kind: state.isAll ? 'all' : 'any', of: tests };
  return state.isNegated ? { kind: 'not', of: joined } : joined;
}

function testOf(value: ModifiedValue, state: ModifierState): ValueTest {
  if (state.type === 'exists') return existsTest(value);
  if (state.comparison !== undefined || state.part !== undefined) return numberTest(value, state);
  if (value.value === null) return { kind: 'null' };
  if (state.type === 'regex') return regexTest(value, state);
  if (state.type === 'network') return networkTest(value);
  if (state.type === 'field') return referenceTest(value, state);
  if (typeof value.value !== 'string') return { kind: 'plain', text: String(value.value).toLowerCase() };
  return { kind: 'text', pattern: textPattern(value.tokens, state.isCased) };
}

const TRUTHS: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

function existsTest({ raw, line }: ModifiedValue): ValueTest {
  const wanted = raw.toLowerCase();
  if (!Object.hasOwn(TRUTHS, wanted)) throw new RuleError(line, `exists is true or false, not ${quoted(raw)}.`);
  return { kind: 'exists', isWanted: TRUTHS[wanted] };
}

function numberTest({ raw, value, line }: ModifiedValue, { comparison, part }: ModifierState): ValueTest {
  const number = typeof value === 'number' ? value : raw.trim() === '' ? Number.NaN : Number(raw);
  const name = comparison ?? part;
  if (!Number.isFinite(number))
    throw new RuleError(line, `The modifier ${name} compares numbers, and ${quoted(raw)} is none.`);
  return { kind: 'number', comparison: comparison ?? 'eq', value: number, part };
}

function regexTest({ raw, line }: ModifiedValue, { regexFlags }: ModifierState): ValueTest {
  try {
    return { kind: 'regex', regex: new LinearRegex(raw, regexFlags), needs: neededTexts(raw, regexFlags) };
  } catch (error) {
    if (error instanceof RegexError) {
      throw new RuleError(line, `The regular expression ${quoted(raw)} cannot be used: ${error.message}.`);
    }
    throw error;
  }
}

const BITS_OF_IPV4 = 32;
const BITS_OF_IPV6 = 128;

function networkTest({ raw, line }: ModifiedValue): ValueTest {
  const [address, length, ...rest] = raw.trim().split('/');
  const words = parseAddress(address);
  const isIpv6 = address.includes(':');
  const most = isIpv6 ? BITS_OF_IPV6 : BITS_OF_IPV4;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (words === null || rest.length > 0 || !(bits <= most)) {
    throw new RuleError(line, `${quoted(raw)} is no network such as 10.0.0.0/8 or fe80::/10.`);
  }
  // IPv4 is kept in its mapped form.
  return { kind: 'network', words, bits: isIpv6 ? bits : bits + BITS_OF_IPV6 - BITS_OF_IPV4, text: raw };
}

function referenceTest({ raw, line }: ModifiedValue, state: ModifierState): ValueTest {
  if (raw === '') throw new RuleError(line, 'fieldref names no field.');
  const { isOpenBefore, isOpenBehind, isCased } = state;
  const how =
    isOpenBefore && isOpenBehind ? 'contains' : isOpenBefore ? 'endswith' : isOpenBehind ? 'startswith' : 'equals';
  return { kind: 'field', other: raw, how, isCased };
}
