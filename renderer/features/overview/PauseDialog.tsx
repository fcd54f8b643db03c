import { useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Select, TextField } from '../../components/fields.tsx';
import { formatShortTime } from '../../lib/format.ts';
import { toast } from '../../lib/toasts.ts';
import { useCommand } from '../../lib/use-command.ts';
import { strings } from '../../strings/index.ts';

const words = strings.overview;
const MAX_REASON = 200;

/** Asks for how long and why: the reason is what the journal keeps. */
export function PauseDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const [minutes, setMinutes] = useState('15');
  const [reason, setReason] = useState('');
  const pause = useCommand('protection.pause', { reloads: ['status', 'journal.'] });
  const canPause = reason.trim() !== '';
  const run = async (): Promise<void> => {
    if (!canPause) return;
    const answer = await pause.run({ minutes: Number(minutes), reason });
    if (!answer.ok) return;
    setReason('');
    onClose();
    toast({ message: strings.common.pausedUntil(formatShortTime(answer.value.untilMs)) });
  };
  return (
    <Dialog
      title={words.pauseTitle}
      isOpen={isOpen}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{strings.common.cancel}</Button>
          <Button kind="primary" isBusy={pause.isRunning} disabled={!canPause} onClick={run}>
            {words.pauseDo}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <p className="text-ink-muted">{words.pauseBody}</p>
        <Select
          label={words.pauseFor}
          value={minutes}
          options={Object.entries(words.pauseMinutes).map(([value, label]) => ({ value, label }))}
          onChange={setMinutes}
        />
        <TextField
          label={words.pauseReason}
          hint={words.pauseReasonHint}
          value={reason}
          maxLength={MAX_REASON}
          onChange={setReason}
        />
      </form>
    </Dialog>
  );
}
