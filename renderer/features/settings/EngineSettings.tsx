import { useMemo, useState } from 'react';
import type { CallInput } from '../../../contract/api.ts';
import type { SettingRow as Row } from '../../../contract/api-control.ts';
import { Button } from '../../components/Button.tsx';
import { FilterBar } from '../../components/FilterBar.tsx';
import { Checkbox } from '../../components/fields.tsx';
import { Card } from '../../components/layout.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { announce } from '../../lib/announce.ts';
import { request } from '../../lib/client.ts';
import { counted, formatCount } from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { toast } from '../../lib/toasts.ts';
import { setQuery, useAddress } from '../../lib/use-address.ts';
import { useCommand } from '../../lib/use-command.ts';
import { reloadQueries, useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { type Drafts, grouped, isSame, matches, settingOf, withDraft } from './drafts.ts';
import { SettingField, titleOf } from './SettingField.tsx';

const words = strings.settings;

type Change = CallInput<'config.set'>['changes'][number];
type Problems = Readonly<Record<string, { readonly message: string; readonly hint: string }>>;

/** Every setting of the engine, by section, with what was changed held back until it is applied. */
export function EngineSettings() {
  const { query } = useAddress();
  const { data, failure, isLoading, reload } = useQuery('config.describe', {});
  const mayChange = useMay('admin');
  const set = useCommand('config.set', { reloads: ['config.'] });
  const [drafts, setDrafts] = useState<Drafts>({});
  const [problems, setProblems] = useState<Problems>({});
  const search = query.q ?? '';
  const onlyChanged = query.changed === '1';

  const rows = useMemo(
    () => new Map(data?.sections.flatMap(({ settings }) => settings.map((row) => [row.path, row]))),
    [data],
  );
  const sections = useMemo(
    () =>
      (data?.sections ?? [])
        .map((section) => ({
          ...section,
          settings: section.settings.filter(
            (row) =>
              matches(row, search, titleOf(row)) &&
              (!onlyChanged || !isSame(row.value, row.default) || row.path in drafts),
          ),
        }))
        .filter(({ settings }) => settings.length > 0),
    [data, search, onlyChanged, drafts],
  );

  if (isLoading) return <LoadingState rows={12} />;
  if (data === undefined) return failure && <FailureState failure={failure} onRetry={reload} />;

  const changes: Change[] = [];
  let hasWrong = false;
  for (const [path, draft] of Object.entries(drafts)) {
    const row = rows.get(path);
    if (row === undefined) continue;
    const value = draft === null ? null : settingOf(row, draft);
    if (value === undefined) hasWrong = true;
    else changes.push({ path, value });
  }
  const count = Object.keys(drafts).length;

  const apply = async (): Promise<void> => {
    const answer = await set.run({ changes });
    if (!answer.ok) return;
    const { problems: found, atRestart, before } = answer.value;
    setProblems(Object.fromEntries(found.map(({ path, message, hint }) => [path, { message, hint }])));
    if (found.length > 0) {
      announce(words.refused);
      // Said where it is to be mended, and not by a toast, which would lie over the buttons below.
      document.getElementById(rowAnchorOf(found[0].path))?.scrollIntoView({ block: 'center' });
      return;
    }
    setDrafts({});
    toast({
      message: words.saved(counted(changes.length, words.changes)),
      detail: atRestart.length === 0 ? undefined : words.atRestart(formatCount(atRestart.length)),
      undo: { run: () => void undo(before) },
    });
  };

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex flex-wrap items-center gap-4 pb-3">
        <FilterBar label={words.search} filters={[{ kind: 'text', key: 'q', label: words.search }]} />
        <Checkbox
          label={words.onlyChanged}
          isChecked={onlyChanged}
          onChange={(isChecked) => setQuery({ changed: isChecked ? '1' : undefined })}
        />
        <span className="ml-auto text-ink-quiet">
          <Text>{words.profile(data.profile)}</Text>
        </span>
      </div>
      {!mayChange && (
        <div className="pb-3">
          <Notice kind="no-privilege">{words.mayNotChange}</Notice>
        </div>
      )}
      <div className="flex min-h-0 flex-1 gap-6">
        <SectionList sections={sections} />
        <section
          aria-label={words.tabs.engine}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
          tabIndex={0}
          className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto pb-4"
        >
          {sections.length === 0 && <EmptyState title={words.noMatch} />}
          {sections.map((section) => (
            <div key={section.path} id={anchorOf(section.path)} className="scroll-mt-1">
              <Card title={section.title}>
                <ul className="flex flex-col divide-y divide-line">
                  {section.settings.map((row: Row) => (
                    <li key={row.path} id={rowAnchorOf(row.path)} className="py-3">
                      <SettingField
                        row={row}
                        draft={drafts[row.path]}
                        problem={problems[row.path]?.message}
                        isReadOnly={!mayChange}
                        onChange={(draft) => {
                          setDrafts((before) => withDraft(before, row, draft));
                          setProblems(({ [row.path]: _, ...others }) => others);
                        }}
                      />
                    </li>
                  ))}
                </ul>
              </Card>
            </div>
          ))}
        </section>
      </div>
      {count > 0 && (
        <section
          aria-label={words.unsaved(counted(count, words.changes))}
          className="flex shrink-0 flex-wrap items-center justify-end gap-2 border-t border-line bg-canvas py-3"
        >
          <p className="mr-auto font-medium">
            {Object.keys(problems).length > 0 && <span className="text-critical">{words.refused} · </span>}
            {words.unsaved(counted(count, words.changes))}
          </p>
          <Button
            onClick={() => {
              setDrafts({});
              setProblems({});
            }}
          >
            {words.discard}
          </Button>
          <Button kind="primary" isBusy={set.isRunning} disabled={hasWrong} onClick={apply}>
            {words.save}
          </Button>
        </section>
      )}
    </div>
  );
}

async function undo(changes: readonly Change[]): Promise<void> {
  const answer = await request('config.set', { changes: [...changes] });
  if (!answer.ok) toast({ tone: 'failure', message: answer.failure.message, detail: answer.failure.hint });
  reloadQueries('config.');
}

interface SectionListProps {
  readonly sections: readonly { readonly path: string; readonly title: string; readonly settings: readonly Row[] }[];
}

/** Jumps within the long list; left out where there is no room. */
function SectionList({ sections }: SectionListProps) {
  return (
    <nav aria-label={words.sections} className="w-48 shrink-0 overflow-y-auto pb-4 max-narrow:hidden">
      {grouped(sections, words.sectionGroups, words.otherSections).map((group) => (
        <section key={group.title} aria-label={group.title} className="pb-3">
          <h2 className="px-2 pb-1 text-12 font-normal text-ink-quiet">{group.title}</h2>
          <ul className="flex flex-col">
            {group.sections.map(({ path, title, settings }) => (
              <li key={path}>
                <button
                  type="button"
                  onClick={() => document.getElementById(anchorOf(path))?.scrollIntoView({ block: 'start' })}
                  className="flex min-h-8 w-full items-center gap-2 rounded-md px-2 text-left text-ink-muted hover:bg-hover hover:text-ink"
                >
                  <span className="min-w-0 flex-1">{words.sectionNames[path] ?? title}</span>
                  <span className="font-mono text-12 text-ink-quiet">{settings.length}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function anchorOf(path: string): string {
  return `section-${path}`;
}

function rowAnchorOf(path: string): string {
  return `setting-${path}`;
}
