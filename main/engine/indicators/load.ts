import { basename } from 'node:path';
import type { Failure } from '../../../contract/domain.ts';
import type { Indicator, IndicatorFormat } from '../../../contract/indicators.ts';
import { ANALYSIS_HASH_SEED } from '../runtime/address.ts';
import { FailureError } from '../runtime/failure.ts';
import { BUILT_IN, BUILT_IN_INDICATORS } from './built-in.ts';
import { readListFile } from './files.ts';
import { readList } from './formats.ts';
import type { IndicatorSettings } from './settings.ts';
import { type CompiledIndicators, type IndicatorTable, IndicatorTableBuilder } from './table.ts';
import { type IndicatorValue, readTyped, readValue } from './value.ts';

/** What a list held, for the person. */
export interface IndicatorList {
  readonly name: string;
  /** Empty for the built-in one. */
  readonly path: string;
  readonly format: IndicatorFormat;
  /** Taken from it; what another list had already is not counted again. */
  readonly entries: number;
  readonly invalid: number;
  /** "line 3"; empty without. */
  readonly firstInvalid: string;
  /** Left out because there are too many. */
  readonly left: number;
  /** Why it could not be read. */
  readonly failure: Failure | null;
}

export interface LoadedIndicators {
  readonly compiled: CompiledIndicators;
  readonly lists: readonly IndicatorList[];
}

const NOTHING_WRONG = { invalid: 0, firstInvalid: '', left: 0, failure: null } as const;

/**
 * Reads all lists into one table. A list that cannot be read does not keep the others from counting.
 *
 * @param seed of the table: random live, the same every time for captures
 * @param userId effective user; root is pickier about files
 */
export function loadIndicators(
  paths: readonly string[],
  settings: Pick<IndicatorSettings, 'maximumMebibytes' | 'maximumEntries'>,
  seed: number,
  userId: number,
): LoadedIndicators {
  const builder = new IndicatorTableBuilder(seed);
  const lists = [builtIn(builder), ...paths.map((path) => load(path, builder, settings, userId))];
  return { compiled: builder.compile(), lists };
}

function builtIn(builder: IndicatorTableBuilder): IndicatorList {
  const source = builder.source(BUILT_IN);
  for (const { type, value, label } of BUILT_IN_INDICATORS) builder.add(type, value, label, source);
  return { ...NOTHING_WRONG, name: BUILT_IN, path: '', format: 'built-in', entries: builder.size };
}

function load(
  path: string,
  builder: IndicatorTableBuilder,
  { maximumMebibytes, maximumEntries }: Pick<IndicatorSettings, 'maximumMebibytes' | 'maximumEntries'>,
  userId: number,
): IndicatorList {
  const name = basename(path);
  const before = builder.size;
  try {
    const text = readListFile(path, maximumMebibytes, userId);
    const source = builder.source(name);
    const read = readList(text, (indicator, label) => {
      if (builder.size >= maximumEntries) return false;
      addTo(builder, indicator, label, source);
      return true;
    });
    return { name, path, ...read, entries: builder.size - before, failure: null };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { ...NOTHING_WRONG, name, path, format: 'lines', entries: 0, failure: error.failure };
  }
}

function addTo(builder: IndicatorTableBuilder, indicator: IndicatorValue, label: string, source: number): void {
  builder.add(indicator.type, indicator.value, label, source, indicator.network?.bits);
}

const NO_LISTS = { maximumMebibytes: 1, maximumEntries: 1_000 };

/** The test indicators alone, for captures. */
export const BUILT_IN_TABLE: CompiledIndicators = loadIndicators([], NO_LISTS, ANALYSIS_HASH_SEED, 0).compiled;

/** What a text holds, without keeping it: before a list is taken in. */
export function tryList(text: string): {
  readonly entries: number;
  readonly invalid: number;
  readonly firstInvalid: string;
} {
  let entries = 0;
  const { invalid, firstInvalid } = readList(text, () => ++entries > 0);
  return { entries, invalid, firstInvalid };
}

/** Everything that is known of a value as a person writes it: also domains above a name, and networks of an address. */
export function checkValue(table: IndicatorTable, text: string): readonly Indicator[] {
  const read = readValue(text);
  if (read === undefined) return [];
  const found: (Indicator | undefined)[] = [];
  const { type, value, network } = read;
  if (type === 'address' && network !== undefined) found.push(table.address(...network.words));
  else if (type === 'domain') found.push(table.domain(value));
  else if (type === 'url') found.push(table.url(value), ...ofHost(table, value));
  else if (type !== 'address') {
    found.push(table.hash(type, value));
    // The same number of digits may stand for something else.
    for (const other of ['ja3', 'certificate'] as const) {
      if (readTyped(other, value) !== undefined) found.push(table.hash(other, value));
    }
  }
  return found.filter((each) => each !== undefined);
}

function ofHost(table: IndicatorTable, url: string): (Indicator | undefined)[] {
  const host = readValue(new URL(url).hostname.replaceAll(/[[\]]/g, ''));
  if (host?.type === 'domain') return [table.domain(host.value)];
  return host?.network === undefined ? [] : [table.address(...host.network.words)];
}
