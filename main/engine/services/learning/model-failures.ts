import type { ModelTable } from '../../../../contract/models.ts';
import { plainText } from '../../../../contract/text.ts';
import { FailureError } from '../../runtime/failure.ts';

const LIST_HINT = '"holdfast models list" says which versions there are, and how far learning is.';

export function noSuchVersion(id: string): FailureError {
  const message = `There is no version ${plainText(id, 40)}.`;
  return new FailureError({ code: 'no-such-version', message, hint: LIST_HINT });
}

/** Nothing is in use that could be asked. */
export function nothingLearnt(table: ModelTable): FailureError {
  const message = `Nothing has been learnt of the table "${table}" yet, so nothing can be judged by it.`;
  return new FailureError({ code: 'nothing-learnt', message, hint: LIST_HINT });
}

export function nothingTraining(): FailureError {
  const message = 'No training goes on.';
  return new FailureError({ code: 'no-training', message, hint: '"holdfast models train" begins one.' });
}

export function differentTables(first: string, second: string): FailureError {
  const message = `${first} and ${second} are of different tables, so no row can be judged by both.`;
  return new FailureError({ code: 'different-tables', message, hint: 'Compare versions of one table.' });
}
