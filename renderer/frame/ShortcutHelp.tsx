import { Dialog } from '../components/Dialog.tsx';
import { isMac, useShortcutStore } from '../lib/shortcuts.ts';
import { strings } from '../strings/index.ts';

const { shortcuts: words } = strings.frame;

/** What the lists' own keys do; they are not global, so they are written here. */
const TABLE_KEYS = [
  { keys: '↑ ↓', title: words.table.move, isChord: true },
  { keys: 'Home End', title: words.table.ends, isChord: true },
  { keys: 'Enter', title: words.table.open },
  { keys: 'Space', title: words.table.select },
] as const;

export function ShortcutHelp({ onClose }: { readonly onClose: () => void }) {
  const shortcuts = useShortcutStore((state) => state.shortcuts);
  const groups = Object.values(words.groups)
    .map((group) => ({
      group,
      rows:
        group === words.groups.table
          ? TABLE_KEYS
          : shortcuts.filter((shortcut) => (shortcut.group ?? words.groups.page) === group),
    }))
    .filter(({ rows }) => rows.length > 0);
  return (
    <Dialog title={words.title} isOpen onClose={onClose} width="large">
      <div className="grid grid-cols-2 gap-x-8 gap-y-5 max-narrow:grid-cols-1">
        {groups.map(({ group, rows }) => (
          <section key={group}>
            <h3 className="mb-1 text-12 text-ink-quiet">{group}</h3>
            <dl>
              {rows.map(({ keys, title }) => (
                <div key={`${keys} ${title}`} className="flex min-h-8 items-center gap-3 border-b border-line">
                  <dt className="mr-auto">{title}</dt>
                  <dd>
                    <Keys keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** "mod+k" as keys: Ctrl K. "g o": g, then o. */
export function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className="inline-flex items-center gap-1">
      {keys
        .split(' ')
        .flatMap((press) => press.split('+'))
        .map((key) => (
          <kbd key={key}>
            {key === 'mod'
              ? isMac
                ? '⌘'
                : 'Ctrl'
              : key === 'Escape'
                ? 'Esc'
                : key.length === 1 && keys.includes('mod')
                  ? key.toUpperCase()
                  : key}
          </kbd>
        ))}
    </span>
  );
}
