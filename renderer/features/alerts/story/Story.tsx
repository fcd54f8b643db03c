import { Network } from 'lucide-react';
import type { ReactNode } from 'react';
import type { AlertStory } from '../../../../contract/api-alerts.ts';
import { Button } from '../../../components/Button.tsx';
import { Drawer } from '../../../components/Drawer.tsx';
import { Section } from '../../../components/layout.tsx';
import { SeverityMark } from '../../../components/marks.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../../components/states.tsx';
import { Text } from '../../../components/Text.tsx';
import { Tooltip } from '../../../components/Tooltip.tsx';
import { linkTo } from '../../../lib/address.ts';
import { useNow } from '../../../lib/clock.ts';
import { formatExact, formatPercent, formatSpan } from '../../../lib/format.ts';
import { useMay } from '../../../lib/link.ts';
import { useStatus } from '../../../lib/status.ts';
import { useAddress } from '../../../lib/use-address.ts';
import type { QueryResult } from '../../../lib/use-query.ts';
import { strings } from '../../../strings/index.ts';
import type { AlertActions } from '../actions.ts';
import { StateBadge } from '../columns.tsx';
import { ReviewButtons } from '../ReviewButtons.tsx';
import { rowOf } from '../rows.ts';
import { Decisions } from './Decisions.tsx';
import { EvidenceList } from './EvidenceList.tsx';
import { HostLists } from './HostLists.tsx';
import { ProcessTree, StoryFiles } from './ProcessStory.tsx';
import { Responses } from './Responses.tsx';
import { ReviewHistory } from './ReviewHistory.tsx';
import { StoryFlows } from './StoryFlows.tsx';
import { StoryTraffic } from './StoryTraffic.tsx';
import { Techniques } from './Techniques.tsx';
import { Timeline } from './Timeline.tsx';

const words = strings.alerts.story;
const MINUTE_MS = 60_000;
/** The book's explanations are two to four sentences; nothing of them is cut off. */
const LONGEST_EXPLANATION = 4_000;

export interface StoryProps {
  readonly story: QueryResult<AlertStory>;
  readonly actions: AlertActions;
}

/** One alert as a story: who did what to whom, what speaks for it, what was done, what can be done. */
export function Story({ story: { data, failure, isLoading, reload }, actions }: StoryProps) {
  if (data !== undefined) return <KnownStory story={data} actions={actions} />;
  return (
    <Drawer title={words.loading} width="large">
      {isLoading ? (
        <LoadingState rows={14} />
      ) : failure?.code === 'no-such-alert' ? (
        <EmptyState title={words.gone}>{words.goneHint}</EmptyState>
      ) : (
        failure && <FailureState failure={failure} onRetry={reload} />
      )}
    </Drawer>
  );
}

function KnownStory({ story, actions }: { readonly story: AlertStory; readonly actions: AlertActions }) {
  const { alert } = story;
  // What happened on this computer alone has no traffic.
  const hasHosts = alert.attackerCount > 0 || alert.victimCount > 0;
  const now = useNow(MINUTE_MS);
  return (
    <Drawer
      width="large"
      title={<Text>{alert.title}</Text>}
      eyebrow={
        <>
          <SeverityMark severity={alert.severity} />
          <span
            className="text-ink-quiet"
            title={`${formatExact(alert.firstSeenMs)} – ${formatExact(alert.lastSeenMs)}`}
          >
            {formatSpan(alert.firstSeenMs, alert.lastSeenMs, now)}
          </span>
          <StateBadge state={alert.state} />
        </>
      }
    >
      <div className="flex flex-col gap-6">
        <div className="flex flex-col gap-4">
          <p className="max-w-180 text-15">
            <Text maxLength={LONGEST_EXPLANATION}>{alert.explanation}</Text>
          </p>
          <Responses alertId={alert.id} />
          {alert.state === 'withdrawn' ? <Withdrawn story={story} /> : <Actions story={story} actions={actions} />}
        </div>
        <Timeline moments={story.timeline} />
        {hasHosts && <StoryTraffic story={story} />}
        <ProcessTree alert={alert} />
        <StoryFiles alert={alert} />
        <EvidenceList evidence={alert.evidence} series={story.series} isAnomaly={alert.kind === 'anomaly'} />
        <Techniques techniques={story.techniques} />
        {hasHosts && <HostLists alert={alert} />}
        <Decisions decisions={story.decisions} detectors={story.detectors} />
        <NextSteps steps={story.nextSteps} />
        {hasHosts && <StoryFlows alert={alert} huntQuery={story.huntQuery} />}
        <Related related={story.related} />
        <ReviewHistory alert={alert} timeline={story.timeline} />
      </div>
    </Drawer>
  );
}

function Withdrawn({ story: { alert, related } }: { readonly story: AlertStory }) {
  const whole = related.find(({ id }) => id === alert.related[0]);
  const { query } = useAddress();
  return (
    <Notice kind="info" title={words.withdrawn}>
      {whole !== undefined && (
        <a href={linkTo('alerts', whole.id, query)} className="text-accent">
          <Text>{whole.title}</Text>
        </a>
      )}
    </Notice>
  );
}

function Actions({ story: { alert }, actions }: StoryPropsOf) {
  const mayReview = useMay('operate');
  const isolate = useStatus().data?.abilities.find(({ id }) => id === 'isolate');
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap gap-2">
        <ReviewButtons alerts={[rowOf(alert)]} actions={actions} mayReview={mayReview} />
        {mayReview && isolate !== undefined && !isolate.isAvailable && (
          <Tooltip text={isolate.why}>
            {/* Not "disabled": it must be reachable for its reason to be read. */}
            <Button icon={Network} aria-disabled aria-description={isolate.why}>
              {words.isolate}
            </Button>
          </Tooltip>
        )}
      </div>
      <p className="text-12 text-ink-quiet">
        {words.confidence(formatPercent(alert.confidence * 100))}
        {!mayReview && ` · ${strings.alerts.mayNotReview}`}
      </p>
    </div>
  );
}

interface StoryPropsOf {
  readonly story: AlertStory;
  readonly actions: AlertActions;
}

function NextSteps({ steps }: { readonly steps: readonly string[] }) {
  if (steps.length === 0) return null;
  return (
    <Section title={words.nextSteps}>
      <ol className="flex max-w-180 list-decimal flex-col gap-1 pl-5 marker:text-ink-quiet">
        {steps.map((step) => (
          <li key={step}>
            <Text>{step}</Text>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Related({ related }: { readonly related: AlertStory['related'] }) {
  const { query } = useAddress();
  const now = useNow(MINUTE_MS);
  if (related.length === 0) return null;
  return (
    <Section title={words.related}>
      <ul className="flex flex-col">
        {related.map(
          ({ id, title, severity, firstSeenMs }): ReactNode => (
            <li key={id}>
              <a
                href={linkTo('alerts', id, query)}
                className="-mx-2 grid grid-cols-[88px_minmax(0,1fr)_max-content] items-baseline gap-x-3 rounded-md px-2 py-1 text-ink no-underline hover:bg-hover"
              >
                <SeverityMark severity={severity} />
                <Text>{title}</Text>
                <span className="text-12 text-ink-quiet">{formatSpan(firstSeenMs, firstSeenMs, now)}</span>
              </a>
            </li>
          ),
        )}
      </ul>
    </Section>
  );
}
