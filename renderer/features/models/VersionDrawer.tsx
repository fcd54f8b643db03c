import { Ellipsis } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Profile, ProfileDetail } from '../../../contract/api-models.ts';
import { IconButton } from '../../components/Button.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { KeyValue, Section } from '../../components/layout.tsx';
import { Menu } from '../../components/Menu.tsx';
import { Badge } from '../../components/marks.tsx';
import { Bytes, Percent } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import {
  counted,
  formatBytes,
  formatCount,
  formatDuration,
  formatExact,
  formatPercent,
  formatSpan,
} from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { measureText } from '../../lib/measure.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { fullName, openVersion, versionName } from './actions.ts';
import { ScorePlot } from './ScorePlot.tsx';
import { STATE_TONES, versionActions } from './Versions.tsx';

const words = strings.models.drawer;
const LONGEST_REASON = 1_000;
const VISIBLE_ROWS = 8;
const PLOT_HEIGHT = 150;

export interface VersionDrawerProps {
  readonly id: string;
  /** All that the engine knows; undefined where it has not answered. */
  readonly profiles: readonly Profile[] | undefined;
}

/** One version in full: why it is what it is, what it was learnt from, how it did, its models, what is usual by it. */
export function VersionDrawer({ id, profiles }: VersionDrawerProps) {
  const mayChange = useMay('admin');
  const profile = profiles?.find((one) => one.id === id);
  if (profiles === undefined || profile === undefined) {
    return (
      <Drawer title={<Text>{id}</Text>}>
        {profiles === undefined ? (
          <LoadingState rows={8} />
        ) : (
          <EmptyState title={words.gone}>{words.goneHint}</EmptyState>
        )}
      </Drawer>
    );
  }
  const label = strings.models.versions.actions(fullName(profile));
  return (
    <Drawer
      eyebrow={
        <>
          <span className="text-ink-quiet">{strings.models.tables[profile.table]}</span>
          <Badge tone={STATE_TONES[profile.state]}>{strings.models.versionStates[profile.state]}</Badge>
        </>
      }
      title={versionName(profile)}
      actions={
        <Menu
          label={label}
          trigger={<IconButton icon={Ellipsis} label={label} />}
          items={versionActions(profile, profiles, mayChange)}
        />
      }
    >
      <p className="text-15">
        <Text maxLength={LONGEST_REASON}>{profile.reason}</Text>
      </p>
      <Checks profile={profile} />
      <Facts profile={profile} profiles={profiles} />
      <Detail id={id} />
    </Drawer>
  );
}

function Checks({ profile: { table, metrics } }: { readonly profile: Profile }) {
  const { calibrationRows, validationRows, onePercent, oneInThousand, loss } = metrics;
  const share = (value: number, wanted: number): ReactNode => (
    <>
      <Percent value={value * 100} />{' '}
      <span className="text-ink-quiet">{words.should(formatPercent(wanted * 100))}</span>
    </>
  );
  return (
    <Section title={words.checks}>
      <p className="text-ink-muted">
        {words.checkRows(counted(calibrationRows, strings.models.rows[table]), formatCount(validationRows))}
      </p>
      <KeyValue
        rows={[
          { name: words.onePercent, value: share(onePercent, 0.01) },
          { name: words.oneInThousand, value: share(oneInThousand, 0.001) },
          ...(loss === null
            ? []
            : [{ name: words.loss, value: <span className="font-mono">{measureText(loss, '')}</span> }]),
        ]}
      />
    </Section>
  );
}

function Facts({ profile, profiles }: { readonly profile: Profile; readonly profiles: readonly Profile[] }) {
  const { table, source, rows, fromMs, untilMs, trainedMs, metrics, parent, bytes, digest } = profile;
  const before = profiles.find(({ id }) => id === parent);
  const hasSpan = fromMs !== null && untilMs !== null;
  return (
    <Section title={words.facts}>
      <KeyValue
        rows={[
          { name: words.source, value: <Text>{source}</Text> },
          { name: words.rows, value: counted(rows, strings.models.rows[table]) },
          { name: words.span, value: hasSpan ? formatSpan(fromMs, untilMs, Date.now()) : words.noSpan },
          { name: words.trained, value: formatExact(trainedMs) },
          { name: words.took, value: formatDuration(metrics.seconds * 1_000) },
          {
            name: words.parent,
            value:
              parent === null ? (
                words.first
              ) : before === undefined ? (
                <Text>{parent}</Text>
              ) : (
                <button type="button" className="text-accent hover:underline" onClick={() => openVersion(before.id)}>
                  {versionName(before)}
                </button>
              ),
          },
          { name: words.size, value: formatBytes(bytes) },
          {
            name: words.digest,
            value: (
              <span className="break-all">
                <Text isMono>{digest}</Text>
              </span>
            ),
          },
        ]}
      />
    </Section>
  );
}

function Detail({ id }: { readonly id: string }) {
  const { data, failure, isLoading, reload } = useQuery('models.get', { id });
  if (isLoading) return <LoadingState rows={10} />;
  if (data === undefined) return failure && <FailureState failure={failure} onRetry={reload} />;
  return data.groups.map((group) => <Group key={group.group} group={group} table={data.profile.table} />);
}

type GroupDetail = ProfileDetail['groups'][number];
type Model = GroupDetail['models'][number];
type ColumnRange = GroupDetail['columns'][number];

function Group({ group, table }: { readonly group: GroupDetail; readonly table: Profile['table'] }) {
  const name = strings.models.groups[group.group] ?? group.group;
  return (
    <>
      <Section
        title={
          <>
            <Text>{name}</Text>{' '}
            <span className="font-normal text-ink-quiet">
              {words.groupRows(counted(group.rows, strings.models.rows[table]))}
            </span>
          </>
        }
      >
        <DataTable
          label={words.modelsLabel(name)}
          columns={MODELS}
          rows={group.models}
          rowKey={({ kind }) => kind}
          visibleRows={Math.max(1, group.models.length)}
        />
      </Section>
      <Section title={words.distribution}>
        <ScorePlot label={`${words.distribution}: ${name}`} distribution={group.distribution} height={PLOT_HEIGHT} />
      </Section>
      <Section title={words.usual}>
        <p className="text-12 text-ink-quiet">{words.usualHint}</p>
        <DataTable
          label={words.usualLabel(name)}
          columns={USUAL}
          rows={group.columns}
          rowKey={({ feature }) => feature}
          visibleRows={VISIBLE_ROWS}
        />
      </Section>
    </>
  );
}

const MODELS: readonly Column<Model>[] = [
  { id: 'kind', header: words.modelColumns.kind, width: '152px', cell: ({ kind }) => strings.models.kinds[kind] },
  {
    id: 'weight',
    header: words.modelColumns.weight,
    width: '72px',
    isNumeric: true,
    cell: ({ weight }) => <Percent value={Math.round(weight * 100)} />,
  },
  {
    id: 'size',
    header: words.modelColumns.size,
    width: '88px',
    isNumeric: true,
    fromWidth: 320,
    cell: ({ bytes }) => <Bytes value={bytes} />,
  },
  {
    id: 'parameters',
    header: words.modelColumns.parameters,
    width: 'minmax(120px, 1fr)',
    fromWidth: 440,
    cell: ({ parameters }) => (
      <Text isOneLine maxLength={LONGEST_REASON}>
        {Object.entries(parameters)
          .map(([name, value]) => `${wordsOf(name)} ${typeof value === 'number' ? measureText(value, '') : value}`)
          .join(', ')}
      </Text>
    ),
  },
];

/** "sampleRows" as people read it: "sample rows". */
const wordsOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const range = (id: 'low' | 'median' | 'high', header: string): Column<ColumnRange> => ({
  id,
  header,
  width: '128px',
  isNumeric: true,
  cell: (column) => <span className="font-mono">{measureText(column[id], column.unit)}</span>,
});

const USUAL: readonly Column<ColumnRange>[] = [
  {
    id: 'feature',
    header: words.usualColumns.feature,
    width: 'minmax(120px, 1fr)',
    cell: ({ feature, label }) => <Text isOneLine>{label === '' ? feature : label}</Text>,
  },
  range('low', words.usualColumns.low),
  { ...range('median', words.usualColumns.median), fromWidth: 480 },
  range('high', words.usualColumns.high),
];
