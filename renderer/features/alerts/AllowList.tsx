import { ListChecks, Trash2 } from 'lucide-react';
import type { AllowEntry, AllowMatch } from '../../../contract/api-alerts.ts';
import { plainText } from '../../../contract/text.ts';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { useNow } from '../../lib/clock.ts';
import { counted, formatDay } from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { toast } from '../../lib/toasts.ts';
import { useCommand } from '../../lib/use-command.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { ALLOW_FIELDS } from './allow-proposal.ts';

const words = strings.alerts.allowList;
const fieldWords = strings.alerts.dismissDialog.fields;
const MINUTE_MS = 60_000;

/** What was allowed, and how to take it away. */
export function AllowList({ onClose }: { readonly onClose: () => void }) {
  const { data, failure, isLoading, reload } = useQuery('allow.list', {});
  return (
    <Dialog title={words.title} isOpen onClose={onClose} width="large">
      <div className="flex flex-col gap-3">
        <p className="text-ink-muted">{words.hint}</p>
        {isLoading ? (
          <LoadingState rows={4} />
        ) : data === undefined ? (
          failure && <FailureState failure={failure} onRetry={reload} />
        ) : data.entries.length === 0 ? (
          <EmptyState icon={ListChecks} title={words.empty}>
            {words.emptyHint}
          </EmptyState>
        ) : (
          <ul className="flex flex-col divide-y divide-line border-t border-line">
            {data.entries.map((entry) => (
              <EntryRow key={entry.id} entry={entry} />
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}

/** "Kind: Port scan · Attacker: 10.0.0.0/8". */
function matchText(match: AllowMatch): string {
  return ALLOW_FIELDS.flatMap((field) => {
    const value = match[field];
    if (value === undefined) return [];
    return [
      `${fieldWords[field]}: ${plainText(field === 'kind' && match.kind ? strings.alerts.kinds[match.kind] : value)}`,
    ];
  }).join(' · ');
}

function EntryRow({ entry }: { readonly entry: AllowEntry }) {
  const mayRemove = useMay('operate');
  const now = useNow(MINUTE_MS);
  const remove = useCommand('allow.remove', { reloads: ['allow.'] });
  const add = useCommand('allow.add', { reloads: ['allow.', 'alerts.'] });
  const match = matchText(entry.match);
  const isOver = entry.untilMs !== null && entry.untilMs <= now;
  const undo = (): void => {
    const { match, maximumSeverity, reason, untilMs } = entry;
    void add.run({ match, maximumSeverity, reason, untilMs });
  };
  const removeIt = async (): Promise<void> => {
    if (!(await remove.run({ id: entry.id })).ok) return;
    toast({ message: words.removed, detail: words.removedDetail, undo: isOver ? undefined : { run: undo } });
  };
  return (
    <li className="flex items-start gap-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="font-medium">
          <Text>{match}</Text>
        </p>
        <p className="text-ink-muted">
          <Text maxLength={600}>{entry.reason}</Text>
        </p>
        <p className="flex flex-wrap gap-x-3 text-12 text-ink-quiet">
          <span>{words.upTo(strings.common.severity[entry.maximumSeverity].toLowerCase())}</span>
          {entry.untilMs !== null && <span>{isOver ? words.expired : words.until(formatDay(entry.untilMs))}</span>}
          <span>{counted(entry.hidden, words.hidden)}</span>
          <span>
            <RelativeTime timeMs={entry.createdMs} /> <Text>{words.by(entry.createdBy)}</Text>
          </span>
        </p>
      </div>
      {mayRemove && (
        <Button
          icon={Trash2}
          isBusy={remove.isRunning}
          aria-label={words.removeOf(match)}
          onClick={() => void removeIt()}
        >
          {words.remove}
        </Button>
      )}
    </li>
  );
}
