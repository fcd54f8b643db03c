import { Download, Ellipsis, Eye, GitCompareArrows, Play, Trash2, Undo2, Upload } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import type { Profile } from '../../../contract/api-models.ts';
import type { ModelTable } from '../../../contract/models.ts';
import { Button, IconButton } from '../../components/Button.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Card } from '../../components/layout.tsx';
import { Menu, type MenuItem } from '../../components/Menu.tsx';
import { Badge, type BadgeTone } from '../../components/marks.tsx';
import { Bytes, Count, Percent, RelativeTime } from '../../components/numbers.tsx';
import { Progress } from '../../components/Progress.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { formatBytes } from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { AdminButton } from './AdminButton.tsx';
import {
  activeOf,
  fullName,
  openVersion,
  useVersion as putInUse,
  removeVersion,
  rollBack,
  saveVersion,
  versionName,
} from './actions.ts';
import { importFile, useImport } from './imports.ts';
import { pairOf } from './learnt.ts';

const words = strings.models.versions;
const VISIBLE_ROWS = 8;

export interface VersionsProps {
  readonly table: ModelTable;
  /** Of this table; the newest first. */
  readonly profiles: readonly Profile[];
}

/** Every kept version of a table, and what can be done with it. */
export function Versions({ table, profiles }: VersionsProps) {
  const { item } = useAddress();
  const mayChange = useMay('admin');
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set());
  const active = activeOf(profiles, table);
  const pair = pairOf(profiles, selection);
  const columns = useMemo(() => columnsFor(profiles, mayChange), [profiles, mayChange]);
  return (
    <Card
      title={words.title}
      actions={
        <span className="flex flex-wrap justify-end gap-2">
          {selection.size > 0 && (
            <Button
              icon={GitCompareArrows}
              disabled={pair === null}
              onClick={() => pair !== null && openVersion(pair[0].id, pair[1].id)}
            >
              {pair === null ? words.compareCount : words.compareSelected}
            </Button>
          )}
          {active !== undefined && profiles.some(({ state }) => state === 'retired') && (
            <AdminButton icon={Undo2} onClick={() => void rollBack(table, active)}>
              {words.rollback}
            </AdminButton>
          )}
          <ImportButton />
        </span>
      }
    >
      <ImportProgress />
      {profiles.length === 0 ? (
        <EmptyState title={words.none}>{words.noneHint}</EmptyState>
      ) : (
        <>
          <DataTable
            label={words.label(strings.models.tables[table])}
            columns={columns}
            rows={profiles}
            rowKey={({ id }) => id}
            openKey={item}
            onOpen={({ id }) => openVersion(id)}
            selection={selection}
            onSelectionChange={setSelection}
            visibleRows={Math.min(VISIBLE_ROWS, profiles.length)}
          />
          {profiles.length > 1 && <p className="pt-2 text-12 text-ink-quiet">{words.hint}</p>}
        </>
      )}
    </Card>
  );
}

function ImportButton() {
  const input = useRef<HTMLInputElement>(null);
  const isBusy = useImport(({ current }) => current !== null);
  const mayChange = useMay('admin');
  return (
    <>
      {mayChange && (
        <input
          ref={input}
          type="file"
          aria-label={words.importLabel}
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file !== undefined) void importFile(file);
            // The same file can be chosen again.
            event.target.value = '';
          }}
        />
      )}
      <AdminButton icon={Upload} isBusy={isBusy} onClick={() => input.current?.click()}>
        {words.import}
      </AdminButton>
    </>
  );
}

function ImportProgress() {
  const current = useImport((state) => state.current);
  if (current === null) return null;
  const { name, sizeBytes, sentBytes } = current;
  return (
    <div className="flex flex-col gap-2 pb-3">
      <Text isOneLine>{words.importing(name, formatBytes(sentBytes), formatBytes(sizeBytes))}</Text>
      <Progress value={sizeBytes === 0 ? null : sentBytes / sizeBytes} label={words.importProgress(name)} />
    </div>
  );
}

export const STATE_TONES: Readonly<Record<Profile['state'], BadgeTone>> = {
  active: 'accent',
  candidate: 'medium',
  retired: 'neutral',
};

/** What can be done with a version. */
export function versionActions(
  profile: Profile,
  profiles: readonly Profile[],
  mayChange: boolean,
): readonly MenuItem[] {
  const active = activeOf(profiles, profile.table);
  const isActive = profile.state === 'active';
  return [
    ...(isActive || active === undefined
      ? []
      : [{ label: words.compareWith, icon: GitCompareArrows, onSelect: () => openVersion(profile.id, active.id) }]),
    { label: words.export, icon: Download, onSelect: () => void saveVersion(profile) },
    {
      label: words.use,
      icon: Play,
      isDisabled: !mayChange || isActive,
      startsGroup: true,
      onSelect: () => void putInUse(profile, profiles),
    },
    {
      label: words.remove,
      icon: Trash2,
      isDisabled: !mayChange || isActive,
      isDangerous: true,
      onSelect: () => void removeVersion(profile),
    },
  ];
}

function columnsFor(profiles: readonly Profile[], mayChange: boolean): readonly Column<Profile>[] {
  return [
    { id: 'version', header: words.columns.version, width: '96px', cell: (profile) => versionName(profile) },
    {
      id: 'state',
      header: words.columns.state,
      width: '104px',
      cell: ({ state }) => <Badge tone={STATE_TONES[state]}>{strings.models.versionStates[state]}</Badge>,
    },
    {
      id: 'reason',
      header: words.columns.reason,
      width: 'minmax(120px, 1fr)',
      fromWidth: 480,
      cell: ({ reason }) => <Text isOneLine>{reason}</Text>,
    },
    {
      id: 'trained',
      header: words.columns.trained,
      width: '104px',
      fromWidth: 360,
      cell: ({ trainedMs }) => <RelativeTime timeMs={trainedMs} />,
    },
    {
      id: 'rows',
      header: words.columns.rows,
      width: '96px',
      isNumeric: true,
      fromWidth: 760,
      cell: ({ rows }) => <Count value={rows} />,
    },
    {
      id: 'calls',
      header: words.columns.calls,
      width: '152px',
      isNumeric: true,
      fromWidth: 860,
      cell: ({ metrics }) => <Percent value={metrics.onePercent * 100} />,
    },
    {
      id: 'size',
      header: words.columns.size,
      width: '96px',
      isNumeric: true,
      fromWidth: 680,
      cell: ({ bytes }) => <Bytes value={bytes} />,
    },
    {
      id: 'actions',
      header: '',
      width: '56px',
      cell: (profile) => (
        <Menu
          label={words.actions(fullName(profile))}
          trigger={<IconButton icon={Ellipsis} label={words.actions(fullName(profile))} />}
          items={[
            { label: words.open, icon: Eye, onSelect: () => openVersion(profile.id) },
            ...versionActions(profile, profiles, mayChange),
          ]}
        />
      ),
    },
  ];
}
