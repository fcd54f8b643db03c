import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useShortcuts } from '../lib/shortcuts.ts';
import { closeItem } from '../lib/use-address.ts';
import { strings } from '../strings/index.ts';
import { IconButton } from './Button.tsx';
import { cx } from './cx.ts';

export interface DrawerProps {
  readonly title: ReactNode;
  /** Above the title: a severity, a kind. */
  readonly eyebrow?: ReactNode;
  readonly actions?: ReactNode;
  /** Other than taking the item out of the address. */
  readonly onClose?: () => void;
  readonly width?: 'medium' | 'large';
  readonly children: ReactNode;
}

/**
 * The one thing looked at, at the right of the page, while the list stays usable. A page shows it where the address
 * names an item; Escape closes it and the focus goes back to where it was.
 */
export function Drawer({ title, eyebrow, actions, onClose = closeItem, width = 'medium', children }: DrawerProps) {
  const id = useId();
  const panel = useRef<HTMLElement>(null);
  useShortcuts([
    {
      keys: 'Escape',
      title: strings.frame.shortcuts.closeDrawer,
      group: strings.frame.shortcuts.groups.page,
      run: onClose,
    },
  ]);
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      // Where the focus went elsewhere by itself it stays there.
      const isFree = document.activeElement === null || document.activeElement === document.body;
      if (isFree && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside
      ref={panel}
      aria-labelledby={id}
      tabIndex={-1}
      className={cx(
        'drawer flex h-full min-h-0 shrink-0 flex-col border-l border-line bg-raised',
        width === 'medium' ? 'w-[min(560px,50vw)]' : 'w-[min(820px,62vw)]',
        'max-narrow:fixed max-narrow:inset-0 max-narrow:z-30 max-narrow:w-full max-narrow:border-0',
      )}
    >
      <header className="flex shrink-0 items-start gap-3 border-b border-line py-3 pr-3 pl-5">
        <div className="mr-auto min-w-0">
          {eyebrow !== undefined && <div className="mb-1 flex flex-wrap items-center gap-2 text-12">{eyebrow}</div>}
          <h2 id={id} className="break-words">
            {title}
          </h2>
        </div>
        <div className="flex shrink-0 items-center gap-1">
          {actions}
          <IconButton icon={X} label={strings.common.close} onClick={onClose} />
        </div>
      </header>
      <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-5 py-4">{children}</div>
    </aside>
  );
}

/** A page beside its drawer. `drawer` is null where nothing is looked at. */
export function WithDrawer({ drawer, children }: { readonly drawer: ReactNode; readonly children: ReactNode }) {
  return (
    <div className="flex h-full min-h-0">
      <div className="min-h-0 min-w-0 flex-1 overflow-y-auto">{children}</div>
      {drawer}
    </div>
  );
}
