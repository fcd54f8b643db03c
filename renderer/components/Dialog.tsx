import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { strings } from '../strings/index.ts';
import { IconButton } from './Button.tsx';
import { cx } from './cx.ts';
import { LayerContext } from './Layer.tsx';

export interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  /** By Escape, by the close button or by a press beside it. */
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Buttons at the bottom, the one that does it last. */
  readonly footer?: ReactNode;
  readonly width?: 'small' | 'medium' | 'large';
  /** Asks for a decision: it is not closed by a press beside it. */
  readonly isAlert?: boolean;
  /** The title is said, not shown. */
  readonly isBare?: boolean;
}

/** What a person most likely wants to write in or press first. */
const FIRST_FOCUS = '[data-autofocus], input, textarea, select';

const WIDTHS = { small: 'w-110', medium: 'w-150', large: 'w-220' } as const;

/** The browser's own modal dialog: it keeps the focus in, the rest inert, and gives the focus back. */
export function Dialog(props: DialogProps) {
  return props.isOpen ? <OpenDialog {...props} /> : null;
}

function OpenDialog({
  title,
  onClose,
  children,
  footer,
  width = 'small',
  isAlert = false,
  isBare = false,
}: DialogProps) {
  const [element, setElement] = useState<HTMLDialogElement | null>(null);
  const titleId = useId();

  useEffect(() => {
    if (element === null) return;
    const before = document.activeElement;
    element.showModal();
    // The browser would take the first button, which is the one that closes.
    (element.querySelector<HTMLElement>(FIRST_FOCUS) ?? element).focus();
    return () => {
      element.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [element]);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard's way is Escape, which the browser tells as "cancel"
    <dialog
      ref={setElement}
      tabIndex={-1}
      role={isAlert ? 'alertdialog' : undefined}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (!isAlert && event.target === event.currentTarget) onClose();
      }}
      className={cx(
        'm-auto max-h-[min(85vh,720px)] max-w-[calc(100vw-32px)] overflow-hidden rounded-lg border border-line bg-raised p-0 outline-none text-ink shadow-floating backdrop:bg-black/40',
        isBare && 'mt-[12vh]',
        WIDTHS[width],
      )}
    >
      <LayerContext value={element}>
        <div className="flex max-h-[inherit] flex-col">
          <div className={cx('flex shrink-0 items-start gap-3 px-5 pt-4', isBare && 'sr-only')}>
            <h2 id={titleId} className="mr-auto py-1">
              {title}
            </h2>
            {!isAlert && !isBare && (
              <IconButton icon={X} label={strings.common.close} onClick={onClose} className="-mr-2" />
            )}
          </div>
          <div className={cx('min-h-0 overflow-y-auto', !isBare && 'px-5 pt-2 pb-5')}>{children}</div>
          {footer !== undefined && (
            <div className="flex shrink-0 flex-wrap justify-end gap-2 border-t border-line px-5 py-3">{footer}</div>
          )}
        </div>
      </LayerContext>
    </dialog>
  );
}
