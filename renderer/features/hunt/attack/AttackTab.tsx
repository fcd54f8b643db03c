/** What of MITRE ATT&CK was seen, over what the detectors can see. */
import { useMemo, useSyncExternalStore } from 'react';
import { Select, Switch } from '../../../components/fields.tsx';
import { FailureState, LoadingState } from '../../../components/states.tsx';
import { useNow } from '../../../lib/clock.ts';
import { formatCount } from '../../../lib/format.ts';
import { setQuery, useAddress } from '../../../lib/use-address.ts';
import { useQuery } from '../../../lib/use-query.ts';
import { strings } from '../../../strings/index.ts';
import { SourceSelect } from '../SourceSelect.tsx';
import { LIVE, sourceOf } from '../source.ts';
import { Legend, MatrixGrid, MatrixList } from './Matrix.tsx';
import { countsOf, shownMatrix } from './matrix.ts';

const words = strings.hunt.attack;
const DAY_MS = 86_400_000;
const DEFAULT_DAYS = '30';
/** The question stays the same in between. */
const STEP_MS = 60_000;

/** The days that an address asks for. */
export function spanOf(query: Readonly<Record<string, string>>): string {
  return query.span !== undefined && Object.hasOwn(words.spans, query.span) ? query.span : DEFAULT_DAYS;
}

export function useMatrix() {
  const { query } = useAddress();
  const days = spanOf(query);
  const source = sourceOf(query);
  const sinceMs = useNow(STEP_MS) - Number(days) * DAY_MS;
  // A capture is shown whole: it may have been recorded years ago.
  const input = source === LIVE ? { sinceMs } : { source };
  return { days, source, ...useQuery('attack.matrix', input, { keepPrevious: true }) };
}

/** As the tokens have it. */
const NARROW = '(max-width: 720px)';

function useIsNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const media = window.matchMedia(NARROW);
      media.addEventListener('change', changed);
      return () => media.removeEventListener('change', changed);
    },
    () => window.matchMedia(NARROW).matches,
  );
}

export function AttackTab() {
  const { query } = useAddress();
  const { days, source, data, failure, isLoading, reload } = useMatrix();
  const showsAll = query.all === '1';
  const isNarrow = useIsNarrow();
  const shown = useMemo(() => data && shownMatrix(data, showsAll), [data, showsAll]);
  const counts = useMemo(() => data && countsOf(data), [data]);
  const open = (technique: string): void => setQuery({ technique }, { replace: query.technique !== undefined });
  const Matrix = isNarrow ? MatrixList : MatrixGrid;
  return (
    <div className="flex min-w-0 flex-col gap-4 pb-4">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
        <SourceSelect source={source} />
        {source === LIVE && (
          <div className="w-44">
            <Select
              label={words.span}
              isLabelHidden
              value={days}
              options={['1', '7', '30', '365'].map((value) => ({ value, label: words.spans[value] }))}
              onChange={(span) => setQuery({ span: span === DEFAULT_DAYS ? undefined : span })}
            />
          </div>
        )}
        <Switch label={words.showAll} isOn={showsAll} onChange={(isOn) => setQuery({ all: isOn ? '1' : undefined })} />
        <Legend showsAll={showsAll} />
      </div>
      {isLoading ? (
        <LoadingState rows={10} />
      ) : data === undefined || shown === undefined || counts === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : (
        <>
          <p className="text-ink-muted">
            {words.summary(formatCount(counts.seen), formatCount(counts.covered), formatCount(counts.known))}
          </p>
          <Matrix tactics={shown.tactics} openId={query.technique ?? null} onOpen={open} />
          <p className="text-12 text-ink-quiet">
            {shown.empty.length > 0 && `${words.emptyTactics(shown.empty.join(', '))} `}
            {words.version(data.attackVersion)}.
          </p>
        </>
      )}
    </div>
  );
}
