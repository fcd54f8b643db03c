import type { Profile } from '../../../contract/api-models.ts';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { KeyValue, Section } from '../../components/layout.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import type { OutputOf } from '../../lib/client.ts';
import { counted, formatNumber, formatPercent } from '../../lib/format.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { versionName } from './actions.ts';
import { agreementOf } from './learnt.ts';
import { TwoScoresPlot } from './ScorePlot.tsx';

const words = strings.models.compare;

export interface CompareDrawerProps {
  readonly first: Profile;
  readonly second: Profile;
}

/** Two versions of a table on the same rows: how alike they are, and where they differ. */
export function CompareDrawer({ first, second }: CompareDrawerProps) {
  const isFit = first.table === second.table;
  const { data, failure, isLoading, reload } = useQuery(
    'models.compare',
    { first: first.id, second: second.id },
    { isEnabled: isFit },
  );
  return (
    <Drawer
      eyebrow={<span className="text-ink-quiet">{`${strings.models.tables[first.table]} · ${words.eyebrow}`}</span>}
      title={words.title(versionName(first), versionName(second).toLowerCase())}
    >
      {!isFit ? (
        <EmptyState title={words.otherTables} />
      ) : isLoading ? (
        <LoadingState rows={10} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : data.first.rows === 0 ? (
        <EmptyState title={words.noRows} />
      ) : (
        <Comparison comparison={data} first={first} second={second} />
      )}
    </Drawer>
  );
}

interface ComparisonProps extends CompareDrawerProps {
  readonly comparison: OutputOf<'models.compare'>;
}

function Comparison({ comparison, first, second }: ComparisonProps) {
  const { rankCorrelation, disagreement } = comparison;
  const names = [first, second].map((profile) => versionName(profile)) as [string, string];
  return (
    <>
      <p className="text-15">
        {words.agree[agreementOf(rankCorrelation)]}{' '}
        {words.sentence(
          counted(comparison.first.rows, strings.models.rows[first.table]),
          formatPercent(disagreement * 100),
        )}
      </p>
      <KeyValue
        rows={[
          {
            name: words.correlation,
            value: (
              <>
                <span className="font-mono">{formatNumber(rankCorrelation, 2)}</span>{' '}
                <span className="text-ink-quiet">{words.correlationHint}</span>
              </>
            ),
          },
          { name: words.disagreement, value: <span className="font-mono">{formatPercent(disagreement * 100)}</span> },
        ]}
      />
      <Section title={words.table}>
        <DataTable
          label={words.table}
          columns={columnsFor(names)}
          rows={MEASURES.map(({ name, of }) => ({ name, first: of(comparison.first), second: of(comparison.second) }))}
          rowKey={({ name }) => name}
          visibleRows={MEASURES.length}
        />
        <p className="text-12 text-ink-quiet">{words.medianHint}</p>
      </Section>
      <Section title={words.distribution}>
        <TwoScoresPlot
          label={words.distributionLabel(names[0], names[1])}
          first={{ name: names[0], distribution: comparison.first.distribution }}
          second={{ name: names[1], distribution: comparison.second.distribution }}
        />
      </Section>
    </>
  );
}

type Evaluation = OutputOf<'models.compare'>['first'];

const MEASURES: readonly { readonly name: string; readonly of: (evaluation: Evaluation) => string }[] = [
  { name: words.rarer100, of: ({ onePercent }) => formatPercent(onePercent * 100) },
  { name: words.rarer1000, of: ({ oneInThousand }) => formatPercent(oneInThousand * 100) },
  { name: words.median, of: ({ medianPValue }) => formatNumber(medianPValue, 2) },
];

interface MeasureRow {
  readonly name: string;
  readonly first: string;
  readonly second: string;
}

const columnsFor = ([first, second]: readonly [string, string]): readonly Column<MeasureRow>[] => [
  { id: 'name', header: '', width: 'minmax(168px, 1fr)', cell: ({ name }) => name },
  {
    id: 'first',
    header: first,
    width: '92px',
    isNumeric: true,
    cell: (row) => <span className="font-mono">{row.first}</span>,
  },
  {
    id: 'second',
    header: second,
    width: '92px',
    isNumeric: true,
    cell: (row) => <span className="font-mono">{row.second}</span>,
  },
];
