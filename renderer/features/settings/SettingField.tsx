import { Lock, RotateCcw } from 'lucide-react';
import type { SettingRow } from '../../../contract/api-control.ts';
import { IconButton } from '../../components/Button.tsx';
import { Folded } from '../../components/Folded.tsx';
import { NumberField, Select, Switch, TextArea, TextField } from '../../components/fields.tsx';
import { Badge, type BadgeTone } from '../../components/marks.tsx';
import { Text } from '../../components/Text.tsx';
import { strings } from '../../strings/index.ts';
import { type Draft, draftOf, isSame, nameOf, type SettingValue, settingOf } from './drafts.ts';

const words = strings.settings;

/** What a setting is called. */
export function titleOf({ path }: Pick<SettingRow, 'path'>): string {
  return words.names[path] ?? nameOf(path);
}

export interface SettingFieldProps {
  readonly row: SettingRow;
  /** Undefined: not touched. Null: to be reset. */
  readonly draft: Draft | null | undefined;
  /** What the engine said of it. */
  readonly problem?: string;
  readonly isReadOnly: boolean;
  readonly onChange: (draft: Draft | null) => void;
}

/** One setting: its name, what it does, its field, where its value comes from. */
export function SettingField({ row, draft, problem, isReadOnly, onChange }: SettingFieldProps) {
  const shown = draft === undefined ? draftOf(row.value) : draft === null ? draftOf(row.default) : draft;
  const value = settingOf(row, shown);
  const isDefault = value !== undefined && isSame(value, row.default);
  const isLocked = row.lockedBy !== '';
  const origin: { readonly tone: BadgeTone; readonly text: string } | undefined =
    draft !== undefined
      ? undefined
      : row.origin === 'default'
        ? undefined
        : { tone: 'neutral', text: words.origin(row.origin) };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_minmax(180px,280px)] gap-x-6 gap-y-2 max-narrow:grid-cols-1">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium" title={row.path}>
            {titleOf(row)}
          </span>
          {isLocked && (
            <Badge>
              <Lock size={12} aria-hidden className="mr-1" />
              <Text>{row.lockedBy}</Text>
            </Badge>
          )}
          {!isLocked && origin && (
            <Badge tone={origin.tone}>
              <Text>{origin.text}</Text>
            </Badge>
          )}
        </p>
        <Folded className="text-ink-muted">{row.reason}</Folded>
        <p className="text-12 text-ink-quiet">
          <span className="font-mono">{row.path}</span> · {words.default(valueText(row, row.default))}
        </p>
      </div>
      <div className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <Field
            row={row}
            draft={shown}
            problem={problem ?? (value === undefined ? words.wanted(row.wanted) : undefined)}
            isDisabled={isReadOnly || isLocked}
            onChange={onChange}
          />
        </div>
        {!isDefault && !isLocked && !isReadOnly && (
          <IconButton icon={RotateCcw} label={words.reset} onClick={() => onChange(null)} />
        )}
      </div>
    </div>
  );
}

interface FieldProps {
  readonly row: SettingRow;
  readonly draft: Draft;
  readonly problem: string | undefined;
  readonly isDisabled: boolean;
  readonly onChange: (draft: Draft) => void;
}

function Field({ row, draft, problem, isDisabled, onChange }: FieldProps) {
  const common = { label: titleOf(row), isLabelHidden: true, problem, disabled: isDisabled, onChange } as const;
  switch (row.type) {
    case 'boolean':
      return <Switch {...common} isOn={draft === true} />;
    case 'choice':
      return (
        <Select
          {...common}
          value={String(draft)}
          options={(row.choices ?? []).map((choice) => ({ value: choice, label: choice }))}
        />
      );
    case 'number':
      return (
        <NumberField
          {...common}
          value={String(draft)}
          unit={row.unit}
          minimum={row.minimum}
          maximum={row.maximum}
          step={row.isInteger ? 1 : 'any'}
        />
      );
    case 'list':
      return (
        <TextArea
          {...common}
          value={String(draft)}
          hint={words.listHint}
          rows={Math.min(6, String(draft).split('\n').length + 1)}
        />
      );
    case 'string':
      return <TextField {...common} value={String(draft)} isMono />;
  }
}

function valueText(row: SettingRow, value: SettingValue): string {
  if (typeof value === 'boolean') return value ? words.on : words.off;
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  if (text === '') return words.empty;
  return row.unit === undefined ? text : `${text} ${row.unit}`;
}
