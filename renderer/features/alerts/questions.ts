/**
 * What is asked of the engine for a filter. One question takes a least severity and one kind; a choice of several
 * becomes a question for each kind, whose answers are merged, and severities in between are counted as a difference.
 * Pure.
 */
import type { CallInput } from '../../../contract/api.ts';
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';
import type { ListFilter } from './filters.ts';

export type Question = CallInput<'alerts.list'>;

/** The count of a question's alerts, added or taken away. */
export interface CountTerm {
  readonly question: Question;
  readonly sign: 1 | -1;
}

/** Together they give every alert that fits, and perhaps some whose severity was not chosen. */
export function questionsOf(filter: ListFilter): readonly Question[] {
  return ofKinds(filter, filter.severities[0] ?? 'info');
}

/** How many alerts fit. */
export function countTermsOf(filter: ListFilter): readonly CountTerm[] {
  const { severities } = filter;
  const isAll = severities.length === 0;
  const isChosen = (severity: Severity | undefined): boolean =>
    severity !== undefined && (isAll || severities.includes(severity));
  return SEVERITIES.flatMap((severity, index): readonly CountTerm[] => {
    const begins = isChosen(severity) && !isChosen(SEVERITIES[index - 1]);
    const ends = !isChosen(severity) && isChosen(SEVERITIES[index - 1]);
    if (!begins && !ends) return [];
    return ofKinds(filter, severity).map((question) => ({ question, sign: begins ? 1 : -1 }));
  });
}

function ofKinds({ kinds, states, source, search, sinceMs }: ListFilter, minimumSeverity: Severity): Question[] {
  const base: Question = {
    minimumSeverity,
    states: [...states],
    source,
    search,
    ...(sinceMs === null ? {} : { sinceMs }),
  };
  return kinds.length === 0 ? [base] : kinds.map((kind) => ({ ...base, kind }));
}
