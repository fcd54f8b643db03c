/** Filters whose state is the address, so that a filtered list can be linked, kept and gone back to. */
import { ChevronDown, Search, X } from 'lucide-react';
import { Popover } from 'radix-ui';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { listOf } from '../lib/address.ts';
import { useShortcuts } from '../lib/shortcuts.ts';
import { setQuery, useAddress } from '../lib/use-address.ts';
import { strings } from '../strings/index.ts';
import { Button } from './Button.tsx';
import { cx } from './cx.ts';
import { Checkbox, type Option } from './fields.tsx';
import { useLayer } from './Layer.tsx';

export type Filter =
  /** Words that are searched for. */
  | { readonly kind: 'text'; readonly key: string; readonly label: string }
  /** One of several; the first is what holds where the address says nothing, its value is "". */
  | { readonly kind: 'select'; readonly key: string; readonly label: string; readonly options: readonly Option[] }
  /** Any of several: "high,critical". */
  | { readonly kind: 'chips'; readonly key: string; readonly label: string; readonly options: readonly Option[] };

export interface FilterBarProps {
  readonly label: string;
  readonly filters: readonly Filter[];
  /** At the right: how many there are, other controls. */
  readonly children?: ReactNode;
}

/** A person who types pauses about so long between words. */
const TYPING_MS = 250;

export function FilterBar({ label, filters, children }: FilterBarProps) {
  const { query } = useAddress();
  const isSet = filters.some(({ key }) => (query[key] ?? '') !== '');
  const clear = (): void => setQuery(Object.fromEntries(filters.map(({ key }) => [key, undefined])));
  return (
    // biome-ignore lint/a11y/useSemanticElements: `search` is not known to every screen reader yet
    <div role="search" aria-label={label} className="flex flex-wrap items-center gap-2">
      {filters.map((filter) =>
        filter.kind === 'text' ? (
          <TextFilter key={filter.key} name={filter.key} label={filter.label} value={query[filter.key] ?? ''} />
        ) : filter.kind === 'select' ? (
          <SelectFilter
            key={filter.key}
            name={filter.key}
            label={filter.label}
            options={filter.options}
            value={query[filter.key] ?? ''}
          />
        ) : (
          <ChipsFilter
            key={filter.key}
            name={filter.key}
            label={filter.label}
            options={filter.options}
            values={listOf(query[filter.key])}
          />
        ),
      )}
      {isSet && (
        <Button kind="quiet" icon={X} onClick={clear}>
          {strings.common.clearFilters}
        </Button>
      )}
      {children !== undefined && <div className="ml-auto flex items-center gap-2 text-ink-quiet">{children}</div>}
    </div>
  );
}

function TextFilter({ name, label, value }: { readonly name: string; readonly label: string; readonly value: string }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  // The address changed by another way: back, a link, "clear".
  if (value !== seen) {
    setSeen(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => {
      setSeen(text);
      setQuery({ [name]: text });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value, name]);
  useShortcuts([
    {
      keys: '/',
      title: strings.frame.shortcuts.search,
      group: strings.frame.shortcuts.groups.page,
      run: () => input.current?.focus(),
    },
  ]);
  return (
    <span className="relative inline-flex w-64 max-w-full">
      <Search
        size={16}
        strokeWidth={1.75}
        aria-hidden
        className="pointer-events-none absolute top-2 left-2 text-ink-quiet"
      />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.stopPropagation();
          if (text === '') event.currentTarget.blur();
          else setText('');
        }}
        className="h-8 w-full rounded-md border border-line-field bg-surface pr-2 pl-8 placeholder:text-ink-quiet focus-visible:outline-offset-0"
      />
    </span>
  );
}

const CONTROL =
  'inline-flex h-8 items-center gap-1 rounded-md border bg-surface px-3 text-13 hover:bg-hover focus-visible:outline-offset-0';

interface OptionsProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly Option[];
}

function SelectFilter({ name, label, options, value }: OptionsProps & { readonly value: string }) {
  return (
    <span className="relative inline-flex max-w-64 min-w-0">
      <select
        aria-label={label}
        value={options.some((option) => option.value === value) ? value : (options[0]?.value ?? '')}
        onChange={(event) => setQuery({ [name]: event.target.value })}
        className={cx(
          CONTROL,
          'w-full appearance-none truncate pr-8',
          value === '' ? 'border-line-strong' : 'border-accent text-accent',
        )}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <ChevronDown size={16} aria-hidden className="pointer-events-none absolute top-2 right-2 text-ink-quiet" />
    </span>
  );
}

function ChipsFilter({ name, label, options, values }: OptionsProps & { readonly values: readonly string[] }) {
  const container = useLayer();
  const chosen = options.filter(({ value }) => values.includes(value));
  const toggle = (value: string, isChecked: boolean): void => {
    const next = options
      .map((option) => option.value)
      .filter((other) => (other === value ? isChecked : values.includes(other)));
    setQuery({ [name]: next.join(',') });
  };
  return (
    <Popover.Root>
      <Popover.Trigger
        className={cx(CONTROL, chosen.length === 0 ? 'border-line-strong' : 'border-accent text-accent')}
      >
        {chosen.length === 0 ? label : `${label}: ${chosen.map((option) => option.label).join(', ')}`}
        <ChevronDown size={16} aria-hidden className="text-ink-quiet" />
      </Popover.Trigger>
      <Popover.Portal container={container}>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className="z-40 flex max-h-[60vh] min-w-48 flex-col gap-2 overflow-y-auto rounded-lg border border-line bg-raised p-3 shadow-floating"
        >
          {options.map((option) => (
            <Checkbox
              key={option.value}
              label={option.label}
              isChecked={values.includes(option.value)}
              onChange={(isChecked) => toggle(option.value, isChecked)}
            />
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
