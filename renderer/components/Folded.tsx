import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { strings } from '../strings/index.ts';
import { cx } from './cx.ts';

/** A longer text at two lines, with a button that shows the rest where there is one. */
export function Folded({ children, className }: { readonly children: ReactNode; readonly className?: string }) {
  const id = useId();
  const text = useRef<HTMLParagraphElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [isCut, setCut] = useState(false);
  useEffect(() => {
    const element = text.current;
    if (element === null || isOpen) return;
    const observer = new ResizeObserver(() => setCut(element.scrollHeight > element.clientHeight + 1));
    observer.observe(element);
    return () => observer.disconnect();
  }, [isOpen]);
  return (
    <div className={className}>
      <p id={id} ref={text} className={cx(!isOpen && 'line-clamp-2')}>
        {children}
      </p>
      {(isCut || isOpen) && (
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
          className="text-12 text-accent hover:underline"
        >
          {isOpen ? strings.common.less : strings.common.more}
        </button>
      )}
    </div>
  );
}
