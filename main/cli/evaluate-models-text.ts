/** The evaluation of the anomaly models in words and columns, for people. */
import type { Mode, ModelScore } from './evaluate-models-runs.ts';
import type { Gate } from './evaluate-score.ts';
import { table } from './evaluate-table.ts';

const TITLES: Readonly<Record<Mode, string>> = {
  everything: 'fitted and scored on all rows',
  reference: 'fitted on 70 % of the usual rows, as the reference drew them',
  normals: 'fitted on 70 % of the usual rows, as drawn here',
  given: 'fitted on the usual rows of one table, scored on another',
};
const OTHER_ROWS = '* The reference drew other rows.';

export function modelsText(scores: readonly ModelScore[], gates: readonly Gate[]): string {
  const sections = Object.entries(TITLES).flatMap(([mode, title]) => {
    const rows = scores.filter((score) => score.mode === mode);
    return rows.length === 0 ? [] : [table([title, ...HEAD], rows.map(rowOf))];
  });
  const missed = gates.filter((gate) => !gate.isMet);
  const verdict =
    gates.length === 0
      ? 'No gates for tables without a reference.'
      : missed.length === 0
        ? `All ${gates.length} gates met.`
        : `${missed.length} of ${gates.length} gates MISSED:\n${missed
            .map(({ name, value, wanted }) => `  ${name}: ${value.toFixed(3)}, wanted ${wanted}`)
            .join('\n')}`;
  const notes = scores.some(({ reference, isOfSameRows }) => reference !== null && !isOfSameRows) ? [OTHER_ROWS] : [];
  return `${[...sections, ...notes, verdict].join('\n\n')}\n`;
}

const HEAD = ['model', 'ROC AUC', 'scikit-learn', 'difference', 'PyOD', 'average precision', 'found at 1 % false'];

function rowOf(score: ModelScore): string[] {
  const { reference, auc } = score;
  const sign = auc < (reference ?? 0) ? '−' : '+';
  const mark = score.isOfSameRows ? '' : ' *';
  const difference = reference === null ? '' : `${sign}${Math.abs(auc - reference).toFixed(3)}${mark}`;
  return [
    score.table,
    score.model,
    auc.toFixed(3),
    reference?.toFixed(3) ?? '',
    difference,
    score.published?.toFixed(3) ?? '',
    score.averagePrecision.toFixed(3),
    score.truePositivesAt1Percent.toFixed(3),
  ];
}
