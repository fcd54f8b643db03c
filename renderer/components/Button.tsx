import type { LucideIcon } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx.ts';
import { Tooltip } from './Tooltip.tsx';

export type ButtonKind = 'primary' | 'secondary' | 'danger' | 'quiet' | 'link';

const BASE =
  'inline-flex h-8 shrink-0 items-center justify-center gap-2 rounded-md text-13 font-medium whitespace-nowrap ' +
  'transition-colors duration-(--motion) select-none disabled:opacity-50 aria-disabled:opacity-50';

const KINDS: Readonly<Record<ButtonKind, string>> = {
  primary: 'bg-accent-fill text-on-accent enabled:hover:bg-accent-fill-hover',
  secondary: 'border border-line-strong bg-surface text-ink enabled:hover:bg-hover',
  danger: 'bg-danger-fill text-on-danger enabled:hover:bg-danger-fill-hover',
  link: 'text-accent enabled:hover:bg-hover enabled:hover:text-accent-strong',
  quiet: 'text-ink-muted enabled:hover:bg-hover enabled:hover:text-ink',
};

export interface ButtonProps extends ComponentProps<'button'> {
  readonly kind?: ButtonKind;
  readonly icon?: LucideIcon;
  /** What it began is under way: it cannot be pressed again, and keeps its width. */
  readonly isBusy?: boolean;
  readonly children: ReactNode;
}

export function Button({ kind = 'secondary', icon: Icon, isBusy = false, children, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || isBusy}
      aria-busy={isBusy || undefined}
      className={cx(BASE, 'px-3', KINDS[kind], className)}
    >
      {isBusy ? <Spinner /> : Icon !== undefined && <Icon size={16} strokeWidth={1.75} aria-hidden />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  readonly icon: LucideIcon;
  /** What it does; shown when pointed at. */
  readonly label: string;
  readonly isPressed?: boolean;
}

export function IconButton({ icon: Icon, label, isPressed, className, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <button
        type="button"
        {...rest}
        aria-label={label}
        aria-pressed={isPressed}
        className={cx(BASE, KINDS.quiet, 'w-8', isPressed === true && 'bg-selected text-accent', className)}
      >
        <Icon size={16} strokeWidth={1.75} aria-hidden />
      </button>
    </Tooltip>
  );
}

function Spinner() {
  return <span aria-hidden className="size-4 spinner rounded-full border-2 border-current border-r-transparent" />;
}
