/** Value modifiers of Sigma (specification, appendix "Modifiers") as one table: what each does to a value. */
import { base64, base64Offsets, utf16 } from './encoding.ts';
import { quoted, RuleError } from './problem.ts';
import { anyDash, openTokens, plainOf, readTokens, type Token } from './text-pattern.ts';
import { COMPARISONS, type Comparison, TIME_PARTS, type TimePart } from './types.ts';
import type { ScalarValue, YamlScalar } from './yaml.ts';

/** A value on its way through the modifiers. */
export interface ModifiedValue {
  readonly line: number;
  readonly value: ScalarValue;
  /** As the author wrote it. */
  readonly raw: string;
  /** Of texts: with wildcards. */
  readonly tokens: readonly Token[];
  /** Each character stands for one byte. */
  readonly isBytes: boolean;
}

/** What the modifiers of one field ask beside their values. */
export interface ModifierState {
  values: readonly ModifiedValue[];
  isAll: boolean;
  isCased: boolean;
  isNegated: boolean;
  type: 'text' | 'regex' | 'network' | 'field' | 'exists';
  comparison: Comparison | undefined;
  part: TimePart | undefined;
  /** Which ends are open: of texts done already, of references to fields to be done. */
  isOpenBefore: boolean;
  isOpenBehind: boolean;
  regexFlags: { ignoreCase: boolean; multiLine: boolean; dotAll: boolean };
}

/** Values of placeholders: `%name%` stands for any of them. */
export type Placeholders = ReadonlyMap<string, readonly string[]>;

type Modifier = (state: ModifierState, line: number, placeholders: Placeholders) => void;

/** Values that placeholders may make of one. */
const MAX_EXPANDED = 10_000;

const MODIFIERS: Readonly<Record<string, Modifier>> = {
  contains: opening(true, true),
  startswith: opening(false, true),
  endswith: opening(true, false),
  all: (state) => {
    state.isAll = true;
  },
  cased: (state) => {
    state.isCased = true;
  },
  neq: (state) => {
    state.isNegated = true;
  },
  exists: (state) => {
    state.type = 'exists';
  },
  re: (state) => {
    state.type = 'regex';
  },
  i: regexFlag('ignoreCase'),
  m: regexFlag('multiLine'),
  s: regexFlag('dotAll'),
  cidr: (state) => {
    state.type = 'network';
  },
  fieldref: (state) => {
    state.type = 'field';
  },
  windash: (state) => {
    state.values = state.values.map((value) => ({ ...value, tokens: anyDash(value.tokens) }));
  },
  base64: encoding((text, isBytes) => [base64(text, isBytes)]),
  base64offset: encoding(base64Offsets),
  utf16le: wide('little'),
  wide: wide('little'),
  utf16be: wide('big'),
  utf16: wide('marked'),
  expand: (state, _line, placeholders) => {
    state.values = state.values.flatMap((value) => expand(value, placeholders));
  },
  ...Object.fromEntries(COMPARISONS.map((comparison) => [comparison, comparing(comparison)])),
  ...Object.fromEntries(TIME_PARTS.map((part) => [part, ofTime(part)])),
};

/** Names of all modifiers, for messages and documentation. */
export const MODIFIER_NAMES: readonly string[] = Object.keys(MODIFIERS);

/** @throws RuleError */
export function applyModifiers(
  names: readonly string[],
  values: readonly YamlScalar[],
  line: number,
  placeholders: Placeholders,
): ModifierState {
  const state: ModifierState = {
    values: values.map(initialValue),
    isAll: false,
    isCased: false,
    isNegated: false,
    type: 'text',
    comparison: undefined,
    part: undefined,
    isOpenBefore: false,
    isOpenBehind: false,
    regexFlags: { ignoreCase: false, multiLine: false, dotAll: false },
  };
  for (const name of names) {
    if (!Object.hasOwn(MODIFIERS, name)) {
      throw new RuleError(line, `There is no modifier ${quoted(name)}; there are ${MODIFIER_NAMES.join(', ')}.`);
    }
    MODIFIERS[name](state, line, placeholders);
  }
  return state;
}

function initialValue({ value, text, line }: YamlScalar): ModifiedValue {
  const raw = typeof value === 'string' ? value : text;
  return { line, value, raw, tokens: typeof value === 'string' ? readTokens(value) : [], isBytes: false };
}

/** The same value as a text. */
function textual(value: ModifiedValue): ModifiedValue {
  if (typeof value.value === 'string') return value;
  if (value.value === null) throw new RuleError(value.line, 'null has no text that a modifier could change.');
  return { ...value, value: value.raw, tokens: readTokens(value.raw) };
}

function opening(before: boolean, behind: boolean): Modifier {
  return (state) => {
    state.isOpenBefore = before;
    state.isOpenBehind = behind;
    // A regular expression is looked for anywhere already.
    if (state.type !== 'text') return;
    state.values = state.values.map((given) => {
      const value = textual(given);
      return { ...value, tokens: openTokens(value.tokens, before, behind) };
    });
  };
}

function regexFlag(flag: 'ignoreCase' | 'multiLine' | 'dotAll'): Modifier {
  return (state, line) => {
    if (state.type !== 'regex') throw new RuleError(line, 'The modifiers i, m and s must follow re.');
    state.regexFlags[flag] = true;
  };
}

function plainText(given: ModifiedValue, what: string): string {
  const text = plainOf(textual(given).tokens);
  if (text === undefined)
    throw new RuleError(given.line, `${quoted(given.raw)} has wildcards, which ${what} cannot have.`);
  return text;
}

function encoding(encode: (text: string, isBytes: boolean) => readonly string[]): Modifier {
  return (state) => {
    state.values = state.values.flatMap((value) =>
      encode(plainText(value, 'Base64'), value.isBytes).map((text) => literal(value, text, false)),
    );
  };
}

function wide(order: 'little' | 'big' | 'marked'): Modifier {
  return (state) => {
    state.values = state.values.map((value) => literal(value, utf16(plainText(value, 'UTF-16'), order), true));
  };
}

function literal(of: ModifiedValue, text: string, isBytes: boolean): ModifiedValue {
  return { ...of, value: text, raw: text, tokens: text === '' ? [] : [{ kind: 'text', text }], isBytes };
}

function comparing(comparison: Comparison): Modifier {
  return (state) => {
    state.comparison = comparison;
  };
}

function ofTime(part: TimePart): Modifier {
  return (state) => {
    state.part = part;
  };
}

/** `%name%`; a percent sign behind a backslash is none. */
const PLACEHOLDER = /(?<!\\)%([\w.-]{1,100})%/;

function expand(value: ModifiedValue, placeholders: Placeholders): readonly ModifiedValue[] {
  if (typeof value.value !== 'string') return [value];
  let texts: readonly string[] = [value.raw];
  for (;;) {
    const found = PLACEHOLDER.exec(texts[0] ?? '');
    if (found === null) break;
    const known = placeholders.get(found[1]);
    if (known === undefined || known.length === 0) {
      throw new RuleError(
        value.line,
        `The placeholder %${found[1]}% has no values here; give it some, or do not use the rule.`,
      );
    }
    // A value is not looked through again: one that names its own placeholder would never end.
    texts = texts.flatMap((text) => known.map((each) => text.replace(found[0], () => each.replaceAll('%', '\\%'))));
    if (texts.length > MAX_EXPANDED)
      throw new RuleError(value.line, `Its placeholders make more than ${MAX_EXPANDED} values.`);
  }
  return texts.map((text) => {
    const raw = text.replaceAll('\\%', '%');
    return { ...value, value: raw, raw, tokens: readTokens(raw) };
  });
}
