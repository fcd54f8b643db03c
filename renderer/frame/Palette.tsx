import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { cx } from '../components/cx.ts';
import { Dialog } from '../components/Dialog.tsx';
import { useCommandStore } from '../lib/commands.ts';
import { setTheme, type Theme } from '../lib/theme.ts';
import { navigate } from '../lib/use-address.ts';
import { pages } from '../pages.ts';
import { strings } from '../strings/index.ts';
import { type Choice, matchChoices } from './palette-match.ts';
import { Keys } from './ShortcutHelp.tsx';

const { palette, shortcuts, theme } = strings.frame;

export interface PaletteProps {
  readonly onClose: () => void;
  readonly onHelp: () => void;
}

/** Everything that can be gone to or done, found by typing a part of its name. */
export function Palette({ onClose, onHelp }: PaletteProps) {
  const id = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const pageCommands = useCommandStore(({ commands }) => commands);
  const found = matchChoices([...choices(pageCommands, onHelp), ...searches(text.trim())], text);
  const index = Math.min(active, found.length - 1);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever another one is active
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [index, text]);

  const choose = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    onClose();
    // After the dialog has given the focus back, so that what it does can move it.
    queueMicrotask(choice.run);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setActive((index + 1) % Math.max(1, found.length));
    else if (event.key === 'ArrowUp') setActive((index - 1 + found.length) % Math.max(1, found.length));
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) choose(found[index]);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog title={palette.title} isOpen onClose={onClose} width="medium" isBare>
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={index >= 0 ? `${id}-${index}` : undefined}
        aria-autocomplete="list"
        aria-label={palette.placeholder}
        placeholder={palette.placeholder}
        value={text}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
        className="sticky top-0 z-10 h-12 w-full border-b border-line bg-raised px-5 text-15 outline-none placeholder:text-ink-quiet"
      />
      <div ref={list} id={`${id}-list`} role="listbox" aria-label={palette.title} className="h-90 overflow-y-auto p-2">
        {found.map((choice, position) => (
          <div key={choice.id}>
            {choice.group !== found[position - 1]?.group && (
              <div role="presentation" className="px-3 pt-2 pb-1 text-12 text-ink-quiet">
                {choice.group}
              </div>
            )}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys */}
            <div
              id={`${id}-${position}`}
              role="option"
              tabIndex={-1}
              aria-selected={position === index}
              onMouseMove={() => setActive(position)}
              onClick={() => choose(choice)}
              className={cx(
                'flex h-8 cursor-pointer items-center gap-3 rounded-md px-3',
                position === index && 'bg-selected text-accent',
              )}
            >
              <span className="truncate">{choice.title}</span>
              {choice.keys !== undefined && (
                <span className="ml-auto shrink-0">
                  <Keys keys={choice.keys} />
                </span>
              )}
            </div>
          </div>
        ))}
        {found.length === 0 && <p className="px-3 py-6 text-center text-ink-muted">{palette.none}</p>}
      </div>
    </Dialog>
  );
}

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

function choices(pageCommands: readonly Omit<Choice, 'group'>[], onHelp: () => void): readonly Choice[] {
  return [
    ...pageCommands.map((command) => ({ ...command, group: palette.groups.commands })),
    ...pages.map(({ id, title, key }) => ({
      id: `page ${id}`,
      title: palette.goTo(title),
      keys: `g ${key}`,
      group: palette.groups.pages,
      run: () => navigate({ page: id, item: null, query: {} }),
    })),
    ...pages.flatMap(({ commands = [] }) => commands.map((command) => ({ ...command, group: palette.groups.app }))),
    ...THEMES.map((name) => ({
      id: `theme ${name}`,
      title: theme[name],
      group: palette.groups.app,
      run: () => setTheme(name),
    })),
    { id: 'help', title: shortcuts.help, keys: '?', group: palette.groups.app, run: onHelp },
  ];
}

function searches(text: string): readonly Choice[] {
  if (text === '') return [];
  return pages.flatMap(({ id, title, searchKey }) =>
    searchKey === undefined
      ? []
      : [
          {
            id: `search ${id}`,
            title: palette.searchIn(title, text),
            isAlways: true,
            group: palette.groups.search,
            run: () => navigate({ page: id, item: null, query: { [searchKey]: text } }),
          },
        ],
  );
}
