/** Lists of what is known to be bad: what is loaded, what of it could not be read, and what they know of a value. */
import { ListFilter } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { IndicatorListEntry } from '../../../contract/api-indicators.ts';
import type { Indicator } from '../../../contract/indicators.ts';
import { plainText } from '../../../contract/text.ts';
import { Button } from '../../components/Button.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { TextField } from '../../components/fields.tsx';
import { Section } from '../../components/layout.tsx';
import { Count } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { counted } from '../../lib/format.ts';
import { openItem, useAddress } from '../../lib/use-address.ts';
import { useCommand } from '../../lib/use-command.ts';
import { strings } from '../../strings/index.ts';
import { listItem } from './rule-list.ts';
import type { Lists } from './use-lists.ts';

const words = strings.rules.indicators;

export function IndicatorsTab({ lists: { data, failure, isLoading, reload } }: { readonly lists: Lists }) {
  const { item } = useAddress();
  if (isLoading) return <LoadingState rows={10} />;
  if (data === undefined) return failure && <FailureState failure={failure} onRetry={reload} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3">
      <p className="text-ink-muted">
        {words.about} <span className="text-ink-quiet">{counted(data.size, words.summary)}</span>
      </p>
      <CheckValue />
      <div className="flex min-h-48 flex-1 flex-col">
        <DataTable
          label={words.label}
          columns={COLUMNS}
          rows={data.lists}
          rowKey={({ name }) => listItem(name)}
          openKey={item}
          onOpen={({ name }) => openItem(listItem(name))}
          empty={
            <EmptyState icon={ListFilter} title={words.none}>
              {words.noneHint}
            </EmptyState>
          }
        />
      </div>
    </div>
  );
}

/** As the call takes it. */
const LONGEST_VALUE = 2_048;
const SHOWN_FOUND = 6;

function CheckValue() {
  const [value, setValue] = useState('');
  const [found, setFound] = useState<{ readonly value: string; readonly indicators: readonly Indicator[] } | null>(
    null,
  );
  const check = useCommand('indicators.check');
  const run = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const asked = value.trim();
    if (asked === '') return;
    setFound(null);
    const answer = await check.run({ value: asked });
    if (answer.ok) setFound({ value: asked, indicators: answer.value.found });
  };
  return (
    <>
      <form className="flex max-w-160 items-end gap-2" onSubmit={(event) => void run(event)}>
        <div className="min-w-0 flex-1">
          <TextField
            label={words.check}
            placeholder={words.checkHint}
            value={value}
            isMono
            maxLength={LONGEST_VALUE}
            spellCheck={false}
            autoComplete="off"
            onChange={setValue}
          />
        </div>
        <Button type="submit" isBusy={check.isRunning} disabled={value.trim() === ''}>
          {words.checkRun}
        </Button>
      </form>
      {found !== null &&
        (found.indicators.length === 0 ? (
          <p role="status" className="text-ink-muted">
            {words.checkNone(plainText(found.value))}
          </p>
        ) : (
          <div role="status">
            <Section title={words.found}>
              <DataTable
                label={words.found}
                columns={FOUND}
                rows={found.indicators}
                rowKey={({ type, value: known, source }) => `${type} ${source} ${known}`}
                visibleRows={Math.min(SHOWN_FOUND, found.indicators.length)}
              />
            </Section>
          </div>
        ))}
    </>
  );
}

const FOUND: readonly Column<Indicator>[] = [
  { id: 'type', header: words.foundColumns.type, width: '104px', cell: ({ type }) => words.types[type] },
  {
    id: 'value',
    header: words.foundColumns.value,
    width: 'minmax(160px, 2fr)',
    cell: ({ value }) => (
      <Text isOneLine isMono>
        {value}
      </Text>
    ),
  },
  {
    id: 'label',
    header: words.foundColumns.label,
    width: 'minmax(120px, 1fr)',
    fromWidth: 480,
    cell: ({ label }) => <Text isOneLine>{label}</Text>,
  },
  {
    id: 'source',
    header: words.foundColumns.source,
    width: 'minmax(120px, 1fr)',
    cell: ({ source }) => <Text isOneLine>{source}</Text>,
  },
];

export function originOf({ path, isOwn }: IndicatorListEntry): string {
  if (path === '') return words.builtIn;
  return isOwn ? words.imported : words.ofSetting;
}

const COLUMNS: readonly Column<IndicatorListEntry>[] = [
  {
    id: 'name',
    header: words.columns.name,
    width: 'minmax(160px, 2fr)',
    cell: ({ name }) => (
      <Text isOneLine className="font-medium">
        {name}
      </Text>
    ),
  },
  {
    id: 'state',
    header: words.columns.state,
    width: '96px',
    cell: ({ failure }) =>
      failure === null ? (
        <span className="text-ink-muted">{words.works}</span>
      ) : (
        <span className="font-medium text-critical">{words.failed}</span>
      ),
  },
  {
    id: 'format',
    header: words.columns.format,
    width: '104px',
    fromWidth: 560,
    cell: ({ format }) => <span className="text-ink-muted">{words.formats[format]}</span>,
  },
  {
    id: 'entries',
    header: words.columns.entries,
    width: '96px',
    isNumeric: true,
    cell: ({ entries }) => <Count value={entries} />,
  },
  {
    id: 'invalid',
    header: words.columns.invalid,
    width: '112px',
    isNumeric: true,
    fromWidth: 480,
    cell: ({ invalid }) => (
      <span className={invalid > 0 ? 'text-medium' : 'text-ink-quiet'}>
        <Count value={invalid} />
      </span>
    ),
  },
  {
    id: 'origin',
    header: words.columns.origin,
    width: 'minmax(120px, 1fr)',
    fromWidth: 680,
    cell: (list) => <span className="text-ink-muted">{originOf(list)}</span>,
  },
];
