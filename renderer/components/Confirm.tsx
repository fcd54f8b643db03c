import { useQuestion } from '../lib/confirm.ts';
import { strings } from '../strings/index.ts';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';

/** Shows what `confirm` asks; once, in the frame. */
export function ConfirmHost() {
  const asked = useQuestion((state) => state.asked);
  if (asked === null) return null;
  return (
    <Dialog
      title={asked.title}
      isOpen
      isAlert
      onClose={() => asked.answer(false)}
      footer={
        <>
          <Button data-autofocus onClick={() => asked.answer(false)}>
            {strings.common.cancel}
          </Button>
          <Button kind={asked.isDangerous === true ? 'danger' : 'primary'} onClick={() => asked.answer(true)}>
            {asked.action}
          </Button>
        </>
      }
    >
      <p className="text-ink-muted">{asked.body}</p>
    </Dialog>
  );
}
