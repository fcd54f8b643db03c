import { Card } from '../../components/layout.tsx';
import { StateWord } from '../../components/StateWord.tsx';
import { LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { linkTo } from '../../lib/address.ts';
import { formatPercent } from '../../lib/format.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';

const words = strings.models;
/** Learning takes days; a training shows its steps on its own page. */
const REFETCH_MS = 15_000;

/** What has been learnt to be usual on this computer, table by table. */
export function Learnt() {
  const { data, failure, isLoading } = useQuery('models.list', {}, { refetchMs: REFETCH_MS });
  return (
    <Card
      title={words.overview.title}
      actions={
        <a href={linkTo('models')} className="text-accent">
          {words.overview.all}
        </a>
      }
    >
      {isLoading ? (
        <LoadingState rows={3} />
      ) : data === undefined ? (
        <p className="text-ink-muted">
          {words.overview.unknown} {failure !== null && <Text>{failure.message}</Text>}
        </p>
      ) : (
        <ul className="flex flex-col gap-2">
          {data.learning.map(({ table, state, detail, progress }) => (
            <li key={table}>
              <a
                href={linkTo('models', null, { table })}
                title={detail}
                className="-mx-2 flex flex-wrap items-center gap-x-3 rounded-md px-2 py-1 text-ink no-underline hover:bg-hover"
              >
                <span className="mr-auto">{words.tables[table]}</span>
                <span className="inline-flex items-center gap-2">
                  <StateWord state={state} />
                  {progress !== null && (
                    <span className="font-mono text-ink-quiet">{formatPercent(Math.floor(progress * 100))}</span>
                  )}
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
