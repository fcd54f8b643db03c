import type { LucideIcon } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ReactElement } from 'react';
import { cx } from './cx.ts';
import { useLayer } from './Layer.tsx';

export interface MenuItem {
  readonly label: string;
  readonly icon?: LucideIcon;
  readonly onSelect: () => void;
  readonly isDisabled?: boolean;
  readonly isDangerous?: boolean;
  /** With a line above it. */
  readonly startsGroup?: boolean;
}

export interface MenuProps {
  /** The button that opens it. */
  readonly trigger: ReactElement;
  readonly label: string;
  readonly items: readonly MenuItem[];
}

/** Not modal: Radix's modal mode writes a style element, which our CSP forbids. */
export function Menu({ trigger, label, items }: MenuProps) {
  const container = useLayer();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={container}>
        <DropdownMenu.Content
          aria-label={label}
          align="end"
          sideOffset={4}
          collisionPadding={8}
          className="z-40 max-h-[60vh] min-w-44 overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-floating"
        >
          {items.map(({ label: itemLabel, icon: Icon, onSelect, isDisabled, isDangerous, startsGroup }) => [
            startsGroup === true && <DropdownMenu.Separator key={`${itemLabel}-line`} className="my-1 h-px bg-line" />,
            <DropdownMenu.Item
              key={itemLabel}
              disabled={isDisabled}
              onSelect={onSelect}
              className={cx(
                'flex h-8 cursor-pointer items-center gap-2 rounded-md px-2 outline-none select-none data-disabled:cursor-default data-disabled:opacity-50 data-highlighted:bg-hover',
                isDangerous === true && 'text-critical',
              )}
            >
              {Icon !== undefined && <Icon size={16} strokeWidth={1.75} aria-hidden />}
              {itemLabel}
            </DropdownMenu.Item>,
          ])}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
