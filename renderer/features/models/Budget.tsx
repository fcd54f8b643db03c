import { useEffect, useState } from 'react';
import type { AlertBudget } from '../../../contract/api-models.ts';
import { Button } from '../../components/Button.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Card } from '../../components/layout.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { Slider } from '../../components/Slider.tsx';
import { FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import type { OutputOf } from '../../lib/client.ts';
import { counted, formatCount } from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { measureText } from '../../lib/measure.ts';
import { toast } from '../../lib/toasts.ts';
import { useCommand } from '../../lib/use-command.ts';
import { reloadQueries, useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { AdminButton } from './AdminButton.tsx';
import { spanOf, stopsWith } from './budget.ts';
import { rarityOf } from './scores.ts';
import { useSetting } from './use-setting.ts';

const words = strings.models.budget;
const SETTING = 'models.alertsPerDay';
const DAYS = 30;
/** The slider is moved through what lies between: only where it rests is asked for. */
const REST_MS = 250;
const VISIBLE_ROWS = 5;

const perDayText = (perDay: number): string => (perDay === 0 ? words.none : words.perDay(measureText(perDay, '')));

/** How many anomalies a day are told, and what that would have meant for the last days. */
export function Budget({ budget }: { readonly budget: AlertBudget }) {
  const [draft, setDraft] = useState<number | null>(null);
  const mayChange = useMay('admin');
  const row = useSetting(SETTING);
  const perDay = draft ?? budget.perDay;
  const lockedBy = row?.lockedBy ?? '';
  const save = useSave(() => setDraft(null));
  const { threshold, shown, heldBack } = budget;
  return (
    <Card title={words.title}>
      <div className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,320px),1fr))] gap-x-8 gap-y-4">
        <div className="flex flex-col gap-3">
          <p className="text-ink-muted">{words.hint}</p>
          <Slider
            label={words.slider}
            stops={stopsWith(budget.perDay, row)}
            value={perDay}
            format={perDayText}
            onChange={setDraft}
            disabled={!mayChange || lockedBy !== ''}
          />
          {lockedBy !== '' && (
            <p className="text-ink-muted">
              <Text>{words.locked(lockedBy)}</Text>
            </p>
          )}
          {draft !== null && draft !== budget.perDay && (
            <div className="flex flex-wrap gap-2">
              <AdminButton kind="primary" isBusy={save.isRunning} onClick={() => void save.run(draft)}>
                {words.apply(perDayText(draft))}
              </AdminButton>
              <Button onClick={() => setDraft(null)}>{words.back}</Button>
            </div>
          )}
          <p className="text-12 text-ink-quiet">
            {words.now(formatCount(shown), formatCount(heldBack))}{' '}
            {threshold === null ? words.noThreshold : words.threshold(rarityOf(threshold))}
          </p>
        </div>
        <Preview perDay={perDay} />
      </div>
    </Card>
  );
}

function useSave(onSaved: () => void) {
  const set = useCommand('config.set', { reloads: ['config.', 'models.'] });
  const undo = async (before: OutputOf<'config.set'>['before']): Promise<void> => {
    await set.run({ changes: [...before] });
  };
  const run = async (value: number): Promise<void> => {
    const answer = await set.run({ changes: [{ path: SETTING, value }] });
    if (!answer.ok) return;
    const { problems, before } = answer.value;
    if (problems.length > 0) {
      toast({ tone: 'failure', message: words.refused, detail: `${problems[0].message} ${problems[0].hint}` });
      return;
    }
    onSaved();
    reloadQueries('models.');
    toast({ message: words.saved(perDayText(value)), undo: { run: () => void undo(before) } });
  };
  return { run, isRunning: set.isRunning };
}

function useRested(value: number): number {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

function Preview({ perDay }: { readonly perDay: number }) {
  const rested = useRested(perDay);
  const { data, failure, isLoading, reload } = useQuery(
    'models.preview',
    { perDay: rested, days: DAYS },
    { keepPrevious: true },
  );
  if (isLoading) return <LoadingState rows={VISIBLE_ROWS} />;
  if (data === undefined) return failure && <FailureState failure={failure} onRetry={reload} />;
  if (data.days === 0) return <p className="self-center text-ink-muted">{words.previewNothing}</p>;
  const { count, unit } = spanOf(data.days);
  const days = counted(count, words[unit]);
  const { anomalies, total } = data;
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <p aria-live="polite">
        {total === 0
          ? words.previewNone(perDayText(rested), days)
          : words.preview(perDayText(rested), counted(total, words.shown), days)}
      </p>
      {anomalies.length > 0 && (
        <DataTable
          label={words.previewLabel}
          columns={COLUMNS}
          rows={anomalies.map((anomaly, index) => ({ ...anomaly, key: String(index) }))}
          rowKey={({ key }) => key}
          visibleRows={Math.min(VISIBLE_ROWS, anomalies.length)}
        />
      )}
      {total > anomalies.length && (
        <p className="text-12 text-ink-quiet">{words.previewMore(formatCount(total - anomalies.length))}</p>
      )}
    </div>
  );
}

type Previewed = OutputOf<'models.preview'>['anomalies'][number] & { readonly key: string };

const COLUMNS: readonly Column<Previewed>[] = [
  {
    id: 'time',
    header: words.columns.time,
    width: '96px',
    cell: ({ timeMs }) => <RelativeTime timeMs={timeMs} />,
  },
  {
    id: 'title',
    header: words.columns.title,
    width: 'minmax(160px, 1fr)',
    cell: ({ title, reasons }) => <Text isOneLine>{[title, ...reasons].join(' · ')}</Text>,
  },
  {
    id: 'rarity',
    header: words.columns.rarity,
    width: '120px',
    isNumeric: true,
    fromWidth: 400,
    cell: ({ pValue }) => <span className="font-mono">{rarityOf(pValue)}</span>,
  },
];
