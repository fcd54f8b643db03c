import type { Learning, Profile } from '../../../contract/api-models.ts';
import { Card } from '../../components/layout.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { counted, formatPercent } from '../../lib/format.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { versionName } from './actions.ts';
import { ScorePlot } from './ScorePlot.tsx';

const words = strings.models.scores;
/** To judge a sample anew costs the engine something. */
const REFETCH_MS = 60_000;

export interface ScoresProps {
  readonly learning: Learning;
  readonly active: Profile | undefined;
}

/** How unusual what is gathered at present is, by the version in use. */
export function Scores({ learning, active }: ScoresProps) {
  return (
    <Card title={words.title}>
      {active === undefined ? (
        <EmptyState title={words.none}>{words.noneHint}</EmptyState>
      ) : (
        <Evaluation learning={learning} active={active} />
      )}
    </Card>
  );
}

function Evaluation({ learning: { table }, active }: { readonly learning: Learning; readonly active: Profile }) {
  const { data, failure, isLoading, reload } = useQuery(
    'models.evaluate',
    { id: active.id },
    { refetchMs: REFETCH_MS, keepPrevious: true },
  );
  if (isLoading) return <LoadingState rows={6} />;
  if (data === undefined) return failure && <FailureState failure={failure} onRetry={reload} />;
  if (data.rows === 0) return <EmptyState title={words.noRows} />;
  return (
    <div className="flex flex-col gap-1">
      <p className="text-ink-muted">
        {words.summary(counted(data.rows, strings.models.rows[table]), formatPercent(data.onePercent * 100))}
      </p>
      <ScorePlot label={words.label(versionName(active).toLowerCase())} distribution={data.distribution} />
      <p className="text-12 text-ink-quiet">{words.hint}</p>
    </div>
  );
}
