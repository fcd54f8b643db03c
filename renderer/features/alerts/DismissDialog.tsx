import { useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Checkbox, TextField } from '../../components/fields.tsx';
import { request } from '../../lib/client.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { toast } from '../../lib/toasts.ts';
import { reloadQueries } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { AllowEntryFields } from './AllowEntryFields.tsx';
import { type AllowDraft, allowInputOf, matchOf, proposeAllow } from './allow-proposal.ts';
import { type Extra, nameOf, reviewAlerts } from './review.ts';
import type { AlertRow } from './rows.ts';

const words = strings.alerts.dismissDialog;

/** Reasons that a person gives; "allowed" is the engine's own. */
const REASONS = ['expected', 'false-alarm', 'fixed'] as const;
type Reason = (typeof REASONS)[number];

/** As the call takes it. */
const LONGEST_NOTE = 500;

export interface DismissDialogProps {
  readonly alerts: readonly AlertRow[];
  /** Nothing was decided. */
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Asks why, and offers to dismiss what is like it from now on. Only its button decides anything. */
export function DismissDialog({ alerts, onClose, onDone }: DismissDialogProps) {
  const [reason, setReason] = useState<Reason>('expected');
  const [note, setNote] = useState('');
  const [proposal] = useState(() => proposeAllow(alerts));
  const [draft, setDraft] = useState(proposal);
  const [isAllowing, setAllowing] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const allows = isAllowing && draft !== null;
  const isReady = !allows || matchOf(draft) !== null;

  const dismiss = async (): Promise<void> => {
    if (!isReady || isBusy) return;
    setBusy(true);
    const why = note.trim() === '' ? strings.alerts.reasons[reason] : note.trim();
    const then = allows ? () => allow(draft, why) : undefined;
    const isDone = await reviewAlerts(alerts, { state: 'dismissed', reason, note: note.trim() }, then);
    setBusy(false);
    if (isDone) onDone();
  };

  return (
    <Dialog
      title={words.title(nameOf(alerts))}
      isOpen
      onClose={onClose}
      width={isAllowing ? 'large' : 'medium'}
      footer={
        <>
          <Button onClick={onClose}>{strings.common.cancel}</Button>
          <Button kind="primary" isBusy={isBusy} disabled={!isReady} onClick={() => void dismiss()}>
            {allows ? words.doAllow : words.do}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void dismiss();
        }}
      >
        <ReasonChoice value={reason} onChange={setReason} />
        <TextField label={words.note} hint={words.noteHint} value={note} maxLength={LONGEST_NOTE} onChange={setNote} />
        {draft === null ? (
          <p className="text-12 text-ink-quiet">{words.captureHint}</p>
        ) : (
          <div className="flex flex-col gap-4 border-t border-line pt-4">
            <Checkbox label={words.allow} hint={words.allowHint} isChecked={isAllowing} onChange={setAllowing} />
            {isAllowing && <AllowEntryFields draft={draft} alerts={alerts} onChange={setDraft} />}
          </div>
        )}
      </form>
    </Dialog>
  );
}

interface ReasonChoiceProps {
  readonly value: Reason;
  readonly onChange: (reason: Reason) => void;
}

function ReasonChoice({ value, onChange }: ReasonChoiceProps) {
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="pb-1 font-medium">{words.why}</legend>
      {REASONS.map((reason) => (
        <label key={reason} className="grid cursor-pointer grid-cols-[16px_minmax(0,1fr)] items-baseline gap-x-2">
          <input
            type="radio"
            name="dismiss-reason"
            value={reason}
            checked={value === reason}
            onChange={() => onChange(reason)}
            className="size-4 translate-y-0.5 accent-accent"
          />
          <span>
            {strings.alerts.reasons[reason]}{' '}
            <span className="text-12 text-ink-quiet">{strings.alerts.reasonHints[reason]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Adds the entry; its undo takes it away again. */
async function allow(draft: AllowDraft, reason: string): Promise<Extra> {
  const input = allowInputOf(draft, reason, Date.now());
  if (input === null) return {};
  const answer = await request('allow.add', input);
  if (!answer.ok) {
    toast({ tone: 'failure', message: `${words.failed}: ${answer.failure.message}`, detail: answer.failure.hint });
    return {};
  }
  reloadQueries('allow.');
  const { id, hidden } = answer.value;
  return {
    detail: words.allowed(`${formatCount(hidden)} ${plural(hidden, words.allowedNow)}`),
    undo: async () => {
      const removed = await request('allow.remove', { id });
      reloadQueries('allow.');
      if (!removed.ok) toast({ tone: 'failure', message: removed.failure.message, detail: removed.failure.hint });
      return removed.ok;
    },
  };
}
