import { ArrowLeft } from 'lucide-react';
import { ALERT_KINDS, SEVERITIES } from '../../../contract/domain.ts';
import { FilterBar } from '../../components/FilterBar.tsx';
import { Select } from '../../components/fields.tsx';
import { Text } from '../../components/Text.tsx';
import { linkTo } from '../../lib/address.ts';
import { setQuery } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { type Grouping, LIVE, type ListFilter } from './filters.ts';

const words = strings.alerts;

function options(table: Readonly<Record<string, string>>) {
  return Object.entries(table)
    .map(([value, label]) => ({ value, label }))
    .sort((a, b) => Number(a.value !== '') - Number(b.value !== ''));
}

export function AlertFilters({
  filter,
  grouping,
}: {
  readonly filter: ListFilter;
  readonly grouping: Grouping | null;
}) {
  return (
    <FilterBar
      label={words.search}
      filters={[
        { kind: 'text', key: 'q', label: words.search },
        {
          kind: 'chips',
          key: 'severity',
          label: words.severity,
          options: SEVERITIES.toReversed().map((value) => ({ value, label: strings.common.severity[value] })),
        },
        {
          kind: 'chips',
          key: 'kind',
          label: words.kind,
          options: ALERT_KINDS.map((value) => ({ value, label: words.kinds[value] })),
        },
        { kind: 'select', key: 'state', label: words.state, options: options(words.stateFilters) },
        // The times of a capture are those of long ago.
        ...(filter.source === LIVE
          ? [{ kind: 'select', key: 'span', label: words.span, options: options(words.spans) } as const]
          : []),
      ]}
    >
      <Select
        label={words.group}
        isLabelHidden
        value={grouping ?? ''}
        options={options(words.groups).map(({ value, label }) => ({
          value,
          label: value === '' ? label : `${words.group}: ${label}`,
        }))}
        onChange={(group) => setQuery({ group })}
      />
    </FilterBar>
  );
}

/** Which capture the alerts are of, and the way back. */
export function SourceLine({ source }: { readonly source: string }) {
  const { data, failure } = useQuery('captures.get', { id: source }, { isEnabled: source !== LIVE });
  if (source === LIVE) return null;
  return (
    <p className="flex flex-wrap items-baseline gap-x-4 gap-y-1 pb-3">
      <span className="font-medium">
        {data === undefined ? failure && words.unknownCapture : <Text>{words.fromCapture(data.name)}</Text>}
      </span>
      <a href={linkTo('alerts')} className="inline-flex items-center gap-1 text-accent">
        <ArrowLeft size={14} aria-hidden />
        {words.backToLive}
      </a>
    </p>
  );
}
