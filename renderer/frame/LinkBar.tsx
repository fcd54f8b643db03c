import { CircleAlert, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { plainText } from '../../contract/text.ts';
import { Button } from '../components/Button.tsx';
import { useNow } from '../lib/clock.ts';
import { formatRelative } from '../lib/format.ts';
import { retryLink, useLink } from '../lib/link.ts';
import { strings } from '../strings/index.ts';

/** What is shown while the engine is not reached: why, since when, and what can be done. */
export function LinkBar() {
  const { state, failure, kind, sinceMs } = useLink();
  const now = useNow();
  const [isTrying, setTrying] = useState(false);
  if (state !== 'lost' && state !== 'failed') return null;
  const retry = (): void => {
    setTrying(true);
    retryLink();
    setTimeout(() => setTrying(false), 1_500);
  };
  return (
    <div
      role="alert"
      className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-b border-critical bg-critical-soft px-6 py-2 max-narrow:px-4"
    >
      <CircleAlert size={20} strokeWidth={1.75} className="shrink-0 text-critical" aria-hidden />
      <div className="min-w-0 flex-1 basis-80">
        <p className="font-medium text-critical">
          {failure === null ? strings.link.barTitle : plainText(failure.message)}{' '}
          <span aria-live="off" className="font-normal text-ink-muted">
            {strings.link.barSince(formatRelative(sinceMs, now))}
          </span>
        </p>
        {failure !== null && <p className="text-ink-muted">{plainText(failure.hint)}</p>}
      </div>
      <Button icon={RotateCw} isBusy={isTrying} onClick={retry}>
        {kind === 'console' ? strings.link.tryAgain : strings.link.startAgain}
      </Button>
    </div>
  );
}
