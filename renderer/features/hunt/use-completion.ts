/** What can be written next where the caret is: of the language at once, of the stored values a moment later. */
import { useEffect, useMemo, useState } from 'react';
import {
  completeHunt,
  HUNT_TABLES,
  type HuntSuggestion,
  huntField,
  quoteIfNeeded,
} from '../../../contract/hunt-language.ts';
import { request } from '../../lib/client.ts';
import { strings } from '../../strings/index.ts';

const words = strings.hunt.editor;
/** A person who types pauses about so long between keys. */
const TYPING_MS = 120;
/** As the call takes it. */
const LONGEST_PREFIX = 100;
const MOST_VALUES = 20;

export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly suggestions: readonly HuntSuggestion[];
}

interface Asked {
  readonly key: string;
  readonly values: readonly string[];
}

/** @param isEnabled false while no list is shown: then nothing is asked */
export function useCompletion(text: string, caret: number, source: string, isEnabled: boolean): Completion {
  const found = useMemo(() => completeHunt(text, caret), [text, caret]);
  const [asked, setAsked] = useState<Asked>({ key: '', values: [] });
  const wanted = isEnabled ? found.values : null;
  const field = wanted?.field ?? '';
  const prefix = (wanted?.prefix ?? '').slice(0, LONGEST_PREFIX);
  const key = JSON.stringify([source, field, prefix]);

  useEffect(() => {
    if (field === '') return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      void request('hunt.values', { field, prefix, source }).then((answer) => {
        if (isCurrent && answer.ok) setAsked({ key, values: answer.value.values.slice(0, MOST_VALUES) });
      });
    }, TYPING_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [field, prefix, source, key]);

  return useMemo(() => {
    const values = field !== '' && asked.key === key ? asked.values : [];
    const seen = values.map((value): HuntSuggestion => {
      const written = isBare(field) ? value : quoteIfNeeded(value);
      return { kind: 'value', label: value, insert: `${written} `, doc: words.seenValue };
    });
    const others = found.suggestions.filter(({ kind, label }) => kind !== 'value' || !values.includes(label));
    return { start: found.start, end: found.end, suggestions: [...seen, ...others] };
  }, [found, asked, key, field]);
}

/** Addresses and numbers stand without quotes, whatever signs they have. */
function isBare(name: string): boolean {
  const types = HUNT_TABLES.map((table) => huntField(table, name)?.type);
  return !types.some((type) => type === 'text' || type === 'choice' || type === 'id' || type === 'severity');
}

/** The text with a suggestion in its place, and where the caret is then. Pure. */
export function accept(
  text: string,
  { start, end }: Completion,
  { insert }: HuntSuggestion,
): { readonly text: string; readonly caret: number } {
  const rest = text.slice(end);
  // The space that a suggestion ends in is there already.
  const written = rest.startsWith(' ') ? insert.trimEnd() : insert;
  const caret = start + written.length + (written === insert ? 0 : 1);
  return { text: text.slice(0, start) + written + rest, caret };
}
