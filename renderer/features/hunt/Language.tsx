/** The language of Hunt in short, and in full; both from the tables that the engine reads. */
import type { ReactNode } from 'react';
import { HUNT_FUNCTIONS, HUNT_KEYWORDS, HUNT_OPERATORS, HUNT_TABLES } from '../../../contract/hunt-language.ts';
import { Button } from '../../components/Button.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { Card, Section } from '../../components/layout.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { openItem } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { QueryText } from './QueryText.tsx';
import { SavedList } from './Saved.tsx';

const words = strings.hunt.help;
const start = strings.hunt.start;

/** What is shown where nothing is searched yet. */
export function Start({ onOpen }: { readonly onOpen: (query: string) => void }) {
  const { data, failure, isLoading, reload } = useQuery('hunt.saved', {});
  const own = data?.queries.filter(({ isBuiltIn }) => !isBuiltIn) ?? [];
  return (
    <div className="grid grid-cols-[minmax(0,3fr)_minmax(0,2fr)] items-start gap-4 max-narrow:grid-cols-1">
      <Card title={start.title}>
        <p className="pb-2 text-ink-muted">{start.body}</p>
        {isLoading ? (
          <LoadingState rows={10} />
        ) : data === undefined ? (
          failure && <FailureState failure={failure} onRetry={reload} />
        ) : data.queries.length === 0 ? (
          <EmptyState title={strings.hunt.saved.none} />
        ) : (
          <SavedList queries={[...own, ...data.queries.filter(({ isBuiltIn }) => isBuiltIn)]} onOpen={onOpen} />
        )}
      </Card>
      <Card
        title={start.language}
        actions={
          <Button kind="link" onClick={() => openItem('language')}>
            {start.whole}
          </Button>
        }
      >
        <dl className="flex flex-col gap-3 pt-1">
          {start.parts.map(([code, meaning]) => (
            <div key={code}>
              <dt>
                <code>{code}</code>
              </dt>
              <dd className="text-ink-muted">{meaning}</dd>
            </div>
          ))}
        </dl>
        <p className="pt-4 pb-1 text-12 text-ink-quiet">{start.example}</p>
        <button
          type="button"
          onClick={() => onOpen(EXAMPLE)}
          className="rounded-md bg-sunken px-3 py-2 text-left hover:bg-hover"
        >
          <QueryText>{EXAMPLE}</QueryText>
        </button>
      </Card>
    </div>
  );
}

const EXAMPLE = 'flows where responderPort = 22 and not initiator in 10.0.0.0/8 since 7d | count by initiator';

export function LanguageDrawer({ onOpen }: { readonly onOpen: (query: string) => void }) {
  return (
    <Drawer title={words.title} width="large">
      <p className="text-ink-muted">{words.intro}</p>
      {HUNT_TABLES.map(({ name, doc, fields }) => (
        <Section
          key={name}
          title={`${words.tables} ${name}`}
          actions={
            <Button kind="link" onClick={() => onOpen(name)}>
              {words.open(name)}
            </Button>
          }
        >
          <p className="text-ink-muted">{doc}</p>
          <Rows
            head={[words.field, words.example, words.meaning]}
            rows={fields.map((field) => ({
              key: field.name,
              cells: [
                <code key="name">{field.name}</code>,
                <code key="example" className="text-ink-muted">
                  {field.examples[0]}
                </code>,
                <span key="doc">
                  {field.doc} <span className="text-ink-quiet">({words.types[field.type]})</span>
                </span>,
              ],
            }))}
          />
        </Section>
      ))}
      <Section title={words.operators}>
        <Pairs rows={HUNT_OPERATORS.map(({ symbol, doc }) => [symbol, doc])} />
      </Section>
      <Section title={words.functions}>
        <Pairs rows={HUNT_FUNCTIONS.map(({ name, doc }) => [name, doc])} />
      </Section>
      <Section title={words.words}>
        <Pairs rows={Object.entries(HUNT_KEYWORDS)} />
      </Section>
    </Drawer>
  );
}

function Pairs({ rows }: { readonly rows: readonly (readonly [string, string])[] }) {
  return (
    <Rows
      rows={rows.map(([name, doc]) => ({
        key: name,
        cells: [<code key="name">{name}</code>, <span key="doc">{doc}</span>],
      }))}
    />
  );
}

function Rows({
  head,
  rows,
}: {
  readonly head?: readonly string[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly ReactNode[] }[];
}) {
  return (
    <table className="w-full border-collapse text-left">
      {head !== undefined && (
        <thead className="text-12 text-ink-quiet">
          <tr>
            {head.map((title) => (
              <th key={title} scope="col" className="py-1 pr-4 font-normal">
                {title}
              </th>
            ))}
          </tr>
        </thead>
      )}
      <tbody>
        {rows.map(({ key, cells }) => (
          <tr key={key} className="border-t border-line align-top">
            {cells.map((cell, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the cells of one row do not move
              <td key={index} className="py-1 pr-4 break-words">
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
