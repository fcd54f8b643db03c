import { Check, CircleAlert, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { plainText } from '../../contract/text.ts';
import { Button, IconButton } from '../components/Button.tsx';
import { dismissToast, type Toast, useToasts } from '../lib/toasts.ts';
import { strings } from '../strings/index.ts';

/** Time to read one line, and to decide about an Undo. */
const SHOWN_MS = 6_000;
const SHOWN_WITH_UNDO_MS = 10_000;

/** At the bottom of the window; a toast stays while it is pointed at or has the focus. */
export function Toaster() {
  const toasts = useToasts((state) => state.toasts);
  return (
    <section
      aria-label={strings.frame.messages}
      aria-live="polite"
      className="pointer-events-none fixed right-4 bottom-4 z-50 flex w-96 max-w-[calc(100vw-32px)] flex-col gap-2 max-narrow:bottom-18 print:hidden"
    >
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

function ToastCard({ toast: { id, message, detail, tone = 'done', undo } }: { readonly toast: Toast }) {
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    // A failure stays until it was seen and closed.
    if (isHeld || tone === 'failure') return;
    const timer = setTimeout(() => dismissToast(id), undo === undefined ? SHOWN_MS : SHOWN_WITH_UNDO_MS);
    return () => clearTimeout(timer);
  }, [id, isHeld, tone, undo]);
  const Icon = tone === 'failure' ? CircleAlert : Check;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it is held while it is read, nothing is done by it
    <div
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto flex items-start gap-3 rounded-lg border border-line bg-raised py-2 pr-2 pl-4 shadow-floating"
    >
      <Icon
        size={16}
        strokeWidth={1.75}
        aria-hidden
        className={tone === 'failure' ? 'mt-2 shrink-0 text-critical' : 'mt-2 shrink-0 text-ink-quiet'}
      />
      <div className="mr-auto min-w-0 py-1.5">
        <p className="break-words">{plainText(message)}</p>
        {detail !== undefined && detail !== '' && <p className="break-words text-ink-quiet">{plainText(detail)}</p>}
      </div>
      {undo !== undefined && (
        <Button
          kind="link"
          onClick={() => {
            dismissToast(id);
            undo.run();
          }}
        >
          {undo.label ?? strings.common.undo}
        </Button>
      )}
      <IconButton icon={X} label={strings.common.close} onClick={() => dismissToast(id)} />
    </div>
  );
}
