/** Queries that were kept, and those that come with Holdfast. */
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { SavedQuery } from '../../../contract/api-hunt.ts';
import { Button, IconButton } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { TextField } from '../../components/fields.tsx';
import { Section } from '../../components/layout.tsx';
import { FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { request } from '../../lib/client.ts';
import { useMay } from '../../lib/link.ts';
import { toast } from '../../lib/toasts.ts';
import { useCommand } from '../../lib/use-command.ts';
import { reloadQueries, useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { QueryText } from './QueryText.tsx';

const words = strings.hunt.saved;

export function SavedDrawer({ onOpen }: { readonly onOpen: (query: string) => void }) {
  const { data, failure, isLoading, reload } = useQuery('hunt.saved', {});
  return (
    <Drawer title={words.title}>
      {isLoading ? (
        <LoadingState rows={8} />
      ) : data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : (
        <>
          <Section title={words.yours}>
            <SavedList queries={data.queries.filter(({ isBuiltIn }) => !isBuiltIn)} onOpen={onOpen} />
          </Section>
          <Section title={words.builtIn}>
            <SavedList queries={data.queries.filter(({ isBuiltIn }) => isBuiltIn)} onOpen={onOpen} />
          </Section>
        </>
      )}
    </Drawer>
  );
}

/** A list in which each query can be opened, and one's own forgotten. */
export function SavedList({
  queries,
  onOpen,
}: {
  readonly queries: readonly SavedQuery[];
  readonly onOpen: (query: string) => void;
}) {
  const mayForget = useMay('operate');
  if (queries.length === 0) return <p className="text-ink-muted">{words.none}</p>;
  return (
    <ul className="-mx-2 flex flex-col">
      {queries.map((saved) => (
        <li key={saved.id} className="flex items-center gap-1">
          <button
            type="button"
            onClick={() => onOpen(saved.query)}
            className="flex min-w-0 flex-1 flex-col gap-0.5 rounded-md px-2 py-2 text-left hover:bg-hover focus-visible:-outline-offset-2"
          >
            <Text className="font-medium">{saved.name}</Text>
            <QueryText className="text-12 text-ink-muted">{saved.query}</QueryText>
          </button>
          {!saved.isBuiltIn && mayForget && (
            <IconButton icon={Trash2} label={words.forget(saved.name)} onClick={() => void forget(saved)} />
          )}
        </li>
      ))}
    </ul>
  );
}

/** Gone at once, and back by "Undo": under another id, which nothing refers to. */
async function forget({ id, name, query }: SavedQuery): Promise<void> {
  const answer = await request('hunt.forget', { id });
  reloadQueries('hunt.saved');
  if (!answer.ok) {
    toast({ tone: 'failure', message: answer.failure.message, detail: answer.failure.hint });
    return;
  }
  const undo = async (): Promise<void> => {
    const back = await request('hunt.save', { name, query });
    if (!back.ok) toast({ tone: 'failure', message: back.failure.message, detail: back.failure.hint });
    reloadQueries('hunt.saved');
  };
  toast({ message: words.forgotten(name), undo: { run: () => void undo() } });
}

/** Longest name, as the call takes it. */
const LONGEST_NAME = 80;

export function SaveDialog({ query, onClose }: { readonly query: string; readonly onClose: () => void }) {
  const { data } = useQuery('hunt.saved', {});
  const known = data?.queries.find((saved) => !saved.isBuiltIn && saved.query === query)?.name;
  const [name, setName] = useState(known ?? '');
  const { run, isRunning, failure } = useCommand('hunt.save', { isQuiet: true, reloads: ['hunt.saved'] });
  const save = async (): Promise<void> => {
    const answer = await run({ name, query });
    if (!answer.ok) return;
    toast({ message: words.savedAs(answer.value.name) });
    onClose();
  };
  return (
    <Dialog
      title={words.save}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{strings.common.cancel}</Button>
          <Button kind="primary" isBusy={isRunning} disabled={name.trim() === ''} onClick={() => void save()}>
            {words.save}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== '') void save();
        }}
      >
        <TextField
          label={words.name}
          hint={words.nameHint}
          problem={failure === null ? undefined : `${failure.message} ${failure.hint}`}
          value={name}
          maxLength={LONGEST_NAME}
          onChange={setName}
        />
        <QueryText className="rounded-md bg-sunken px-3 py-2">{query}</QueryText>
      </form>
    </Dialog>
  );
}
