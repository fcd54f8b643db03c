import { ArrowUp } from 'lucide-react';
import { formatCount } from '../lib/format.ts';
import { strings } from '../strings/index.ts';

/** "12 new": what waits until the person wants to see it. Takes no place while nothing waits. */
export function NewRowsBanner({ count, onShow }: { readonly count: number; readonly onShow: () => void }) {
  return (
    <div aria-live="polite" className="relative z-20 h-0">
      {count > 0 && (
        <button
          type="button"
          onClick={onShow}
          className="absolute top-10 left-1/2 inline-flex h-7 -translate-x-1/2 items-center gap-1 rounded-full bg-accent-fill px-3 text-12 font-medium text-on-accent shadow-floating hover:bg-accent-fill-hover"
        >
          <ArrowUp size={14} aria-hidden />
          {strings.common.showNew(formatCount(count))}
        </button>
      )}
    </div>
  );
}
