/** What of the rules cannot be used, by file and line. */
import type { RuleEngine, RuleProblemRow } from '../../../contract/api-rules.ts';
import { Drawer } from '../../components/Drawer.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { formatCount } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import { placeOf } from './rule-list.ts';
import type { Rules } from './use-rules.ts';

const words = strings.rules.problems;
const LONGEST_REASON = 1_000;
/** More are told by number: whoever imports something else has thousands. */
const SHOWN_LINES = 20;

export function ProblemLines({ problems }: { readonly problems: readonly RuleProblemRow[] }) {
  const left = problems.length - SHOWN_LINES;
  return (
    <>
      <ul className="flex flex-col gap-1">
        {problems.slice(0, SHOWN_LINES).map((problem, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the problems of one answer do not move
          <li key={index} className="flex flex-wrap items-baseline gap-x-3">
            <span className="font-mono text-12 text-ink-quiet">
              {strings.rules.check.line(formatCount(problem.line))}
            </span>
            {problem.rule !== '' && <Text className="font-medium text-ink">{problem.rule}</Text>}
            <Text className="min-w-0" maxLength={LONGEST_REASON}>
              {problem.reason}
            </Text>
          </li>
        ))}
      </ul>
      {left > 0 && <p className="text-ink-quiet">{strings.rules.imports.more(formatCount(left))}</p>}
    </>
  );
}

export interface ProblemsDrawerProps {
  readonly engine: RuleEngine;
  readonly rules: Rules;
}

export function ProblemsDrawer({ engine, rules: { data, failure, reload } }: ProblemsDrawerProps) {
  const problems = data?.problems.filter((problem) => problem.engine === engine);
  return (
    <Drawer eyebrow={strings.rules.tabs[engine]} title={words.title} width="large">
      {problems === undefined ? (
        failure === null ? (
          <LoadingState rows={6} />
        ) : (
          <FailureState failure={failure} onRetry={reload} />
        )
      ) : problems.length === 0 ? (
        <EmptyState title={words.none} />
      ) : (
        <ul className="flex flex-col divide-y divide-line">
          {problems.map((problem, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the problems of one answer do not move
            <li key={index} className="flex flex-col gap-1 py-2">
              <span className="font-mono break-all">
                <Text>{placeOf(problem)}</Text>
              </span>
              {problem.rule !== '' && <Text className="font-medium">{problem.rule}</Text>}
              <Text className="text-ink-muted" maxLength={LONGEST_REASON}>
                {problem.reason}
              </Text>
            </li>
          ))}
        </ul>
      )}
    </Drawer>
  );
}
