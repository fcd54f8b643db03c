import { Card, Page } from '../../components/layout.tsx';
import { StateMark } from '../../components/marks.tsx';
import { useStanding, useStatus } from '../../lib/status.ts';
import { strings } from '../../strings/index.ts';

export default function OverviewPage() {
  const { data, isStale, answeredMs } = useStatus();
  const { mark, word, sentence, attention } = useStanding();
  return (
    <Page title={strings.overview.title} summary={data?.version} staleSinceMs={isStale ? answeredMs : null}>
      <Card>
        <div className="flex items-center gap-4">
          <StateMark state={mark} size={32} />
          <div>
            <p className="text-18 font-semibold">{word}</p>
            <p className="text-15">{attention}</p>
            <p className="text-ink-muted">{sentence}</p>
          </div>
        </div>
      </Card>
    </Page>
  );
}
