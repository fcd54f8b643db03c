import { useEffect, useState } from 'react';
import { SEVERITIES } from '../../../contract/domain.ts';
import { cx } from '../../components/cx.ts';
import { Checkbox, Select, TextField } from '../../components/fields.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { Text } from '../../components/Text.tsx';
import { counted, formatCount } from '../../lib/format.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { ALLOW_FIELDS, type AllowDraft, type AllowField, matchOf, toggleField } from './allow-proposal.ts';
import type { AlertRow } from './rows.ts';

const words = strings.alerts.dismissDialog;
/** Named in the preview; the rest is counted. */
const PREVIEWED = 6;
/** A person who types an address pauses about so long. */
const TYPING_MS = 300;

export interface AllowEntryFieldsProps {
  readonly draft: AllowDraft;
  /** What is being dismissed: the preview does not count it. */
  readonly alerts: readonly AlertRow[];
  readonly onChange: (draft: AllowDraft) => void;
}

/** What an allow entry matches, with what it would have hidden. */
export function AllowEntryFields({ draft, alerts, onChange }: AllowEntryFieldsProps) {
  const fields = ALLOW_FIELDS.filter((field) => draft.values[field] !== undefined);
  return (
    <div className="grid grid-cols-2 gap-x-6 gap-y-4 max-narrow:grid-cols-1">
      <fieldset className="flex min-w-0 flex-col gap-2">
        <legend className="pb-1 font-medium">{words.match}</legend>
        {fields.map((field) => (
          <MatchField
            key={field}
            field={field}
            value={draft.values[field] ?? ''}
            isChosen={draft.chosen.includes(field)}
            onToggle={(isChosen) => onChange(toggleField(draft, field, isChosen))}
            onValue={(value) => onChange({ ...draft, values: { ...draft.values, [field]: value } })}
          />
        ))}
        <p className="text-12 text-ink-quiet">{words.matchHint}</p>
      </fieldset>
      <div className="flex min-w-0 flex-col gap-4">
        <Select
          label={words.maximumSeverity}
          hint={words.maximumSeverityHint}
          value={draft.maximumSeverity}
          options={SEVERITIES.map((value) => ({ value, label: strings.common.severity[value] }))}
          onChange={(value) =>
            onChange({
              ...draft,
              maximumSeverity: SEVERITIES.find((known) => known === value) ?? draft.maximumSeverity,
            })
          }
        />
        <Select
          label={words.until}
          value={draft.days === null ? '' : String(draft.days)}
          options={[
            ...Object.entries(words.days).map(([value, label]) => ({ value, label })),
            { value: '', label: words.forGood },
          ]}
          onChange={(value) => onChange({ ...draft, days: value === '' ? null : Number(value) })}
        />
      </div>
      <div className="col-span-full">
        <Preview draft={draft} alerts={alerts} />
      </div>
    </div>
  );
}

interface MatchFieldProps {
  readonly field: AllowField;
  readonly value: string;
  readonly isChosen: boolean;
  readonly onToggle: (isChosen: boolean) => void;
  readonly onValue: (value: string) => void;
}

function MatchField({ field, value, isChosen, onToggle, onValue }: MatchFieldProps) {
  const isAddress = field === 'attacker' || field === 'victim';
  return (
    <div className="grid min-h-8 grid-cols-[112px_minmax(0,1fr)] items-center gap-x-3">
      <Checkbox label={words.fields[field]} isChecked={isChosen} onChange={onToggle} />
      {isAddress ? (
        <TextField
          label={words.fields[field]}
          isLabelHidden
          isMono
          value={value}
          disabled={!isChosen}
          maxLength={100}
          onChange={onValue}
        />
      ) : (
        <span className={cx(!isChosen && 'text-ink-quiet', field === 'detector' && 'font-mono')}>
          <Text>{field === 'kind' ? strings.alerts.kinds[value as AlertRow['kind']] : value}</Text>
        </span>
      )}
    </div>
  );
}

/** What else it would have hidden: an entry that hides too much shows before it is made. */
function Preview({ draft, alerts }: Pick<AllowEntryFieldsProps, 'draft' | 'alerts'>) {
  const settled = useSettled(draft);
  const match = matchOf(settled);
  const { data, failure, isLoading, isStale } = useQuery(
    'allow.preview',
    { match: match ?? {}, maximumSeverity: settled.maximumSeverity },
    { isEnabled: match !== null, keepPrevious: true },
  );
  if (match === null) return <p className="text-critical">{words.chooseSomething}</p>;
  const own = new Set(alerts.map(({ id }) => id));
  const others = data?.alerts.filter(({ id }) => !own.has(id)) ?? [];
  return (
    <section aria-live="polite" aria-label={words.preview} className="rounded-md bg-sunken px-3 py-2">
      <p className="flex flex-wrap justify-between gap-x-4">
        <span className="font-medium">{words.preview}</span>
        {data !== undefined && failure === null && (
          <span className="text-ink-quiet">{words.previewTotal(counted(data.total, strings.alerts.alert))}</span>
        )}
      </p>
      {failure !== null ? (
        <p className="text-critical">
          <Text>{failure.message}</Text> <Text>{failure.hint}</Text>
        </p>
      ) : isLoading || data === undefined ? (
        <p className="text-ink-quiet">{words.previewing}</p>
      ) : others.length === 0 ? (
        <p className="text-ink-muted">{words.previewOnlyThese}</p>
      ) : (
        <ul className={cx('flex flex-col gap-1 pt-1', isStale && 'opacity-60')}>
          {others.slice(0, PREVIEWED).map(({ id, title, severity }) => (
            <li key={id} className="grid grid-cols-[80px_minmax(0,1fr)] items-baseline gap-x-3 text-12">
              <SeverityMark severity={severity} />
              <Text isOneLine>{title}</Text>
            </li>
          ))}
          {data.total - (data.alerts.length - others.length) > PREVIEWED && (
            <li className="text-12 text-ink-quiet">
              {words.previewMore(formatCount(data.total - (data.alerts.length - others.length) - PREVIEWED))}
            </li>
          )}
        </ul>
      )}
    </section>
  );
}

/** The draft as it was when nothing had been typed for a moment. */
function useSettled(draft: AllowDraft): AllowDraft {
  const [settled, setSettled] = useState(draft);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(draft), TYPING_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  return settled;
}
