import { useState } from 'react';
import type { Learning } from '../../../contract/api-models.ts';
import { DEFAULT_MODEL_KINDS, MODEL_KINDS, type ModelKind, type ModelTable } from '../../../contract/models.ts';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Checkbox } from '../../components/fields.tsx';
import { Notice } from '../../components/states.tsx';
import { counted, formatCount } from '../../lib/format.ts';
import { toast } from '../../lib/toasts.ts';
import { useCommand } from '../../lib/use-command.ts';
import { strings } from '../../strings/index.ts';
import { canTrain, hasEnough } from './learnt.ts';
import { useSetting } from './use-setting.ts';

const words = strings.models.train;

export interface TrainDialogProps {
  readonly learning: readonly Learning[];
  readonly onClose: () => void;
}

/** Asks what is to be learnt anew, and with which models. */
export function TrainDialog({ learning, onClose }: TrainDialogProps) {
  const train = useCommand('models.train', { reloads: ['models.'] });
  const ready = learning.filter(hasEnough).map(({ table }) => table);
  const [tables, setTables] = useState<readonly ModelTable[]>(ready);
  const usual = useConfiguredKinds();
  const [chosenKinds, setKinds] = useState<readonly ModelKind[] | null>(null);
  const kinds = chosenKinds ?? usual;
  const run = async (): Promise<void> => {
    const answer = await train.run({ tables: [...tables], kinds: [...kinds] });
    if (!answer.ok) return;
    onClose();
    toast({ message: words.begun });
  };
  return (
    <Dialog
      title={words.title}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{strings.common.cancel}</Button>
          <Button
            kind="primary"
            isBusy={train.isRunning}
            disabled={tables.length === 0 || kinds.length === 0}
            onClick={run}
          >
            {words.do}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <p className="text-ink-muted">{words.body}</p>
        {!learning.some(canTrain) && <Notice kind="learning">{words.nothing}</Notice>}
        <fieldset className="flex flex-col gap-2">
          <legend className="pb-2 font-medium">{words.tables}</legend>
          {learning.map((one) => (
            <Checkbox
              key={one.table}
              label={strings.models.tables[one.table]}
              hint={enoughText(one)}
              isChecked={tables.includes(one.table)}
              disabled={!canTrain(one)}
              onChange={(isChecked) => setTables(chosen(tables, one.table, isChecked))}
            />
          ))}
        </fieldset>
        <fieldset className="flex flex-col gap-2">
          <legend className="pb-2 font-medium">{words.kinds}</legend>
          {MODEL_KINDS.map((kind) => (
            <Checkbox
              key={kind}
              label={strings.models.kinds[kind]}
              hint={strings.models.kindHints[kind]}
              isChecked={kinds.includes(kind)}
              onChange={(isChecked) => setKinds(chosen(kinds, kind, isChecked))}
            />
          ))}
        </fieldset>
      </div>
    </Dialog>
  );
}

/** The models that are trained when nobody says which. */
function useConfiguredKinds(): readonly ModelKind[] {
  const value = useSetting('models.kinds')?.value;
  const kinds = MODEL_KINDS.filter((kind) => Array.isArray(value) && value.includes(kind));
  return kinds.length > 0 ? kinds : DEFAULT_MODEL_KINDS;
}

function chosen<T>(all: readonly T[], one: T, isChecked: boolean): readonly T[] {
  const others = all.filter((other) => other !== one);
  return isChecked ? [...others, one] : others;
}

function enoughText(learning: Learning): string {
  const { table, state, rows, rowsWanted } = learning;
  if (state === 'off') return words.off;
  const forms = strings.models.rows[table];
  return hasEnough(learning)
    ? words.enough(counted(rows, forms))
    : words.few(counted(rows, forms), formatCount(rowsWanted));
}
