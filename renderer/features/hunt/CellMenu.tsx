/** What can be done with the values of a row: one menu for the whole table, opened where it is asked for. */
import { Copy, Filter, FilterX, ListTree, type LucideIcon, Server } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { announce } from '../../lib/announce.ts';
import { toast } from '../../lib/toasts.ts';
import { strings } from '../../strings/index.ts';
import { cellText, columnTitle } from './cells.tsx';
import { type Cell, lookAtHost, narrowByCell, type ResultColumn } from './query-edit.ts';

const words = strings.hunt.results;

export interface MenuTarget {
  readonly place: DOMRect;
  readonly cells: readonly { readonly column: ResultColumn; readonly cell: Cell }[];
  /** Shows the process that the row is about; null where it is about none. */
  readonly openProcess: (() => void) | null;
}

export interface CellMenuProps {
  readonly target: MenuTarget;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly onClose: () => void;
}

interface Action {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly run: () => void;
}

/** Not modal, like every menu here. */
export function CellMenu({ target: { place, cells, openProcess }, query, onQuery, onClose }: CellMenuProps) {
  // Where the focus was when it was asked for.
  const [before] = useState(() => document.activeElement);
  const groups = cells
    .map(({ column, cell }) => ({ column, cell, actions: actionsOf(query, column, cell, onQuery, openProcess) }))
    .filter(({ actions }) => actions.length > 0);
  return (
    <DropdownMenu.Root modal={false} open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DropdownMenu.Trigger
        tabIndex={-1}
        aria-hidden
        className="pointer-events-none fixed opacity-0"
        style={{ left: place.left, top: place.top, width: Math.min(place.width, 320), height: place.height }}
      />
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          aria-label={words.rowActions}
          align="start"
          sideOffset={2}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (before instanceof HTMLElement && before.isConnected) before.focus();
          }}
          className="z-40 max-h-[60vh] max-w-96 min-w-56 overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-floating"
        >
          {groups.map(({ column, cell, actions }, index) => (
            <DropdownMenu.Group key={column.name} aria-label={`${columnTitle(column)} ${cellText(cell, column)}`}>
              {index > 0 && <DropdownMenu.Separator className="my-1 h-px bg-line" />}
              <DropdownMenu.Label className="truncate px-2 py-1 text-12 text-ink-quiet">
                {columnTitle(column)} <span className="font-mono text-ink-muted">{cellText(cell, column)}</span>
              </DropdownMenu.Label>
              {actions.map(({ label, icon: Icon, run }) => (
                <DropdownMenu.Item
                  key={label}
                  onSelect={run}
                  className="flex h-8 cursor-pointer items-center gap-2 rounded-md px-2 outline-none select-none data-highlighted:bg-hover"
                >
                  <Icon size={16} strokeWidth={1.75} aria-hidden />
                  {label}
                </DropdownMenu.Item>
              ))}
            </DropdownMenu.Group>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function actionsOf(
  query: string,
  column: ResultColumn,
  cell: Cell,
  onQuery: (query: string) => void,
  openProcess: (() => void) | null,
): readonly Action[] {
  if (cell === null || cell === '') return [];
  const edits = [
    { label: words.only, icon: Filter, next: narrowByCell(query, column.name, cell, 'only') },
    { label: words.not, icon: FilterX, next: narrowByCell(query, column.name, cell, 'not') },
    { label: words.host, icon: Server, next: column.type === 'address' ? lookAtHost(query, cell) : null },
  ];
  return [
    ...edits.flatMap(({ label, icon, next }) => (next === null ? [] : [{ label, icon, run: () => onQuery(next) }])),
    ...(openProcess !== null && column.name === 'pid'
      ? [{ label: words.process, icon: ListTree, run: openProcess }]
      : []),
    { label: words.copy, icon: Copy, run: () => void copy(cellText(cell, column)) },
  ];
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    announce(strings.common.copied);
  } catch {
    toast({ tone: 'failure', message: strings.common.copyFailed });
  }
}
