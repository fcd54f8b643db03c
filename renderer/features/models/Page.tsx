import { Play } from 'lucide-react';
import { useState } from 'react';
import { MODEL_TABLES } from '../../../contract/models.ts';
import { WithDrawer } from '../../components/Drawer.tsx';
import { Page } from '../../components/layout.tsx';
import { FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Tabs } from '../../components/Tabs.tsx';
import { useNow } from '../../lib/clock.ts';
import { usePageCommands } from '../../lib/commands.ts';
import { useMay } from '../../lib/link.ts';
import { setQuery, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { AdminButton } from './AdminButton.tsx';
import { activeOf } from './actions.ts';
import { Budget } from './Budget.tsx';
import { CompareDrawer } from './CompareDrawer.tsx';
import { Drift } from './Drift.tsx';
import { isWorthTelling, type Learnt, profilesOf } from './learnt.ts';
import { Scores } from './Scores.tsx';
import { TableCards } from './TableCards.tsx';
import { TrainDialog } from './TrainDialog.tsx';
import { LastTraining, TrainingCard } from './TrainingCard.tsx';
import { useModels } from './use-models.ts';
import { VersionDrawer } from './VersionDrawer.tsx';
import { Versions } from './Versions.tsx';

const words = strings.models;
const MINUTE_MS = 60_000;

/** What has been learnt of this computer, how far learning is, and what is made of it. */
export default function ModelsPage() {
  const { data, failure, isLoading, isStale, answeredMs, reload } = useModels();
  const mayChange = useMay('admin');
  const [isAsking, setAsking] = useState(false);
  const isTraining = data?.training?.state === 'running';
  const canAsk = mayChange && data !== undefined && !isTraining;
  usePageCommands(canAsk ? [{ id: 'models.train', title: words.train.now, run: () => setAsking(true) }] : []);
  return (
    <WithDrawer drawer={<OpenDrawer learnt={data} isUnknown={data === undefined && failure !== null} />}>
      <Page
        title={words.title}
        summary={words.summary}
        staleSinceMs={isStale ? answeredMs : null}
        actions={
          data !== undefined && (
            <AdminButton
              kind="primary"
              icon={Play}
              whyNot={isTraining ? words.train.running : undefined}
              onClick={() => setAsking(true)}
            >
              {words.train.now}
            </AdminButton>
          )
        }
      >
        {isLoading ? (
          <LoadingState rows={14} />
        ) : data === undefined ? (
          failure && <FailureState failure={failure} onRetry={reload} />
        ) : (
          <>
            {!mayChange && <Notice kind="no-privilege">{words.needsAdmin}</Notice>}
            <KnownModels learnt={data} />
            {isAsking && <TrainDialog learning={data.learning} onClose={() => setAsking(false)} />}
          </>
        )}
      </Page>
    </WithDrawer>
  );
}

function KnownModels({ learnt: { learning, profiles, budget, training } }: { readonly learnt: Learnt }) {
  const { query } = useAddress();
  const now = useNow(MINUTE_MS);
  const known = MODEL_TABLES.flatMap((table) => learning.find((one) => one.table === table) ?? []);
  const tab = known.find(({ table }) => table === query.table)?.table ?? known[0]?.table;
  return (
    <>
      {training?.state === 'running' && <TrainingCard training={training} />}
      {training !== null && isWorthTelling(training, now) && <LastTraining training={training} />}
      <TableCards learning={known} profiles={profiles} />
      <Budget budget={budget} />
      {tab !== undefined && (
        <Tabs
          label={words.tablesLabel}
          value={tab}
          onChange={(table) => setQuery({ table })}
          tabs={known.map((one) => ({
            id: one.table,
            label: words.tables[one.table],
            content: (
              <div className="flex flex-col gap-4">
                <div className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,380px),1fr))] items-start gap-4">
                  <Scores learning={one} active={activeOf(profiles, one.table)} />
                  <Drift learning={one} />
                </div>
                <Versions table={one.table} profiles={profilesOf(profiles, one.table)} />
              </div>
            ),
          }))}
        />
      )}
    </>
  );
}

/** The version that the address names, or two beside each other. */
function OpenDrawer({ learnt, isUnknown }: { readonly learnt: Learnt | undefined; readonly isUnknown: boolean }) {
  const { item, query } = useAddress();
  if (item === null || isUnknown) return null;
  const find = (id: string | undefined) => learnt?.profiles.find((profile) => profile.id === id);
  const [first, second] = [find(item), find(query.with)];
  return first !== undefined && second !== undefined ? (
    <CompareDrawer key={`${first.id} ${second.id}`} first={first} second={second} />
  ) : (
    <VersionDrawer key={item} id={item} profiles={learnt?.profiles} />
  );
}
