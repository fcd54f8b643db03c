/** The rules of one engine: what is loaded, what it is about, how often it hit, and its switch. */
import { ListFilter } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { RuleEngine, RuleRow } from '../../../contract/api-rules.ts';
import { SEVERITIES } from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { Button } from '../../components/Button.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { FilterBar } from '../../components/FilterBar.tsx';
import { Switch } from '../../components/fields.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { Count, RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { counted, formatCount } from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { openItem, setQuery, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { switchRule } from './actions.ts';
import {
  BY_TITLE,
  FILTER_KEYS,
  filterOf,
  isNarrowed,
  PROBLEMS_ITEM,
  type RuleSort,
  ruleItem,
  shownRules,
} from './rule-list.ts';
import type { Rules } from './use-rules.ts';

const words = strings.rules;

export interface RuleTabProps {
  readonly engine: RuleEngine;
  readonly rules: Rules;
}

export function RuleTab({ engine, rules: { data, failure, isLoading, reload } }: RuleTabProps) {
  const { query, item } = useAddress();
  const mayChange = useMay('admin');
  const [sort, setSort] = useState<RuleSort>(BY_TITLE);
  const filter = useMemo(() => filterOf(query), [query]);
  const rows = useMemo(
    () => (data === undefined ? [] : shownRules(data.rules, engine, filter, sort)),
    [data, engine, filter, sort],
  );
  const columns = useMemo(() => columnsFor(mayChange), [mayChange]);
  if (isLoading) return <LoadingState rows={14} />;
  if (data === undefined) return failure && <FailureState failure={failure} onRetry={reload} />;
  const ofEngine = data.rules.filter((rule) => rule.engine === engine);
  const enabled = ofEngine.filter(({ isEnabled }) => isEnabled).length;
  const problems = data.problems.filter((problem) => problem.engine === engine).length;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3">
      <p className="text-ink-muted">
        {words.about[engine]}{' '}
        <span className="text-ink-quiet">{words.summary(formatCount(enabled), formatCount(ofEngine.length))}</span>
      </p>
      {data.limits !== '' && (
        <Notice kind="warning" title={words.limits}>
          <Text maxLength={LONGEST_LIMITS}>{data.limits}</Text>
        </Notice>
      )}
      {problems > 0 && (
        <Notice kind="warning" action={<Button onClick={() => openItem(PROBLEMS_ITEM)}>{words.problems.show}</Button>}>
          {words.problems.notice(counted(problems, words.problems.some))}
        </Notice>
      )}
      <Filters count={rows.length} />
      <div className="flex min-h-48 flex-1 flex-col">
        <DataTable
          label={words.label[engine]}
          columns={columns}
          rows={rows}
          rowKey={ruleItem}
          sort={sort}
          onSort={setSort}
          openKey={item}
          onOpen={(rule) => openItem(ruleItem(rule))}
          empty={<NoRules isNarrowed={isNarrowed(filter)} />}
        />
      </div>
    </div>
  );
}

const LONGEST_LIMITS = 600;

function Filters({ count }: { readonly count: number }) {
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
        { kind: 'select', key: 'state', label: words.state, options: optionsOf(words.states) },
        { kind: 'select', key: 'origin', label: words.origin, options: optionsOf(words.origins) },
      ]}
    >
      <span role="status">{counted(count, words.rule)}</span>
    </FilterBar>
  );
}

const optionsOf = (table: Readonly<Record<string, string>>) =>
  Object.entries(table).map(([value, label]) => ({ value, label }));

function NoRules({ isNarrowed: isNarrow }: { readonly isNarrowed: boolean }) {
  if (!isNarrow) {
    return (
      <EmptyState icon={ListFilter} title={words.none}>
        {words.noneHint}
      </EmptyState>
    );
  }
  const clear = (): void => setQuery(Object.fromEntries(FILTER_KEYS.map((key) => [key, undefined])));
  return (
    <EmptyState
      icon={ListFilter}
      title={words.noMatch}
      action={<Button onClick={clear}>{strings.common.clearFilters}</Button>}
    />
  );
}

function Title({ rule: { title, isEnabled } }: { readonly rule: RuleRow }) {
  return (
    <Text isOneLine className={isEnabled ? 'font-medium' : 'text-ink-quiet'}>
      {title}
    </Text>
  );
}

/** Below this the severity is a mark before the title. */
const ROOM_FOR_WORDS = 620;

function columnsFor(mayChange: boolean): readonly Column<RuleRow>[] {
  return [
    {
      id: 'severity',
      header: words.columns.severity,
      width: '104px',
      isSortable: true,
      fromWidth: ROOM_FOR_WORDS,
      cell: ({ severity }) => <SeverityMark severity={severity} />,
    },
    {
      id: 'title',
      header: words.columns.title,
      width: 'minmax(160px, 3fr)',
      isSortable: true,
      fromWidth: ROOM_FOR_WORDS,
      cell: (rule) => <Title rule={rule} />,
    },
    {
      id: 'marked-title',
      header: words.columns.title,
      width: 'minmax(160px, 1fr)',
      untilWidth: ROOM_FOR_WORDS,
      cell: (rule) => (
        <span className="grid grid-cols-[12px_minmax(0,1fr)] items-center gap-x-2">
          <SeverityMark severity={rule.severity} isShort />
          <Title rule={rule} />
        </span>
      ),
    },
    {
      id: 'about',
      header: words.columns.about,
      width: 'minmax(120px, 1.4fr)',
      isSortable: true,
      fromWidth: 900,
      cell: ({ about }) => (
        <Text isOneLine className="text-ink-muted">
          {about}
        </Text>
      ),
    },
    {
      id: 'techniques',
      header: words.columns.techniques,
      width: '132px',
      isSortable: true,
      fromWidth: 760,
      cell: ({ techniques }) => (
        <Text isOneLine isMono>
          {techniques.join(' ')}
        </Text>
      ),
    },
    {
      id: 'file',
      header: words.columns.file,
      width: 'minmax(120px, 1.4fr)',
      isSortable: true,
      fromWidth: 1_080,
      cell: ({ file }) => (
        <Text isOneLine isMono className="text-ink-quiet">
          {file}
        </Text>
      ),
    },
    {
      id: 'origin',
      header: words.columns.origin,
      width: '88px',
      fromWidth: 980,
      cell: ({ isOwn }) => <span className="text-ink-muted">{isOwn ? words.own : words.imported}</span>,
    },
    {
      id: 'hits',
      header: words.columns.hits,
      width: '72px',
      isNumeric: true,
      isSortable: true,
      fromWidth: 420,
      cell: ({ hits }) => <Count value={hits} />,
    },
    {
      id: 'last',
      header: words.columns.last,
      width: '104px',
      isNumeric: true,
      isSortable: true,
      fromWidth: 700,
      cell: ({ lastHitMs }) =>
        lastHitMs === null ? (
          <span className="text-ink-quiet">{words.never}</span>
        ) : (
          <span className="text-ink-muted">
            <RelativeTime timeMs={lastHitMs} />
          </span>
        ),
    },
    {
      id: 'enabled',
      header: words.columns.enabled,
      width: '64px',
      isSortable: true,
      cell: (rule) =>
        mayChange ? (
          <Switch
            label={words.switchOf(plainText(rule.title))}
            isLabelHidden
            isOn={rule.isEnabled}
            onChange={(isOn) => void switchRule(rule, isOn)}
          />
        ) : (
          <span className="text-ink-muted">{rule.isEnabled ? words.drawer.on : words.drawer.off}</span>
        ),
    },
  ];
}
