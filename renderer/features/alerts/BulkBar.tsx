import { X } from 'lucide-react';
import { IconButton } from '../../components/Button.tsx';
import { formatCount } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import { ReviewButtons, type ReviewButtonsProps } from './ReviewButtons.tsx';

const words = strings.alerts;

/** What can be done with all that is selected; it floats, so that the list does not move, and leaves the right to messages. */
export function BulkBar({ onClear, ...review }: ReviewButtonsProps & { readonly onClear: () => void }) {
  return (
    <div className="relative z-20 h-0">
      <div
        role="toolbar"
        aria-label={words.bulkLabel}
        className="absolute bottom-3 left-3 flex w-max max-w-[calc(100%-24px)] flex-wrap items-center gap-2 rounded-lg border border-line bg-raised py-2 pr-2 pl-4 shadow-floating"
      >
        <span aria-live="polite" className="mr-2 font-medium">
          {strings.common.selected(formatCount(review.alerts.length))}
        </span>
        <ReviewButtons {...review} />
        <IconButton icon={X} label={words.clearSelection} onClick={onClear} />
      </div>
    </div>
  );
}
