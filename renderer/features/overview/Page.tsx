import { useEffect } from 'react';
import type { Status } from '../../../contract/api-schemas.ts';
import { Card, Page } from '../../components/layout.tsx';
import { Bytes, Percent } from '../../components/numbers.tsx';
import { FailureState, LoadingState } from '../../components/states.tsx';
import { useStatus } from '../../lib/status.ts';
import { reloadQueries } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { DayTimeline } from './DayTimeline.tsx';
import { Decisions } from './Decisions.tsx';
import { Learnt } from './Learnt.tsx';
import { Standing } from './Standing.tsx';
import { TopTalkers } from './TopTalkers.tsx';

const words = strings.overview;

/** Am I safe, what happened, what can I do: in this order. */
export default function OverviewPage() {
  const { data, failure, isLoading, isStale, answeredMs, reload } = useStatus();
  const counts = data === undefined ? '' : Object.values(data.alerts).join();
  // What the first sentence counts is listed below it: both change together.
  useEffect(() => {
    if (counts !== '') reloadQueries('alerts.list');
  }, [counts]);
  return (
    <Page title={words.title} staleSinceMs={isStale ? answeredMs : null}>
      {isLoading ? (
        <LoadingState rows={10} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : (
        <>
          <Standing status={data} />
          <Decisions />
          <DayTimeline />
          <div className="grid grid-cols-[minmax(0,1fr)_272px] items-start gap-4 max-narrow:grid-cols-1">
            <TopTalkers />
            <div className="flex flex-col gap-4">
              <Learnt />
              <Cost status={data} />
            </div>
          </div>
        </>
      )}
    </Page>
  );
}

function Cost({ status: { cost } }: { readonly status: Status }) {
  return (
    <Card title={words.cost}>
      <dl className="flex flex-col gap-3">
        <div>
          <dt className="text-ink-quiet">{strings.health.cpu}</dt>
          <dd className="text-18">
            <Percent value={cost.cpuPercent} />
          </dd>
        </div>
        <div>
          <dt className="text-ink-quiet">{strings.health.memory}</dt>
          <dd className="text-18">
            <Bytes value={cost.memoryBytes} />
          </dd>
        </div>
      </dl>
    </Card>
  );
}
