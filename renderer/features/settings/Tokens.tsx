import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import type { Token } from '../../../contract/api-control.ts';
import { ROLES, type Role } from '../../../contract/api-roles.ts';
import { Button } from '../../components/Button.tsx';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Select, TextField } from '../../components/fields.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { confirm } from '../../lib/confirm.ts';
import { useMay } from '../../lib/link.ts';
import { toast } from '../../lib/toasts.ts';
import { useCommand } from '../../lib/use-command.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';

const words = strings.settings.tokens;
const LIFETIMES = ['30', '90', '365', ''] as const;

export function Tokens() {
  return useMay('admin') ? <TokenList /> : <Notice kind="no-privilege">{words.needsAdmin}</Notice>;
}

function TokenList() {
  const { data, failure, isLoading, reload } = useQuery('tokens.list', {});
  const revoke = useCommand('tokens.revoke', { reloads: ['tokens.'] });
  const [isMaking, setMaking] = useState(false);

  const ask = async ({ id, name }: Token): Promise<void> => {
    const question = {
      title: words.revokeTitle(name),
      body: words.revokeBody,
      action: words.revoke,
      isDangerous: true,
    };
    if ((await confirm(question)) && (await revoke.run({ id })).ok) toast({ message: words.revoked });
  };
  const columns: readonly Column<Token>[] = [
    {
      id: 'name',
      header: words.columns.name,
      width: 'minmax(120px, 2fr)',
      cell: ({ name }) => <Text isOneLine>{name}</Text>,
    },
    { id: 'role', header: words.columns.role, width: '88px', cell: ({ role }) => role },
    {
      id: 'created',
      header: words.columns.created,
      width: '112px',
      fromWidth: 644,
      cell: ({ createdMs }) => <RelativeTime timeMs={createdMs} />,
    },
    {
      id: 'used',
      header: words.columns.used,
      width: '112px',
      fromWidth: 532,
      cell: ({ lastUsedMs }) => <Moment timeMs={lastUsedMs} />,
    },
    {
      id: 'expires',
      header: words.columns.expires,
      width: '112px',
      fromWidth: 420,
      cell: ({ expiresMs }) => <Moment timeMs={expiresMs} />,
    },
    {
      id: 'revoke',
      header: '',
      width: '96px',
      cell: (token) => (
        <Button kind="quiet" onClick={() => void ask(token)}>
          {words.revoke}
        </Button>
      ),
    },
  ];

  if (isLoading) return <LoadingState />;
  if (data === undefined) return failure && <FailureState failure={failure} onRetry={reload} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <p className="max-w-150 min-w-0 flex-1 basis-80 text-ink-muted">{words.intro}</p>
        <Button kind="primary" icon={Plus} onClick={() => setMaking(true)}>
          {words.create}
        </Button>
      </div>
      <DataTable
        label={strings.settings.tabs.tokens}
        columns={columns}
        rows={data.tokens}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon={KeyRound} title={words.none}>
            {words.noneHint}
          </EmptyState>
        }
      />
      <MakeToken isOpen={isMaking} onClose={() => setMaking(false)} />
    </div>
  );
}

function Moment({ timeMs }: { readonly timeMs: number | null }) {
  return timeMs === null ? <span className="text-ink-quiet">{words.never}</span> : <RelativeTime timeMs={timeMs} />;
}

function MakeToken({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const create = useCommand('tokens.create', { reloads: ['tokens.'] });
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('view');
  const [days, setDays] = useState<string>('365');
  const [secret, setSecret] = useState<string | null>(null);

  const close = (): void => {
    // The secret must not stay in the window's memory longer than it is looked at.
    setSecret(null);
    setName('');
    onClose();
  };
  const make = async (): Promise<void> => {
    const answer = await create.run({ name, role, days: days === '' ? null : Number(days) });
    if (answer.ok) setSecret(answer.value.secret);
  };

  return (
    <Dialog
      title={secret === null ? words.createTitle : words.secretTitle}
      isOpen={isOpen}
      onClose={close}
      footer={
        secret === null ? (
          <>
            <Button onClick={close}>{strings.common.cancel}</Button>
            <Button kind="primary" isBusy={create.isRunning} disabled={name.trim() === ''} onClick={make}>
              {words.make}
            </Button>
          </>
        ) : (
          <Button kind="primary" onClick={close}>
            {strings.common.done}
          </Button>
        )
      }
    >
      {secret === null ? (
        <div className="flex flex-col gap-3">
          <TextField label={words.name} hint={words.nameHint} value={name} maxLength={80} onChange={setName} />
          <Select
            label={words.role}
            value={role}
            options={ROLES.map((value) => ({ value, label: words.roles[value] }))}
            onChange={(value) => setRole(value as Role)}
          />
          <Select
            label={words.lifetime}
            value={days}
            options={LIFETIMES.map((value) => ({ value, label: words.lifetimes[value] }))}
            onChange={setDays}
          />
        </div>
      ) : (
        <div className="flex flex-col gap-3">
          <Notice kind="warning">{words.secretHint}</Notice>
          <TextField
            label={words.secretTitle}
            isLabelHidden
            isMono
            readOnly
            value={secret}
            onChange={() => {}}
            onFocus={(event) => event.currentTarget.select()}
          />
        </div>
      )}
    </Dialog>
  );
}
