import { useState } from 'react';
import { isInForce } from '../../../../contract/actions.ts';
import type { ActionRecord } from '../../../../contract/api-actions.ts';
import { Button } from '../../../components/Button.tsx';
import { Notice, type NoticeKind } from '../../../components/states.tsx';
import { Text } from '../../../components/Text.tsx';
import { linkTo } from '../../../lib/address.ts';
import { formatExact } from '../../../lib/format.ts';
import { useMay } from '../../../lib/link.ts';
import { reloadQueries, useQuery } from '../../../lib/use-query.ts';
import { useStream } from '../../../lib/use-stream.ts';
import { strings } from '../../../strings/index.ts';
import { allow, allowInputOf, end, letGoOn } from './response-actions.ts';

const words = strings.alerts.story.responses;
const LONGEST_SENTENCE = 600;

/** What was done about an alert and can be undone, or would have been done; nothing where nothing was. */
export function Responses({ alertId }: { readonly alertId: string }) {
  const { data } = useQuery('actions.list', { alertId });
  const refresh = (): void => {
    reloadQueries('actions.list');
    reloadQueries('alerts.story');
  };
  useStream('actions.watch', {}, { onItem: refresh });
  if (data === undefined || data.actions.length === 0) return null;
  return (
    <section aria-label={words.label} className="flex flex-col gap-2">
      {data.actions.map((action) => (
        <Response key={action.id} action={action} />
      ))}
    </section>
  );
}

function kindOf({ state }: ActionRecord): NoticeKind {
  if (state === 'failed') return 'failure';
  return state === 'applied' || state === 'verified' ? 'warning' : 'info';
}

function Response({ action }: { readonly action: ActionRecord }) {
  const { sentence, reason, setting, value, spared, expiresMs } = action;
  const names = spared.map(({ name, pid }) => `${name} (${pid})`).join(', ');
  return (
    <Notice kind={kindOf(action)} action={isInForce(action) && <Choices action={action} />}>
      <p className="font-medium text-ink">
        <Text maxLength={LONGEST_SENTENCE}>{sentence}</Text>
      </p>
      <p>
        <Text maxLength={LONGEST_SENTENCE}>{reason}</Text>
        {expiresMs !== null && ` ${words.until(formatExact(expiresMs))} `}
        {spared.length > 0 && <Text maxLength={LONGEST_SENTENCE}>{words.spared(names)}</Text>}
      </p>
      {setting.includes('.') && (
        <p className="flex flex-wrap items-baseline gap-x-2 text-12">
          <span className="font-mono">{`${setting}: ${value}`}</span>
          <a href={linkTo('settings', 'engine', { q: setting })} className="text-accent">
            {strings.alerts.story.change}
          </a>
        </p>
      )}
    </Notice>
  );
}

/** Asked before, each of them. */
function Choices({ action }: { readonly action: ActionRecord }) {
  const [isBusy, setBusy] = useState(false);
  if (!useMay('operate')) return <span className="text-12 text-ink-quiet">{strings.alerts.mayNotReview}</span>;
  const run = async (work: (action: ActionRecord) => Promise<boolean>): Promise<void> => {
    setBusy(true);
    await work(action);
    setBusy(false);
  };
  return (
    <>
      <Button disabled={isBusy} onClick={() => void run(letGoOn)}>
        {words.undo}
      </Button>
      {allowInputOf(action) !== null && (
        <Button disabled={isBusy} onClick={() => void run(allow)}>
          {words.allow}
        </Button>
      )}
      <Button kind="danger" disabled={isBusy} onClick={() => void run(end)}>
        {words.end}
      </Button>
    </>
  );
}
